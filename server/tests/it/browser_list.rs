//! The list on the live page: nothing in it moves under the hand, and however long it is only what can be
//! seen is there.

use std::time::Duration;

use crate::support::{Browser, Key, Look, Program, draft};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    (program, folder)
}

/// Adds so many products, in batches: `code 1` and so on.
async fn add_many(program: &Program, count: usize) {
    let numbers: Vec<usize> = (1..=count).collect();
    for numbers in numbers.chunks(5_000) {
        let commands: Vec<Value> = numbers
            .iter()
            .map(|number| json!({"type": "add", "draft": draft(&format!("code {number}"))}))
            .collect();
        let batch = json!({"commands": commands});
        let http = program.http();
        let answer = http.send(Method::POST, "/api/products/batch", &batch).await;
        assert_eq!(answer.status(), 200);
    }
}

/// Where a product's row begins, in CSS pixels from the top of the window.
async fn top_of(browser: &Browser, id: u64) -> f64 {
    let top =
        format!("document.querySelector('[data-product=\"{id}\"]').getBoundingClientRect().top");
    browser.value(&top).await.as_f64().expect("a number")
}

async fn scroll(browser: &Browser, top: u32) {
    let scroll = format!("(document.getElementById('list').scrollTop = {top}, 1)");
    browser.value(&scroll).await;
    sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn nothing_moves_while_the_pointer_is_over_the_list() {
    let (program, _folder) = start();
    add_many(&program, 12).await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"9\"]')")
        .await;
    browser.point_at("[data-product='9'] [data-delete]").await;
    let before = top_of(&browser, 9).await;
    let http = program.http();
    http.add("new").await;
    http.delete(11).await;
    let patch = json!({"title": "Changed"});
    http.send(Method::PATCH, "/api/products/5", &patch).await;
    browser.until_text("[data-pill]", "1 new").await;
    // What changed is shown, what was deleted is struck through in its place.
    browser
        .until_text("[data-product='5'] [data-title]", "Changed")
        .await;
    browser
        .until("document.querySelector('[data-product=\"11\"].is-ghost')")
        .await;
    assert!((top_of(&browser, 9).await - before).abs() < 1.0);
    browser.screenshot("list-held-desktop").await;
    browser.click("[data-pill]").await;
    browser
        .until("document.querySelector('[data-product=\"13\"]')")
        .await;
    browser
        .until("document.querySelector('[data-pill]').hidden")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_read_stays_where_it_is() {
    let (program, _folder) = start();
    add_many(&program, 300).await;
    for look in [Look::Desktop, Look::Phone] {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser
            .until("document.querySelector('[data-product=\"290\"]')")
            .await;
        scroll(&browser, 4_000).await;
        let row = "[...document.querySelectorAll('[data-products] > [data-product]')]\
            .find(row => row.getBoundingClientRect().top > 200).dataset.product";
        let id: u64 = browser
            .value(row)
            .await
            .as_str()
            .expect("an id")
            .parse()
            .expect("a number");
        let before = top_of(&browser, id).await;
        let http = program.http();
        for number in 0..3 {
            http.add(&format!("new {look:?} {number}")).await;
        }
        http.delete(id + 3).await;
        http.delete(id - 2).await;
        browser.until_text("[data-pill]", "3 new").await;
        // Over the time at which what was deleted goes.
        for _ in 0..8 {
            sleep(Duration::from_millis(500)).await;
            let now = top_of(&browser, id).await;
            assert!(
                (now - before).abs() < 1.0,
                "{look:?}: {before} became {now}"
            );
        }
        let gone = format!("!document.querySelector('[data-product=\"{}\"]')", id + 3);
        browser.until(&gone).await;
        browser
            .screenshot(&format!("list-scrolled-{look:?}").to_lowercase())
            .await;
        // Another order keeps what stood at the top of the window.
        browser.click("[data-pill]").await;
        browser
            .until("document.getElementById('list').scrollTop === 0")
            .await;
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn two_presses_on_one_spot_delete_one_product() {
    let (program, _folder) = start();
    add_many(&program, 5).await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"4\"]')")
        .await;
    browser.click("[data-product='4'] [data-delete]").await;
    // Whatever is at that spot now.
    for _ in 0..3 {
        browser.press_pointer().await;
        sleep(Duration::from_millis(40)).await;
    }
    browser
        .until("document.querySelector('[data-product=\"4\"].is-ghost')")
        .await;
    // Longer than it is kept from a press that was not meant for it.
    sleep(Duration::from_millis(600)).await;
    assert_eq!(program.http().list().await["count"], 4);
    // It is undone in its place.
    browser.click("[data-product='4'] [data-undelete]").await;
    browser
        .until("document.querySelector('[data-product=\"4\"]:not(.is-ghost)')")
        .await;
    assert_eq!(program.http().list().await["count"], 5);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_long_list_is_there_as_far_as_it_can_be_seen() {
    const MANY: usize = 10_000;
    let (program, _folder) = start();
    add_many(&program, MANY).await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("[data-count]", "10,000 products").await;
    let first = "document.querySelector('[data-products] > [data-product]').dataset.product";
    browser.until(&format!("{first} === '10000'")).await;
    let rows = "document.querySelectorAll('[data-products] > *').length";
    assert!(browser.value(rows).await.as_u64().expect("a number") < 120);
    let all = "document.getElementById('grid').getAttribute('aria-rowcount')";
    assert_eq!(browser.value(all).await, json!("10001"));
    // Rows are in the order of the list wherever it is scrolled to.
    for top in [100_000, 399_000, 200_000, 0, 390_000] {
        scroll(&browser, top).await;
        let in_order = "(() => { const ids = [...document.querySelectorAll('[data-products] > [data-product]')]\
            .map(row => Number(row.dataset.product)); \
            return ids.length > 15 && ids.every((id, at) => at === 0 || id < ids[at - 1]) })()";
        browser.until(in_order).await;
        assert!(browser.value(rows).await.as_u64().expect("a number") < 120);
    }
    browser.focus("[data-products] [tabindex='0']").await;
    browser.press(&[Key::ControlEnd]).await;
    browser
        .until("document.activeElement.closest('[data-product]').dataset.product === '1'")
        .await;
    browser.screenshot("list-end-desktop").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_burst_is_announced_once() {
    let (program, _folder) = start();
    add_many(&program, 60).await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("#announcer", "The list is here").await;
    let watch = "(() => { window.said = []; const place = document.getElementById('announcer'); \
        new MutationObserver(() => window.said.push(place.textContent)) \
        .observe(place, {childList: true, characterData: true, subtree: true}) })()";
    browser.value(watch).await;
    let commands: Vec<Value> = (1..=60)
        .map(|id| json!({"type": "update", "id": id, "patch": {"stock": 9}}))
        .collect();
    let batch = json!({"commands": commands});
    let http = program.http();
    http.send(Method::POST, "/api/products/batch", &batch).await;
    browser
        .until_text("#announcer", "60 products changed")
        .await;
    let said = browser.value("window.said.length").await;
    assert_eq!(said, 1, "{}", browser.value("window.said.join()").await);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_printed_is_the_list_and_nothing_else() {
    let (program, _folder) = start();
    add_many(&program, 40).await;
    let browser = Browser::open(Look::Desktop).await;
    for path in ["/", "/realtimeproducts"] {
        browser.goto(&program.host, path).await;
        browser
            .until("document.querySelectorAll('[data-product]').length > 15")
            .await;
        let sheets = browser.sheets().await;
        assert!(sheets <= 2, "{path}: {sheets} sheets for 40 products");
    }
    browser.close().await;
}

/// Whatever people write: in any direction, long, without a space.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn any_text_has_its_place() {
    let (program, _folder) = start();
    let http = program.http();
    for (code, title, description) in [
        ("RTL", "כיסא Chair עץ", "شرح with words"),
        ("LONG", &*"x".repeat(200), &*"y".repeat(2_000)),
        ("EMOJI", "👩‍👩‍👧‍👦 family 🇪🇸", "e\u{301}"),
    ] {
        let mut odd = draft(code);
        odd["title"] = json!(title);
        odd["description"] = json!(description);
        odd["category"] = json!("z".repeat(100));
        odd["price"] = json!(1_000_000_000);
        odd["stock"] = json!(u32::MAX);
        assert_eq!(http.post(&odd).await.status(), 201);
    }
    for look in [Look::Desktop, Look::Phone] {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser
            .until("document.querySelectorAll('[data-product]').length === 3")
            .await;
        let direction = "getComputedStyle(document.querySelector('[data-product=\"1\"] [data-title]')).direction";
        assert_eq!(browser.value(direction).await, "rtl");
        // Every row is as high as it is to be, and nothing is wider than the window.
        let fits = "[...document.querySelectorAll('[data-products] > [data-product]')].every(row => \
            row.scrollHeight <= row.clientHeight + 1 && row.scrollWidth <= row.clientWidth + 1) && \
            document.documentElement.scrollWidth === innerWidth";
        let fits = browser.value(fits).await;
        browser
            .screenshot(&format!("list-odd-{look:?}").to_lowercase())
            .await;
        assert_eq!(fits, true, "{look:?}");
        browser.close().await;
    }
}
