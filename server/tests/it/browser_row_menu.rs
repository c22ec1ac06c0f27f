//! What can be done with one product, by the mouse's second button or the keyboard's menu key.

use crate::support::{Browser, Key, Look, Program, draft};
use tempfile::TempDir;

const IS_OPEN: &str = "document.getElementById('row-menu').matches(':popover-open')";

async fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for code in ["a", "b"] {
        assert_eq!(program.http().post(&draft(code)).await.status(), 201);
    }
    (program, folder)
}

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn the_second_button_opens_a_menu_of_the_product_under_it() {
    let (program, _folder) = start().await;
    for look in [Look::Desktop, Look::DesktopDark] {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser
            .ask_for_menu("[data-product='1'] [data-cell=title]")
            .await;
        browser.until(IS_OPEN).await;
        browser
            .until_text("[data-row-menu-title]", "Product a")
            .await;
        let is_whole = "(() => { const box = document.getElementById('row-menu').getBoundingClientRect(); \
            return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight })()";
        assert_eq!(browser.value(is_whole).await, true);
        assert_eq!(browser.axe().await, Vec::<String>::new());
        browser
            .screenshot(&format!("row-menu-{look:?}").to_lowercase())
            .await;
        browser.click("[data-row-action=duplicate]").await;
        browser
            .until("document.activeElement.name === 'code'")
            .await;
        let title = browser.value("document.querySelector('[name=title]').value");
        assert_eq!(title.await, "Product a");
        browser.click("[data-form-cancel]").await;
        browser
            .ask_for_menu("[data-product='1'] [data-cell=price]")
            .await;
        browser.click("[data-row-action=history]").await;
        browser.until("document.querySelector('.past')").await;
        browser.close().await;
    }
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    // Near the corner there is room for it, too.
    browser
        .ask_for_menu("[data-product='2'] [data-cell=menu]")
        .await;
    browser.click("[data-row-action=delete]").await;
    browser
        .until("document.querySelector('[data-product=\"2\"].is-ghost')")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_menu_key_opens_it_and_the_focus_comes_back() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.focus("[data-product='2'] [data-cell=title]").await;
    browser.press(&[Key::Down]).await;
    browser
        .until("document.activeElement.closest('[data-product=\"1\"]')")
        .await;
    // What browsers make of the key.
    let key = "document.activeElement.dispatchEvent(\
        new PointerEvent('contextmenu', {bubbles: true, cancelable: true}))";
    assert_eq!(
        browser.value(key).await,
        false,
        "the browser's own stays away"
    );
    browser.until(IS_OPEN).await;
    browser
        .until("document.activeElement.dataset.rowAction === 'open'")
        .await;
    browser.press(&[Key::Escape]).await;
    browser.until(&format!("!{IS_OPEN}")).await;
    browser
        .until("document.activeElement.closest('[data-product=\"1\"]')")
        .await;
    browser.value(key).await;
    browser.until(IS_OPEN).await;
    browser.press(&[Key::Enter]).await;
    browser
        .until("document.getElementById('panel').dataset.mode === 'edit'")
        .await;
    let title = browser.value("document.querySelector('[name=title]').value");
    assert_eq!(title.await, "Product a");
    // Text that is selected is copied by the browser's own.
    browser
        .value("(getSelection().selectAllChildren(document.querySelector('[data-product=\"2\"] [data-title]')), 1)")
        .await;
    let there = "document.querySelector('[data-product=\"2\"] [data-title]').dispatchEvent(\
        new PointerEvent('contextmenu', {bubbles: true, cancelable: true}))";
    assert_eq!(browser.value(there).await, true);
    browser.close().await;
}
