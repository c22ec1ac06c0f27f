//! Finding products on the live page: by a word, by a tab, by a category, and by an address that can be
//! shared.

use crate::support::{Browser, Key, Look, Program, draft};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A few products of two categories: `LMP-1` and so on.
async fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for (code, title, category, price, stock) in [
        ("LMP-1", "Lámpara de mesa", "lighting", 49.9, 12),
        ("LMP-2", "Floor lamp", "lighting", 120.0, 0),
        ("MUG-1", "Mug", "kitchen", 14.0, 3),
        ("MUG-2", "Blue mug", "kitchen", 12.5, 40),
    ] {
        let mut product = draft(code);
        product["title"] = json!(title);
        product["category"] = json!(category);
        product["price"] = json!(price);
        product["stock"] = json!(stock);
        product["status"] = json!(code != "MUG-1");
        assert_eq!(program.http().post(&product).await.status(), 201);
    }
    (program, folder)
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_typed_is_found_at_once_and_can_be_shared() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until_titles(&["Blue mug", "Mug", "Floor lamp", "Lámpara de mesa"])
        .await;
    browser
        .press(&[
            Key::Char('/'),
            Key::Char('l'),
            Key::Char('A'),
            Key::Char('m'),
        ])
        .await;
    // Case and accents don't matter.
    browser
        .until_titles(&["Floor lamp", "Lámpara de mesa"])
        .await;
    browser.until_text("[data-count]", "2 of 4").await;
    browser.until("location.search === '?q=lAm'").await;
    browser.click("[data-sort-key=price] button").await;
    browser
        .until_titles(&["Lámpara de mesa", "Floor lamp"])
        .await;
    browser
        .until("document.querySelector('[data-sort-key=price]').ariaSort === 'ascending'")
        .await;
    browser.screenshot("find-desktop").await;

    // The address shows the same elsewhere, and without script at `/`.
    let address = browser.value("location.search").await;
    let address = address.as_str().expect("a text");
    assert_eq!(address, "?q=lAm&sort=price");
    let other = Browser::open(Look::Phone).await;
    other
        .goto(&program.host, &format!("/realtimeproducts{address}"))
        .await;
    other.until_titles(&["Lámpara de mesa", "Floor lamp"]).await;
    other
        .until("document.getElementById('search-text').value === 'lAm'")
        .await;
    other.screenshot("find-phone").await;
    other.goto(&program.host, &format!("/{address}")).await;
    let titles =
        "[...document.querySelectorAll('[data-title]')].map(title => title.textContent).join()";
    assert_eq!(other.value(titles).await, "Lámpara de mesa,Floor lamp");
    // What is exported is what is shown.
    let link = "document.querySelector('[data-export=ndjson]').getAttribute('href')";
    let link = browser.value(link).await;
    let file = program
        .http()
        .get(&format!("/{}", link.as_str().expect("a link")))
        .await;
    let lines = file.text().await.expect("a text");
    let codes: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["code"].clone())
        .collect();
    assert_eq!(codes, ["LMP-1", "LMP-2"]);
    // A change that no longer fits goes, one that fits comes.
    other.close().await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn tabs_categories_and_prices_show_a_part() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("[data-tab=low]", "Low stock 1").await;
    browser.until_text("[data-tab=out]", "Out 1").await;
    browser.until_text("[data-tab=on_sale]", "On sale 3").await;
    browser.click("[data-tab=low]").await;
    browser.until_titles(&["Mug"]).await;
    browser.until("location.search === '?stock=low'").await;
    browser.click("[data-tab=all]").await;
    browser.click("[data-price-chip]").await;
    browser.type_into("[data-min-price]", "13").await;
    browser.type_into("[data-max-price]", "50\u{E007}").await;
    browser.until_titles(&["Mug", "Lámpara de mesa"]).await;
    browser
        .until_text("[data-price-chip]", "13.00 to 50.00")
        .await;
    let choose = "(() => { const box = document.querySelector('[data-category-filter]'); \
        box.value = 'kitchen'; box.dispatchEvent(new Event('change')) })()";
    browser.value(choose).await;
    browser.until_titles(&["Mug"]).await;
    browser.screenshot("filtered-desktop").await;
    browser.click("#filters [data-clear-filters]").await;
    browser
        .until_titles(&["Blue mug", "Mug", "Floor lamp", "Lámpara de mesa"])
        .await;
    browser.type_into("#search-text", "nothing like it").await;
    browser
        .until("!document.querySelector('[data-none]').hidden")
        .await;
    browser.screenshot("nothing-found-desktop").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn in_another_language_the_same_is_shown() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.type_into("#search-text", "mug").await;
    browser.click("[data-tab=low]").await;
    browser.until_titles(&["Mug"]).await;
    browser.click("[popovertarget=menu]").await;
    browser.click("#menu [hreflang=es]").await;
    browser
        .until("document.documentElement.lang === 'es'")
        .await;
    browser.until_titles(&["Mug"]).await;
    let search = "document.getElementById('search-text').value";
    assert_eq!(browser.value(search).await, "mug");
    browser.close().await;
}

