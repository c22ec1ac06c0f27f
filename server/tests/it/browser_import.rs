//! Import and export on the live page, in a real browser.

use std::fmt::Write;
use std::path::PathBuf;

use crate::support::{Browser, Look, Program};
use serde_json::json;
use tempfile::TempDir;

/// A program with a data file of its own.
fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    (program, folder)
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path
}

/// Four rows, of which one has a price that is none, and one a code that is taken.
const PRODUCTS: &str = "title;code;price;stock;category\n\
    Teapot;TEA-1;24,50;8;kitchen\n\
    Kettle;KET-1;a lot;3;kitchen\n\
    Lamp;lmp-1;49,90;12;lighting\n\
    Cup;CUP-1;6,00;40;kitchen\n";

async fn summary(browser: &Browser, wanted: &str) {
    browser.until_text("[data-import-summary]", wanted).await;
}

/// Opens the dialog and chooses a file, as a person does.
async fn choose(browser: &Browser, path: &std::path::Path) {
    browser.click("[popovertarget=menu]").await;
    browser.click("#open-import").await;
    browser
        .until("document.getElementById('import').open")
        .await;
    let path = path.to_str().expect("a text");
    browser.type_into("[data-import-file]", path).await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_file_is_looked_at_and_then_imported_on_every_page() {
    let (program, folder) = start();
    program.http().add("LMP-1").await;
    let path = file(&folder, "products.csv", PRODUCTS);
    let looks = [
        (Look::Desktop, "desktop"),
        (Look::DesktopDark, "desktop-dark"),
        (Look::Phone, "phone"),
        (Look::PhoneDark, "phone-dark"),
    ];
    let other = Browser::open(Look::Desktop).await;
    other.open_live(&program.host).await;
    for (look, name) in looks {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser.screenshot(&format!("list-head-{name}")).await;
        browser.click("[popovertarget=menu]").await;
        browser.click("#open-import").await;
        browser
            .until("document.getElementById('import').open")
            .await;
        browser.screenshot(&format!("import-choose-{name}")).await;
        browser
            .type_into("[data-import-file]", path.to_str().expect("a text"))
            .await;
        summary(&browser, "2 new · 2 with problems").await;
        browser
            .until_text("[data-import-name]", "products.csv")
            .await;
        let refused = "[...document.querySelectorAll('[data-import-refused] li')]\
            .map(item => item.textContent)";
        assert_eq!(
            browser.value(refused).await,
            json!([
                "Line 3: price: Write a number such as 19.99.",
                "Line 4: code: Another product has this code.",
            ])
        );
        browser
            .until("document.querySelector('[data-import-start]').textContent === 'Import 2'")
            .await;
        browser.screenshot(&format!("import-ready-{name}")).await;
        browser.close().await;
    }
    // Only looked at so far.
    assert_eq!(program.http().list().await["count"], 1);

    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    choose(&browser, &path).await;
    summary(&browser, "2 new · 2 with problems").await;
    browser
        .click("[data-import-on-duplicate] option[value=update]")
        .await;
    summary(&browser, "2 new · 1 to update · 1 with problems").await;
    browser.click("[data-import-start]").await;
    summary(&browser, "2 added · 1 updated · 1 not imported").await;
    browser.screenshot("import-done-desktop").await;
    browser.click("[data-import-close]").await;
    browser
        .until("!document.getElementById('import').open")
        .await;
    for browser in [&browser, &other] {
        browser.until_titles(&["Cup", "Teapot", "Lamp"]).await;
    }
    // The dialog is ready for the next.
    choose(&browser, &path).await;
    summary(&browser, "0 new · 4 with problems").await;
    let disabled = "document.querySelector('[data-import-start]').disabled";
    assert_eq!(browser.value(disabled).await, true);
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_file_can_be_dropped_anywhere() {
    let (program, _folder) = start();
    let browser = Browser::open_in("es", Look::Desktop).await;
    browser.open_live(&program.host).await;
    let event = |kind: &str| {
        let text = json!(PRODUCTS);
        format!(
            "(() => {{ const files = new DataTransfer(); \
             files.items.add(new File([{text}], 'dropped.csv')); \
             const event = new DragEvent('{kind}', {{dataTransfer: files, bubbles: true, \
             cancelable: true}}); \
             document.body.dispatchEvent(event); return event.defaultPrevented; }})()"
        )
    };
    assert_eq!(browser.value(&event("dragover")).await, true);
    browser.screenshot("import-drop-desktop").await;
    assert_eq!(browser.value(&event("drop")).await, true);
    summary(&browser, "3 nuevos · 1 con problemas").await;
    browser
        .until_text("[data-import-start]", "Importar 3")
        .await;
    browser.screenshot("import-ready-spanish").await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_file_that_can_not_be_read_says_where_and_why() {
    let (program, folder) = start();
    let latin = folder.path().join("latin.csv");
    let bytes = b"title,code,price,stock,category\nCaf\xe9,CAF,1,1,food\n";
    std::fs::write(&latin, bytes).expect("a file");
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    choose(&browser, &latin).await;
    browser
        .until_text("[data-import-notice]", "The file is not UTF-8.")
        .await;
    let disabled = "document.querySelector('[data-import-start]').disabled";
    assert_eq!(browser.value(disabled).await, true);
    browser.screenshot("import-failed-desktop").await;
}

/// Rows of a file that takes long enough to be stopped.
const ROWS: usize = 60_000;

/// As many rows, each with its number in its code.
fn many() -> String {
    let mut text = "title,code,price,stock,category,description\n".to_owned();
    let description = "something about it; ".repeat(20);
    for row in 0..ROWS {
        writeln!(text, "Product {row},P-{row},1.00,1,things,{description}").expect("a text");
    }
    text
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn an_import_can_be_stopped_and_what_is_done_stays() {
    let (program, folder) = start();
    let path = file(&folder, "many.csv", &many());
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    choose(&browser, &path).await;
    summary(&browser, "60,000 new").await;
    // Stopped as soon as the bar has moved and rows are on the page: the page's own clock is
    // nearer to that than this test.
    let stopper = "(() => { \
        const bar = document.querySelector('[data-import-progress]'); \
        const row = document.querySelector('[data-products]').getElementsByTagName('div'); \
        const look = () => { \
            if (!bar.hidden && bar.value > 0 && bar.value < 1 && row.length > 20) \
                document.querySelector('[data-import-close]').click(); \
            else requestAnimationFrame(look); \
        }; look() })()";
    browser.value(stopper).await;
    browser.click("[data-import-start]").await;
    browser.until_text("[data-import-notice]", "Stopped.").await;
    browser.screenshot("import-stopped-desktop").await;
    let count = program.http().list().await["count"]
        .as_u64()
        .expect("a count");
    assert!(0 < count && count < ROWS as u64, "{count}");
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn an_import_whose_server_is_killed_says_so() {
    let (mut program, folder) = start();
    let path = file(&folder, "many.csv", &many());
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    choose(&browser, &path).await;
    summary(&browser, "60,000 new").await;
    browser.click("[data-import-start]").await;
    browser
        .until("document.querySelector('[data-products] > [data-product]')")
        .await;
    program.kill();
    browser
        .until_text("[data-import-notice]", "The connection was lost.")
        .await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_list_can_be_saved_as_a_file() {
    let (program, _folder) = start();
    program.http().add("LMP-1").await;
    for (look, name) in [(Look::Desktop, "desktop"), (Look::PhoneDark, "phone-dark")] {
        let browser = Browser::open(look).await;
        browser.open_live(&program.host).await;
        browser.click("[popovertarget=menu]").await;
        browser
            .until("document.getElementById('menu').matches(':popover-open')")
            .await;
        browser.screenshot(&format!("export-{name}")).await;
        let links = "[...document.querySelectorAll('#menu a[download]')]\
            .map(link => new URL(link.href)).map(url => url.pathname + url.search)";
        let links: Vec<String> = serde_json::from_value(browser.value(links).await).expect("texts");
        assert_eq!(links.len(), 3);
        for link in links {
            let response = program.http().get(&link).await;
            assert_eq!(response.status(), 200, "{link}");
            let name = response.headers()["content-disposition"].to_str();
            assert!(name.expect("a text").starts_with("attachment"), "{link}");
        }
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn columns_of_other_programs_are_understood_or_asked_about() {
    let (program, folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let spanish = "título;código;precio;existencias;categoría\nLámpara;LMP-9;49,90;3;luz\n";
    let path = file(&folder, "productos.csv", spanish);
    choose(&browser, &path).await;
    summary(&browser, "1 new").await;
    browser
        .until_text("[data-import-known]", "título = Title")
        .await;
    browser.screenshot("import-known-desktop").await;
    browser.click("[data-import-start]").await;
    summary(&browser, "1 added").await;
    browser.click("[data-import-close]").await;

    // What is not known is left out, unless somebody says what it is.
    let odd = "title,code,Worth,stock,category,Colour\nMug,MUG-9,14.00,2,kitchen,blue\n";
    let path = file(&folder, "odd.csv", odd);
    choose(&browser, &path).await;
    summary(&browser, "0 new · 1 with problems").await;
    browser
        .until_text("[data-import-column-list]", "Worth")
        .await;
    let say = "(() => { const label = [...document.querySelectorAll('[data-import-column-list] label')]\
        .find(label => label.textContent.startsWith('Worth')); const box = label.querySelector('select'); \
        box.value = 'price'; box.dispatchEvent(new Event('change')) })()";
    browser.value(say).await;
    summary(&browser, "1 new").await;
    browser
        .until_text("[data-import-known]", "Left out: Colour")
        .await;
    browser.screenshot("import-columns-desktop").await;
    browser.click("[data-import-start]").await;
    summary(&browser, "1 added").await;
    let list = program.http().list().await;
    assert_eq!(list["products"][1]["price"], 14);
    browser.click("[data-import-close]").await;

    // An update needs the code and what changes, and a spreadsheet's own file is no list.
    let path = file(&folder, "prices.csv", "SKU,precio\nMUG-9,15.00\n");
    choose(&browser, &path).await;
    summary(&browser, "0 new · 1 with problems").await;
    let update = "(() => { const box = document.querySelector('[data-import-on-duplicate]'); \
        box.value = 'update'; box.dispatchEvent(new Event('change')) })()";
    browser.value(update).await;
    summary(&browser, "1 to update").await;
    browser.click("[data-import-close]").await;
    let path = file(&folder, "products.xlsx", "PK\u{3}\u{4}");
    choose(&browser, &path).await;
    browser
        .until_text("[data-import-notice]", "Save it there as CSV UTF-8")
        .await;
    browser.screenshot("import-xlsx-desktop").await;
    browser.close().await;
}
