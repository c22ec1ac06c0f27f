//! Changing products on the live page: what two people change is shown to both, what was done can be
//! undone, and nothing that was typed is lost.

use crate::support::{Browser, Key, Look, Program, draft};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    (program, folder)
}

async fn product(program: &Program, id: u64) -> Value {
    let response = program.http().get(&format!("/api/products/{id}")).await;
    response.json().await.expect("JSON")
}

async fn patch(program: &Program, id: u64, fields: Value) {
    let path = format!("/api/products/{id}");
    let response = program.http().send(Method::PATCH, &path, &fields).await;
    assert_eq!(response.status(), 200);
}

/// Types over what is in a field.
async fn retype(browser: &Browser, selector: &str, text: &str) {
    browser
        .until(&format!("document.querySelector({selector:?})"))
        .await;
    browser.focus(selector).await;
    browser
        .value(&format!(
            "(document.querySelector({selector:?}).select(), 1)"
        ))
        .await;
    browser.type_into(selector, text).await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_two_people_change_is_decided_by_people() {
    let (program, _folder) = start();
    program.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.click("[data-product='1'] [data-cell=code]").await;
    retype(&browser, "[name=price]", "10").await;
    // Somebody else saves another price, and another stock, which nobody touched here.
    patch(&program, 1, json!({"price": 20, "stock": 7})).await;
    browser
        .until_text(
            "[data-conflict=price]",
            "Somebody else changed this to: 20.00",
        )
        .await;
    browser
        .until("document.querySelector('[name=stock]').value === '7'")
        .await;
    browser.screenshot("edit-conflict-desktop").await;
    // It is not saved before somebody has decided.
    browser.click("[data-form-submit]").await;
    browser
        .until_text("[data-form-notice]", "Decide first")
        .await;
    assert_eq!(product(&program, 1).await["price"], 20);
    browser.click("[data-keep-mine=price]").await;
    browser
        .until("document.querySelector('[data-conflict=price]').hidden")
        .await;
    browser.click("[data-form-submit]").await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    let now = product(&program, 1).await;
    assert_eq!((&now["price"], &now["stock"]), (&json!(10), &json!(7)));

    browser.click("[data-product='1'] [data-cell=code]").await;
    retype(&browser, "[name=price]", "11").await;
    patch(&program, 1, json!({"price": 30})).await;
    browser
        .until("!document.querySelector('[data-conflict=price]').hidden")
        .await;
    browser.click("[data-use-theirs=price]").await;
    browser
        .until("document.querySelector('[name=price]').value === '30.00'")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_cell_that_two_people_change_shows_both() {
    let (program, _folder) = start();
    program.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.click("[data-product='1'] [data-cell=price]").await;
    retype(&browser, "[data-editor-text]", "10").await;
    patch(&program, 1, json!({"price": 20})).await;
    browser
        .until_text(
            "[data-editor-conflict]",
            "Somebody else changed this to: 20.00",
        )
        .await;
    browser.screenshot("edit-cell-conflict-desktop").await;
    browser.press(&[Key::Enter]).await;
    assert_eq!(product(&program, 1).await["price"], 20);
    browser.click("[data-editor-mine]").await;
    browser.press(&[Key::Enter]).await;
    browser
        .until_text("[data-product='1'] [data-price]", "10.00")
        .await;
    assert_eq!(product(&program, 1).await["price"], 10);
    browser.close().await;
}

/// Two save at once: what was meant for another revision is merged where nobody else touched the same, and
/// shown where they did.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_was_changed_while_the_page_was_away_is_merged_or_shown() {
    let (mut program, folder) = start();
    let http = program.http();
    http.add("a").await;
    http.add("b").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"2\"]')")
        .await;
    let host = program.host.clone();
    program.kill();
    browser
        .until("document.getElementById('status').dataset.state !== 'live'")
        .await;
    for id in [1, 2] {
        browser
            .click(&format!("[data-product='{id}'] [data-cell=price]"))
            .await;
        retype(&browser, "[data-editor-text]", "10").await;
        browser.press(&[Key::Enter]).await;
    }
    // They are shown as waiting.
    browser
        .until_text("[data-product='1'].is-waiting [data-price]", "10.00")
        .await;
    browser
        .until_text("[data-status-detail]", "2 waiting to be sent")
        .await;
    browser.screenshot("edit-waiting-desktop").await;
    let data = crate::support::data_file(&folder);
    let mut elsewhere = Program::start(&data);
    patch(&elsewhere, 1, json!({"stock": 77})).await;
    patch(&elsewhere, 2, json!({"price": 20})).await;
    elsewhere.kill();
    let program = Program::start_on(&data, &host);
    browser.until_live().await;
    browser
        .until_text(
            "[data-editor-conflict]",
            "Somebody else changed this to: 20.00",
        )
        .await;
    browser
        .until("document.querySelector('[data-editor-text]').value === '10.00'")
        .await;
    let merged = product(&program, 1).await;
    assert_eq!(
        (&merged["price"], &merged["stock"]),
        (&json!(10), &json!(77))
    );
    assert_eq!(
        product(&program, 2).await["price"],
        20,
        "nothing was lost in silence"
    );
    browser.click("[data-editor-theirs]").await;
    browser
        .until_text("[data-product='2'] [data-price]", "20.00")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn everything_can_be_undone_and_deletions_bring_back_the_same_products() {
    let (program, _folder) = start();
    let http = program.http();
    for code in ["a", "b", "c", "d", "e", "f"] {
        http.add(code).await;
    }
    let before: Value = http.list().await["products"].clone();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"1\"]')")
        .await;
    for id in 2..=6 {
        browser
            .click(&format!("[data-product='{id}'] [data-delete]"))
            .await;
        browser
            .until(&format!(
                "document.querySelector('[data-product=\"{id}\"].is-ghost')"
            ))
            .await;
    }
    browser.click("[data-product='1'] [data-more]").await;
    browser
        .until_text("[data-product='1'] [data-stock]", "6")
        .await;
    assert_eq!(http.list().await["count"], 1);
    browser.focus("[data-products] [tabindex='0']").await;
    for _ in 0..6 {
        browser.press(&[Key::Control('z')]).await;
    }
    browser
        .until_titles(&[
            "Product f",
            "Product e",
            "Product d",
            "Product c",
            "Product b",
            "Product a",
        ])
        .await;
    browser
        .until_text("[data-product='1'] [data-stock]", "5")
        .await;
    let mut after = http.list().await["products"].clone();
    for (after, before) in after
        .as_array_mut()
        .expect("a list")
        .iter_mut()
        .zip(before.as_array().expect("a list"))
    {
        after["revision"] = before["revision"].clone();
    }
    assert_eq!(after, before);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_can_not_be_undone_says_why_and_loses_nothing() {
    let (program, _folder) = start();
    let http = program.http();
    http.add("a").await;
    http.add("b").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"1\"]')")
        .await;
    browser.click("[data-product='1'] [data-delete]").await;
    browser.until_text(".toast", "Deleted: Product a").await;
    let mut other = draft("A");
    other["title"] = json!("Mug");
    assert_eq!(http.post(&other).await.status(), 201);
    browser.click(".toast [data-toast-undo]").await;
    browser
        .until_text("#toasts", "“Mug” has the code a already.")
        .await;
    browser.screenshot("undo-refused-desktop").await;
    // A change that somebody else has changed since is theirs.
    browser.click("[data-product='2'] [data-more]").await;
    browser
        .until_text("[data-product='2'] [data-stock]", "6")
        .await;
    patch(&program, 2, json!({"stock": 50})).await;
    browser
        .until_text("[data-product='2'] [data-stock]", "50")
        .await;
    browser.focus("[data-product='2'] [data-cell=title]").await;
    browser.press(&[Key::Control('z')]).await;
    browser.until_text("#toasts", "Not undone").await;
    assert_eq!(product(&program, 2).await["stock"], 50);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn nothing_that_is_typed_is_lost() {
    let (program, _folder) = start();
    program.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.fill("Half a mug", "mug").await;
    // Another product is opened, changed and left.
    browser.click("[data-product='1'] [data-cell=code]").await;
    browser.until_text("[data-form-heading]", "Product a").await;
    browser.type_into("[name=title]", " two").await;
    browser.press(&[Key::Escape]).await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    browser
        .until_text("[data-draft-continue]", "Draft: Product a two")
        .await;
    browser.screenshot("draft-desktop").await;
    // In another language, after loading anew, it is there.
    browser.click("[popovertarget=menu]").await;
    browser.click("#menu [hreflang=es]").await;
    browser
        .until("document.documentElement.lang === 'es'")
        .await;
    browser.until_live().await;
    browser
        .until_text("[data-draft-continue]", "Borrador: Product a two")
        .await;
    browser.click("[data-draft-continue]").await;
    browser
        .until("document.querySelector('[name=title]').value === 'Product a two'")
        .await;
    browser.click("[data-form-submit]").await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    browser
        .until_text("[data-draft-continue]", "Borrador: Half a mug")
        .await;
    browser.click("[data-draft-continue]").await;
    browser
        .until("document.querySelector('[name=code]').value === 'mug'")
        .await;
    browser.click("[data-draft-drop]").await;
    browser
        .until("document.querySelector('[name=code]').value === ''")
        .await;
    browser
        .until("document.querySelector('[data-draft]').hidden")
        .await;
    assert_eq!(product(&program, 1).await["title"], "Product a two");
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_waits_is_listed_can_be_taken_back_and_outlives_the_page() {
    let (mut program, folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let host = program.host.clone();
    program.kill();
    browser
        .until("document.getElementById('status').dataset.state !== 'live'")
        .await;
    for code in ["keep", "drop"] {
        browser.fill(code, code).await;
        browser.click("[data-form-submit]").await;
        browser
            .until("document.getElementById('panel').hidden")
            .await;
    }
    browser
        .until_text("[data-status-detail]", "2 waiting to be sent")
        .await;
    browser.click("#status").await;
    browser.until_text("[data-waiting-list]", "Add drop").await;
    browser.screenshot("waiting-desktop").await;
    browser
        .click("[data-waiting-list] li:last-child [data-waiting-cancel]")
        .await;
    browser
        .until_text("[data-status-detail]", "1 waiting to be sent")
        .await;
    // What the browser keeps, a page that is loaded again sends.
    let kept = "Object.entries(localStorage).find(([name]) => name.startsWith('vitrina-outbox'))?.[1] ?? ''";
    let kept = browser
        .value(kept)
        .await
        .as_str()
        .expect("a text")
        .to_owned();
    assert!(kept.contains("keep") && !kept.contains("drop"), "{kept}");
    let program = Program::start_on(&crate::support::data_file(&folder), &host);
    browser.goto(&host, "/realtimeproducts").await;
    browser.until_live().await;
    browser.until_titles(&["keep"]).await;
    assert_eq!(program.http().list().await["count"], 1);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_a_crashed_tab_had_waiting_the_next_page_sends() {
    let (mut program, folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let host = program.host.clone();
    let next = browser.client.new_window(true).await.expect("a tab").handle;
    program.kill();
    browser
        .until("document.getElementById('status').dataset.state !== 'live'")
        .await;
    browser.fill("Orphan", "orphan").await;
    browser.click("[data-form-submit]").await;
    browser
        .until_text("[data-status-detail]", "1 waiting to be sent")
        .await;
    browser.crash().await;
    browser.client.switch_to_window(next).await.expect("a tab");
    let program = Program::start_on(&crate::support::data_file(&folder), &host);
    browser.open_live(&host).await;
    browser.until_titles(&["Orphan"]).await;
    browser
        .until("!Object.keys(localStorage).some((name) => name.startsWith('vitrina-outbox'))")
        .await;
    assert_eq!(program.http().list().await["count"], 1);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn without_a_network_nothing_is_called_live() {
    let (program, _folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.set_network(false).await;
    browser
        .until("document.getElementById('status').dataset.state === 'offline'")
        .await;
    browser.screenshot("offline-desktop").await;
    browser.set_network(true).await;
    browser.until_live().await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn add_and_next_keeps_the_category_and_says_what_was_added() {
    let (program, _folder) = start();
    let browser = Browser::open(Look::Phone).await;
    browser.open_live(&program.host).await;
    browser.fill("One", "one").await;
    browser.click("[data-form-next]").await;
    browser.until_text("#toasts", "Added: One").await;
    browser
        .until("document.querySelector('[name=title]').value === ''")
        .await;
    browser
        .until("document.querySelector('[name=category]').value === 'tools'")
        .await;
    browser
        .until("document.activeElement.name === 'title'")
        .await;
    for (name, value) in [
        ("title", "Two"),
        ("code", "two"),
        ("price", "1"),
        ("stock", "1000"),
    ] {
        browser.type_into(&format!("[name={name}]"), value).await;
    }
    // A number is echoed as it is read.
    browser.until_text("#echo-stock", "= 1,000").await;
    browser.screenshot("add-next-phone").await;
    browser.click("[data-form-next]").await;
    browser.until_text("#toasts", "Added: Two").await;
    assert_eq!(program.http().list().await["count"], 2);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_product_that_another_window_has_open_bears_a_mark() {
    let (program, _folder) = start();
    program.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let first = browser.client.window().await.expect("a window");
    let other = browser.client.new_window(true).await.expect("a window");
    browser
        .client
        .switch_to_window(other.handle)
        .await
        .expect("it is there");
    browser.open_live(&program.host).await;
    browser.click("[data-product='1'] [data-cell=code]").await;
    browser
        .until("!document.getElementById('panel').hidden")
        .await;
    browser
        .client
        .switch_to_window(first.clone())
        .await
        .expect("it is there");
    let is_marked = "!document.querySelector('[data-product=\"1\"] [data-elsewhere]').hidden";
    browser.until(is_marked).await;
    browser.screenshot("elsewhere-desktop").await;
    let other = browser.client.windows().await.expect("windows");
    let other = other
        .into_iter()
        .find(|window| *window != first)
        .expect("the other");
    browser
        .client
        .switch_to_window(other)
        .await
        .expect("it is there");
    browser.click("[data-form-cancel]").await;
    browser
        .client
        .switch_to_window(first)
        .await
        .expect("it is there");
    browser.until(&format!("!({is_marked})")).await;
    browser.close().await;
}

/// The same of somebody else's browser, whether a cell or the whole product is changed there.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_product_that_somebody_else_has_open_bears_a_mark() {
    let (program, _folder) = start();
    for code in ["a", "b"] {
        program.http().add(code).await;
    }
    let (one, other) = (
        Browser::open(Look::Desktop).await,
        Browser::open(Look::Phone).await,
    );
    one.open_live(&program.host).await;
    other.open_live(&program.host).await;
    let marked = |id: u64| {
        format!("!document.querySelector('[data-product=\"{id}\"] [data-elsewhere]').hidden")
    };
    let unmarked = |id: u64| format!("!({})", marked(id));
    other.click("[data-product='1'] [data-cell=title]").await;
    one.until(&marked(1)).await;
    assert_eq!(one.value(&marked(2)).await, false);
    one.screenshot("elsewhere-other-desktop").await;
    // What is open here is no mark here.
    one.click("[data-product='2'] [data-cell=price]").await;
    other
        .until("document.querySelector('[data-product=\"2\"] [data-elsewhere]').hidden === false")
        .await;
    assert_eq!(one.value(&marked(2)).await, false);
    other.screenshot("elsewhere-other-phone").await;
    // Both at once.
    one.press(&[Key::Escape]).await;
    one.click("[data-product='1'] [data-cell=code]").await;
    one.until("!document.getElementById('panel').hidden").await;
    other.until(&marked(1)).await;
    one.until(&marked(1)).await;
    other.click("[data-form-cancel]").await;
    one.until(&unmarked(1)).await;
    one.close().await;
    other.until(&unmarked(1)).await;
    other.close().await;
}

/// Commands are numbered, and the server does none of a number twice: a page that is loaded again goes on
/// counting.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn commands_of_a_page_that_was_loaded_again_are_done() {
    let (program, _folder) = start();
    program.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    for stock in 6..9 {
        browser
            .until("document.querySelector('[data-product=\"1\"]')")
            .await;
        browser.click("[data-product='1'] [data-more]").await;
        browser
            .until_text("[data-product='1'] [data-stock]", &stock.to_string())
            .await;
        browser
            .until(
                "!document.querySelector('[data-product=\"1\"]').classList.contains('is-waiting')",
            )
            .await;
        let there = product(&program, 1).await;
        assert_eq!(there["stock"], stock, "{there}");
        browser.client.refresh().await.expect("it is loaded again");
        browser.until_live().await;
    }
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_row_that_the_keyboard_is_at_is_in_view() {
    let (program, _folder) = start();
    let http = program.http();
    for number in 0..60 {
        http.add(&format!("code {number}")).await;
    }
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"60\"]')")
        .await;
    browser.focus("[data-products] [tabindex='0']").await;
    let mut rows = (2..36).map(|row| (Key::Down, row + 1)).collect::<Vec<_>>();
    rows.extend((2..36).rev().map(|row| (Key::Up, row)));
    for (key, row) in rows {
        browser.press(&[key]).await;
        browser
            .until(&format!(
                "(() => {{
                    const row = document.activeElement.closest('[data-product]');
                    const place = row?.getBoundingClientRect();
                    const list = document.getElementById('list').getBoundingClientRect();
                    const head = document.querySelector('.head').getBoundingClientRect();
                    return row?.getAttribute('aria-rowindex') === '{row}'
                        && place.top >= head.bottom - 1 && place.bottom <= list.bottom + 1;
                }})()"
            ))
            .await;
    }
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_typed_into_a_cell_outlives_its_product() {
    let (program, _folder) = start();
    let http = program.http();
    http.add("a").await;
    http.add("b").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"1\"]')")
        .await;
    browser.click("[data-product='1'] [data-cell=price]").await;
    retype(&browser, "[data-editor-text]", "77").await;
    http.delete(1).await;
    browser.until_text("#toasts", "Not saved").await;
    browser
        .until_text("[data-draft-continue]", "Draft: Product a")
        .await;
    browser.click("[data-draft-continue]").await;
    browser
        .until("document.querySelector('#form [name=price]').value === '77'")
        .await;
    browser.click("[data-form-submit]").await;
    browser.until_titles(&["Product a", "Product b"]).await;
    let added = http.list().await["products"][1].clone();
    assert_eq!((&added["code"], &added["price"]), (&json!("a"), &json!(77)));
    browser.close().await;
}