/// Also where what it offers changes meanwhile.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_category_is_chosen_in_peace() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("[data-tab=out]", "Out 1").await;
    let mark = "(() => { const box = document.querySelector('[data-category-filter]'); \
        box.focus(); box.options[1].marked = true })()";
    browser.value(mark).await;
    let mut product = draft("TBL-1");
    product["category"] = json!("furniture");
    product["stock"] = json!(0);
    assert_eq!(program.http().post(&product).await.status(), 201);
    browser.until_text("[data-tab=out]", "Out 2").await;
    let is_marked = "document.querySelector('[data-category-filter]').options[1].marked === true";
    assert_eq!(browser.value(is_marked).await, true);
    browser.value("document.activeElement.blur()").await;
    browser
        .until("[...document.querySelector('[data-category-filter]').options].some(option => option.value === 'furniture')")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn where_nothing_is_few_there_is_no_tab_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = crate::support::data_file(&folder);
    let mut command = crate::support::program::command(&data, "127.0.0.1:0");
    command.args(["--low-stock", "0"]);
    let program = Program::run(command);
    let mut product = draft("a");
    product["stock"] = json!(1);
    assert_eq!(program.http().post(&product).await.status(), 201);
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("[data-tab=out]", "Out 0").await;
    let is_there = "document.querySelector('[data-tab=low]') !== null";
    assert_eq!(browser.value(is_there).await, false);
    browser.close().await;
}

/// A scanner types a code and Enter.
#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_scanned_code_opens_its_product() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser
        .until_titles(&["Blue mug", "Mug", "Floor lamp", "Lámpara de mesa"])
        .await;
    browser.type_into("#search-text", "mug-1\u{E007}").await;
    browser.until_text("[data-form-heading]", "Mug").await;
    // And the next one is scanned over it.
    browser
        .press(
            &"lmp-2"
                .chars()
                .map(Key::Char)
                .chain([Key::Enter])
                .collect::<Vec<_>>(),
        )
        .await;
    browser
        .until_text("[data-form-heading]", "Floor lamp")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn columns_and_narrow_rows_are_remembered() {
    let (program, _folder) = start().await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.click("[popovertarget=columns]").await;
    browser.click("[data-column=category]").await;
    browser.click("[data-density]").await;
    browser
        .until("document.querySelector('[data-product] .c-category').offsetWidth === 0")
        .await;
    browser.screenshot("columns-desktop").await;
    browser.open_live(&program.host).await;
    browser
        .until("document.querySelector('[data-product] .c-category')?.offsetWidth === 0")
        .await;
    browser
        .until("document.querySelector('[data-product]').offsetHeight === 32")
        .await;
    browser.close().await;
}
