//! Many products at once on the live page: selected, looked at, done and undone as one.

use crate::support::{Browser, Look, Program, draft};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

async fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for number in 1..=9 {
        let mut product = draft(&format!("code {number}"));
        product["category"] = json!(if number > 5 { "lighting" } else { "kitchen" });
        assert_eq!(program.http().post(&product).await.status(), 201);
    }
    (program, folder)
}

async fn prices(program: &Program) -> Vec<Value> {
    let list = program.http().list().await;
    let products = list["products"].as_array().expect("a list");
    products
        .iter()
        .map(|product| product["price"].clone())
        .collect()
}

async fn how(browser: &Browser, name: &str) {
    let choose = format!(
        "(() => {{ const box = document.querySelector('[data-bulk-how]'); box.value = '{name}'; \
        box.dispatchEvent(new Event('change', {{bubbles: true}})) }})()"
    );
    browser.value(&choose).await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_category_is_raised_by_ten_percent_and_back_as_one() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser
        .goto(&program.host, "/realtimeproducts?category=lighting")
        .await;
    browser.until_live().await;
    browser.click("[data-product='9'] [data-select]").await;
    browser
        .until_text("[data-selection-count]", "1 selected")
        .await;
    browser.click("[data-selection-all]").await;
    browser
        .until_text("[data-selection-count]", "4 selected")
        .await;
    browser.screenshot("selection-desktop").await;
    browser.click("[data-bulk=price]").await;
    how(&browser, "percent").await;
    browser.type_into("[data-bulk-value]", "10").await;
    browser
        .until_text("[data-bulk-summary]", "4 will change")
        .await;
    browser.until_text("[data-bulk-rows]", "21.99").await;
    browser.screenshot("bulk-desktop").await;
    // Somebody else changes one of them meanwhile: nothing is done, and it is looked at anew.
    let http = program.http();
    http.send(Method::PATCH, "/api/products/9", &json!({"price": 100}))
        .await;
    browser
        .until_text("[data-product='9'] [data-price]", "100.00")
        .await;
    browser.click("[data-bulk-apply]").await;
    browser
        .until_text("[data-bulk-notice]", "changed some of these meanwhile")
        .await;
    browser.until_text("[data-bulk-rows]", "110.00").await;
    assert_eq!(prices(&program).await[5], 19.99);
    browser.click("[data-bulk-apply]").await;
    browser.until_text("#toasts", "4 products changed").await;
    browser.until("!document.getElementById('bulk').open").await;
    let raised = prices(&program).await;
    assert_eq!(
        raised[4..],
        [
            json!(19.99),
            json!(21.99),
            json!(21.99),
            json!(21.99),
            json!(110)
        ]
    );
    browser.click("#toasts [data-toast-undo]").await;
    browser.until_text("#toasts", "Undone").await;
    let back = prices(&program).await;
    assert_eq!(
        back[4..],
        [
            json!(19.99),
            json!(19.99),
            json!(19.99),
            json!(19.99),
            json!(100)
        ]
    );
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn selected_products_are_deleted_and_come_back_as_they_were() {
    let (program, _folder) = start().await;
    let before = program.http().list().await["products"].clone();
    let browser = Browser::open(Look::PhoneDark).await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product=\"9\"]')")
        .await;
    // A long press selects, and from then on a tap does.
    let hold = "document.querySelector('[data-product=\"9\"] [data-cell=title]').dispatchEvent(\
        new PointerEvent('contextmenu', {bubbles: true, cancelable: true, pointerType: 'touch'}))";
    browser.value(hold).await;
    browser
        .until_text("[data-selection-count]", "1 selected")
        .await;
    browser.click("[data-product='7'] [data-cell=title]").await;
    browser
        .until_text("[data-selection-count]", "2 selected")
        .await;
    browser.screenshot("selection-phone-dark").await;
    browser
        .value("document.querySelector('[data-bulk=delete]').click()")
        .await;
    browser.until_text("[data-bulk-apply]", "Delete 2").await;
    browser.screenshot("bulk-phone-dark").await;
    browser.click("[data-bulk-apply]").await;
    browser.until_text("#toasts", "2 products deleted").await;
    assert_eq!(program.http().list().await["count"], 7);
    browser.click("#toasts [data-toast-undo]").await;
    browser.until_text("#toasts", "Undone").await;
    let after = program.http().list().await["products"].clone();
    let codes = |list: &Value| -> Vec<(Value, Value)> {
        let products = list.as_array().expect("a list").iter();
        products
            .map(|product| (product["id"].clone(), product["code"].clone()))
            .collect()
    };
    assert_eq!(codes(&after), codes(&before));
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn five_switches_in_place_take_five_products_off_sale() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    for id in [2, 4, 5, 7, 9] {
        browser
            .click(&format!("[data-product='{id}'] [data-switch]"))
            .await;
    }
    browser.until_text("[data-tab=on_sale]", "On sale 4").await;
    let list = program.http().get("/api/products?status=false").await;
    let list: Value = list.json().await.expect("JSON");
    assert_eq!(list["count"], 5);
    browser.close().await;
}
