//! The live page on a phone: a sheet from below, and back to the same place.

use crate::support::{Browser, Look, Program, draft};
use serde_json::json;
use tempfile::TempDir;

async fn start(count: usize) -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for number in 1..=count {
        let mut product = draft(&format!("code {number}"));
        product["description"] =
            json!("It goes on for longer than a phone is wide, and then some.");
        assert_eq!(program.http().post(&product).await.status(), 201);
    }
    (program, folder)
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_product_is_edited_in_a_sheet_and_the_place_is_kept() {
    let (program, _folder) = start(40).await;
    for look in [Look::Phone, Look::PhoneDark] {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser
            .value("(document.getElementById('list').scrollTop = 1000, 1)")
            .await;
        browser
            .until("document.querySelector('[data-product=\"20\"]')")
            .await;
        let top = "document.querySelector('[data-product=\"20\"]').getBoundingClientRect().top";
        let before = browser.value(top).await;
        browser.click("[data-product='20'] [data-cell=title]").await;
        browser
            .until("!document.getElementById('panel').hidden")
            .await;
        browser
            .screenshot(&format!("sheet-{look:?}").to_lowercase())
            .await;
        // Save can be reached without scrolling.
        let reach = "(() => { const box = document.querySelector('[data-form-submit]').getBoundingClientRect(); \
            return box.bottom <= innerHeight && box.height >= 44 })()";
        assert_eq!(browser.value(reach).await, true);
        browser.type_into("[name=title]", " x").await;
        browser.click("[data-form-submit]").await;
        browser
            .until("document.getElementById('panel').hidden")
            .await;
        browser
            .until_text("[data-product='20'] [data-title]", " x")
            .await;
        assert_eq!(browser.value(top).await, before);
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn nine_products_are_on_a_screen_and_what_is_pressed_is_large_enough() {
    let (program, _folder) = start(12).await;
    let browser = Browser::open(Look::Phone).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"12\"]')")
        .await;
    let seen = "[...document.querySelectorAll('[data-products] > [data-product]')].filter(row => \
        row.getBoundingClientRect().bottom <= innerHeight).length";
    let seen = browser.value(seen).await.as_u64().expect("a number");
    assert!(seen >= 9, "{seen} rows");
    let small = "[...document.querySelectorAll('button, a, input, select')].filter(one => \
        one.offsetWidth > 0 && !one.closest('.rows') && (one.offsetWidth < 44 || one.offsetHeight < 44) \
        && !one.classList.contains('skip')).map(one => one.outerHTML.slice(0, 90)).join('\\n')";
    let small = browser.value(small).await;
    assert_eq!(small, "", "too small for a finger");
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_way_back_closes_the_sheet_and_nothing_behind_it_is_reached() {
    let (program, _folder) = start(5).await;
    let browser = Browser::open(Look::Phone).await;
    browser.open_live(&program.host).await;
    let is_reachable = "document.getElementById('list').inert";
    for way in ["back", "scrim", "button"] {
        browser
            .until("document.querySelector('[data-product=\"3\"]')")
            .await;
        browser.click("[data-product='3'] [data-cell=title]").await;
        browser
            .until("!document.getElementById('panel').hidden")
            .await;
        assert_eq!(browser.value(is_reachable).await, true, "{way}");
        match way {
            "back" => browser.client.back().await.expect("a way back"),
            "scrim" => {
                browser
                    .value("document.querySelector('[data-scrim]').click()")
                    .await;
            }
            _ => browser.click("[data-form-cancel]").await,
        }
        browser
            .until("document.getElementById('panel').hidden")
            .await;
        assert_eq!(browser.value(is_reachable).await, false, "{way}");
        browser
            .until("location.pathname === '/realtimeproducts'")
            .await;
    }
    browser.close().await;
}
