//! What happened, on the live page: looked at as it happens, and put back.

use crate::support::{Browser, Key, Look, Program, data_file};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

async fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&data_file(&folder));
    for code in ["a", "b"] {
        program.http().add(code).await;
    }
    (program, folder)
}

async fn open_history(browser: &Browser) {
    browser
        .value("(document.getElementById('open-history').click(), 1)")
        .await;
    browser.until("document.querySelector('.past')").await;
}

/// The rows, each as `Changed Product a`.
async fn rows(browser: &Browser) -> Vec<String> {
    let rows = "Array.from(document.querySelectorAll('.past-what'), row => row.innerText)";
    let rows = browser.value(rows).await;
    serde_json::from_value(rows).expect("texts")
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_happens_is_shown_while_one_looks_and_can_be_put_back() {
    let (program, _folder) = start().await;
    let http = program.http();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    open_history(&browser).await;
    assert_eq!(rows(&browser).await, ["Added Product b", "Added Product a"]);

    let patch = json!({"price": 5, "stock": 3});
    http.send(Method::PATCH, "/api/products/1", &patch).await;
    let first = ".past:first-child";
    browser
        .until_text(&format!("{first} .past-what"), "Changed Product a")
        .await;
    let fields = browser
        .value(&format!(
            "document.querySelector('{first} .past-fields').innerText"
        ))
        .await;
    let fields = fields.as_str().expect("a text").replace('\n', " ");
    assert_eq!(fields, "Price 19.99 → 5.00 Stock 5 → 3");
    browser
        .until_text(&format!("{first} [data-past-source]"), "over the API")
        .await;
    // What somebody else changed since is not put back with it.
    let patch = json!({"title": "Renamed", "stock": 4});
    http.send(Method::PATCH, "/api/products/1", &patch).await;
    browser
        .until_text(&format!("{first} .past-fields"), "Renamed")
        .await;
    browser.click(".past:nth-child(2) [data-past-back]").await;
    browser
        .until_text(&format!("{first} .past-fields"), "19.99")
        .await;
    let product: Value = http
        .get("/api/products/1")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&product["price"], &product["stock"], &product["title"]),
        (&json!(19.99), &json!(5), &json!("Renamed"))
    );
    browser
        .until("document.querySelector('.past:nth-child(3) [data-past-back]').hidden")
        .await;

    http.delete(2).await;
    browser
        .until_text(&format!("{first} .past-what"), "Deleted Product b")
        .await;
    browser.screenshot("history-desktop").await;
    browser.click(&format!("{first} [data-past-back]")).await;
    browser
        .until_text(&format!("{first} .past-what"), "Added Product b")
        .await;
    let product = http.get("/api/products/2").await;
    assert_eq!(product.status(), 200);
    browser.press(&[Key::Escape]).await;
    browser
        .until("!document.getElementById('history').open")
        .await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn one_product_has_its_own_history_and_long_ones_go_on() {
    let (program, _folder) = start().await;
    let http = program.http();
    for stock in 100..160 {
        let patch = json!({"stock": stock});
        http.send(Method::PATCH, "/api/products/1", &patch).await;
    }
    let browser = Browser::open(Look::Phone).await;
    browser.open_live(&program.host).await;
    browser.click("[data-product='2'] [data-cell=title]").await;
    browser
        .until("!document.getElementById('panel').hidden")
        .await;
    browser.click("[data-form-history]").await;
    browser
        .until_text("#history-heading", "History of Product b")
        .await;
    browser
        .until("document.querySelectorAll('.past').length === 1")
        .await;
    assert_eq!(rows(&browser).await, ["Added"], "the heading says whose");
    browser.screenshot("history-phone").await;
    browser.click("[data-history-close]").await;
    browser.click("[data-panel-next]").await;
    browser.until_text("[data-form-heading]", "Product a").await;
    browser.click("[data-form-history]").await;
    browser
        .until("document.querySelectorAll('.past').length === 50")
        .await;
    browser.click("[data-history-older]").await;
    browser
        .until("document.querySelectorAll('.past').length === 61")
        .await;
    browser
        .until("document.querySelector('[data-history-older]').hidden")
        .await;
    browser
        .until_text(".past:last-child .past-what", "Added")
        .await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_history_that_can_not_be_read_says_so_and_comes_with_the_server() {
    let (mut program, folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    program.kill();
    browser
        .until("document.getElementById('status').dataset.state === 'offline'")
        .await;
    browser
        .value("(document.getElementById('open-history').click(), 1)")
        .await;
    browser
        .until_text("[data-history-notice]", "can't be reached")
        .await;
    let again = Program::start_on(&data_file(&folder), &program.host);
    browser
        .until("document.querySelectorAll('.past').length === 2")
        .await;
    browser
        .until("document.querySelector('[data-history-notice]').hidden")
        .await;
    again.http().add("c").await;
    browser
        .until_text(".past:first-child .past-what", "Added Product c")
        .await;
}
