//! The page as people use it: the program, real browsers, and nothing between them.

use crate::support::{Browser, Client, Key, Look, Program, back_up, draft};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A program with a data file of its own.
fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    (program, folder)
}

async fn post(program: &Program, title: &str, code: &str) -> u64 {
    let mut draft = draft(code);
    draft["title"] = json!(title);
    let response = program.http().post(&draft).await;
    assert_eq!(response.status(), 201);
    let product: Value = response.json().await.expect("JSON");
    product["id"].as_u64().expect("an id")
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_six_steps_of_a_first_visit() {
    // 1. The server comes up without trouble and says on which port.
    let (mut program, _folder) = start();
    post(&program, "Lamp", "lamp").await;
    let browser = Browser::open(Look::Desktop).await;

    // 2. The root shows the content of index.handlebars, list included.
    browser.goto(&program.host, "/").await;
    browser.until_text("h1", "Products").await;
    browser.until_text("[data-title]", "Lamp").await;
    browser.screenshot("home-desktop").await;

    // 3. No socket is opened there, and no client is loaded.
    let loaded = "performance.getEntriesByType('resource').map(entry => entry.name).join()";
    let loaded = browser.value(loaded).await.to_string();
    assert!(
        !loaded.contains("wasm") && !loaded.contains(".js"),
        "{loaded}"
    );
    let log = program.log().join("\n");
    assert!(!log.contains("cliente conectado"), "{log}");

    // 4. At /realtimeproducts the console says so.
    browser.open_live(&program.host).await;
    let line = program.wait_for_log("cliente conectado");
    assert!(
        line.contains("peer=127.0.0.1:") && line.contains("pages=1"),
        "{line}"
    );

    // 5. The list is shown.
    browser.until_titles(&["Lamp"]).await;

    // 6. It came over the socket: it is not in the HTML.
    let html = program.http().get("/realtimeproducts").await;
    assert!(!html.text().await.expect("a text").contains("Lamp"));

    // Leaving the page is said as well.
    browser.goto(&program.host, "/").await;
    program.wait_for_log("cliente desconectado");
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_one_window_adds_and_deletes_the_other_shows() {
    let (program, _folder) = start();
    let one = Browser::open(Look::Desktop).await;
    let other = Browser::open(Look::DesktopDark).await;
    one.open_live(&program.host).await;
    other.open_live(&program.host).await;
    one.until("!document.querySelector('[data-empty]').hidden")
        .await;
    one.screenshot("live-empty-desktop").await;

    one.fill("Lamp", "lamp").await;
    one.click("[data-form-submit]").await;
    for browser in [&one, &other] {
        browser.until_titles(&["Lamp"]).await;
        browser.until_text("[data-count]", "1 product").await;
    }
    // Saved: the panel closes.
    one.until("document.getElementById('panel').hidden").await;
    one.until_text("#announcer", "Added: Lamp").await;

    // While the pointer is over the list what others add waits above it.
    one.point_at("#search-text").await;
    other.fill("Chair", "chair").await;
    other.type_into("[name=stock]", "\u{E007}").await;
    one.until_titles(&["Chair", "Lamp"]).await;
    other.until_titles(&["Chair", "Lamp"]).await;
    one.until_text("[data-status-detail]", "2 here").await;
    one.screenshot("live-desktop").await;
    other.screenshot("live-desktop-dark").await;

    one.click("[aria-label='Delete Lamp']").await;
    other.until_titles(&["Chair"]).await;
    one.until_titles(&["Chair"]).await;
    one.until_text(".toast", "Deleted: Lamp").await;
    one.screenshot("live-deleted-desktop").await;

    // An undone deletion is the same product again, at its place.
    one.click(".toast:last-child [data-toast-undo]").await;
    other.until_titles(&["Chair", "Lamp"]).await;
    one.close().await;
    other.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_posted_and_deleted_over_http_shows_up() {
    let (program, _folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let lamp = post(&program, "Lamp", "lamp").await;
    browser.until_titles(&["Lamp"]).await;
    // Only the row that changed is touched: this one keeps a mark of ours.
    browser
        .value("document.querySelector('[data-product]').dataset.ours = 'yes'")
        .await;
    let chair = post(&program, "Chair", "chair").await;
    browser.until_titles(&["Chair", "Lamp"]).await;
    let path = format!("/api/products/{chair}");
    let http = program.http();
    http.send(
        Method::PATCH,
        &path,
        &json!({"title": "Armchair", "price": 1234.5}),
    )
    .await;
    browser.until_titles(&["Armchair", "Lamp"]).await;
    browser.until_text("[data-price]", "1,234.50").await;
    http.delete(chair).await;
    browser.until_titles(&["Lamp"]).await;
    let kept = browser
        .value("document.querySelector('[data-product=\"1\"]').dataset.ours")
        .await;
    assert_eq!(kept, "yes");
    http.delete(lamp).await;
    browser
        .until("!document.querySelector('[data-empty]').hidden")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn only_what_happens_before_ones_eyes_is_marked_as_new() {
    let (program, _folder) = start();
    let one = Browser::open(Look::Desktop).await;
    one.open_live(&program.host).await;
    post(&program, "Lamp", "lamp").await;
    one.until("document.querySelector('.is-added')").await;
    // This page may be given an older snapshot and the change after it: both are its beginning.
    let other = Browser::open(Look::Desktop).await;
    other.open_live(&program.host).await;
    other.until_titles(&["Lamp"]).await;
    let marked = other
        .value("document.querySelectorAll('.is-added').length")
        .await;
    assert_eq!(marked, 0);
    other
        .until_text("#announcer", "The list is here: 1 product")
        .await;
    one.close().await;
    other.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_is_wrong_is_shown_at_its_field_and_nothing_is_lost() {
    let (program, _folder) = start();
    post(&program, "Lamp", "lamp").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.open_form().await;
    // While typing, by the rules the server has.
    browser.type_into("[name=price]", "1.9999").await;
    browser
        .until_text("#error-price", "At most 2 decimals.")
        .await;
    browser.type_into("[name=code]", "LAMP").await;
    browser
        .until_text("#error-code", "Another product has this code.")
        .await;
    let untouched = browser
        .value("document.getElementById('error-title').textContent")
        .await;
    assert_eq!(untouched, "", "nobody has been there yet");

    browser.click("[data-form-submit]").await;
    browser.until_text("#error-title", "Fill this in.").await;
    browser
        .until("document.activeElement.name === 'title'")
        .await;
    browser
        .until("document.querySelector('[name=stock]').ariaInvalid === 'true'")
        .await;
    browser.screenshot("live-refused-desktop").await;
    let kept = browser
        .value("document.querySelector('[name=price]').value")
        .await;
    assert_eq!(kept, "1.9999");
    let list = program.http().list().await;
    assert_eq!(list["count"], 1);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_was_refused_after_the_page_was_away_is_a_draft_again() {
    let (mut program, folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    let host = program.host.clone();
    program.kill();
    browser
        .until("document.getElementById('status').dataset.state !== 'live'")
        .await;
    browser.fill("My lamp", "lamp").await;
    browser.click("[data-form-submit]").await;
    browser
        .until_text("[data-status-detail]", "1 waiting to be sent")
        .await;
    // Meanwhile somebody else takes the code.
    let data = crate::support::data_file(&folder);
    let mut elsewhere = Program::start(&data);
    post(&elsewhere, "Their lamp", "lamp").await;
    elsewhere.kill();
    let _program = Program::start_on(&data, &host);
    browser
        .until_text(".toast", "“Their lamp” has the code lamp already.")
        .await;
    // What was typed is a draft again.
    browser
        .until_text("[data-draft-continue]", "Draft: My lamp")
        .await;
    browser.click("[data-draft-continue]").await;
    browser
        .until("document.querySelector('[name=title]').value === 'My lamp'")
        .await;
    browser.click("[data-form-submit]").await;
    browser
        .until_text("#error-code", "Another product has this code.")
        .await;
    browser.until_titles(&["Their lamp"]).await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_product_is_edited_in_the_form() {
    let (program, _folder) = start();
    let id = post(&program, "Lamp", "lamp").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_titles(&["Lamp"]).await;
    browser.click("[data-product] [data-cell=code]").await;
    browser.until_text("[data-form-heading]", "Lamp").await;
    browser.type_into("[name=title]", " with shade").await;
    // Somebody else changes another field: the form follows, and keeps what was typed.
    let path = format!("/api/products/{id}");
    program
        .http()
        .send(Method::PATCH, &path, &json!({"stock": 7}))
        .await;
    browser
        .until("document.querySelector('[name=stock]').value === '7'")
        .await;
    browser.screenshot("live-editing-desktop").await;
    browser.click("[data-form-submit]").await;
    browser.until_titles(&["Lamp with shade"]).await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    browser
        .until_text("[data-products] [data-stock]", "7")
        .await;
    // The focus is back in the row, not lost.
    browser
        .until("document.activeElement.closest('[data-product]')")
        .await;

    browser.click("[data-product] [data-cell=code]").await;
    browser
        .until_text("[data-form-heading]", "Lamp with shade")
        .await;
    program.http().delete(id).await;
    browser
        .until_text("[data-form-notice]", "deleted by somebody else")
        .await;
    browser
        .until_text("[data-form-heading]", "Add a product")
        .await;
    browser.click("[data-form-submit]").await;
    browser.until_titles(&["Lamp with shade"]).await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_page_recovers_from_a_killed_server_and_shows_what_it_missed() {
    let (mut program, folder) = start();
    post(&program, "Lamp", "lamp").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_titles(&["Lamp"]).await;
    browser
        .value("document.querySelector('[data-product]').dataset.ours = 'yes'")
        .await;
    let host = program.host.clone();
    program.kill();
    browser
        .until_text("[data-status-detail]", "last in step")
        .await;
    // A command given while away waits, and is done once.
    browser.fill("Chair", "chair").await;
    browser.click("[data-form-submit]").await;
    browser
        .until_text("[data-status-detail]", "1 waiting to be sent")
        .await;
    browser.screenshot("live-offline-desktop").await;
    let data = crate::support::data_file(&folder);
    let mut elsewhere = Program::start(&data);
    post(&elsewhere, "Table", "table").await;
    elsewhere.kill();
    let again = Program::start_on(&data, &host);
    browser.until_live().await;
    browser.until_titles(&["Chair", "Table", "Lamp"]).await;
    let kept = browser
        .value("document.querySelector('[data-product=\"1\"]').dataset.ours")
        .await;
    assert_eq!(kept, "yes", "it went on from where it was");
    let list = again.http().list().await;
    assert_eq!(list["count"], 3);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_was_to_be_deleted_in_another_history_is_not_deleted_in_this_one() {
    let (mut program, folder) = start();
    post(&program, "Lamp", "lamp").await;
    let data = crate::support::data_file(&folder);
    let backup = folder.path().join("backup.db");
    back_up(&data, &backup);
    assert_eq!(post(&program, "Table", "table").await, 2);
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_titles(&["Table", "Lamp"]).await;
    let host = program.host.clone();
    program.kill();
    browser.click("[aria-label='Delete Table']").await;
    browser
        .until_text("[data-status-detail]", "1 waiting to be sent")
        .await;

    // In the other history the same id is another product's.
    let mut other = Program::start(&backup);
    assert_eq!(post(&other, "Chair", "chair").await, 2);
    other.kill();
    let other = Program::start_on(&backup, &host);
    browser.until_live().await;
    browser.until_titles(&["Chair", "Lamp"]).await;
    browser
        .until_text(".toast", "Table. The server has another list now.")
        .await;
    browser.screenshot("live-other-history-desktop").await;
    // Nothing waits to be sent, and nothing was.
    let mut client = Client::open(&other.host, "").await;
    client.until_revision(2).await;
    assert_eq!(client.codes(), ["lamp", "chair"]);
    let detail = "document.querySelector('[data-status-detail]').textContent";
    let detail = browser.value(detail).await.to_string();
    assert!(!detail.contains("waiting"), "{detail}");
    assert_eq!(other.http().list().await["count"], 2);
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn a_page_follows_a_planned_restart() {
    let (mut program, folder) = start();
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    program.signal("TERM");
    assert!(program.wait_for_exit().success());
    let again = Program::start_on(&crate::support::data_file(&folder), &program.host);
    browser.until_live().await;
    post(&again, "Lamp", "lamp").await;
    browser.until_titles(&["Lamp"]).await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_page_fits_a_phone() {
    let (program, _folder) = start();
    let mut long = draft("a-code-that-is-sixty-four-characters-long-and-has-no-space-in-it");
    long["title"] = json!(format!("Lamp {}", "long".repeat(20)));
    long["description"] =
        json!("A lamp whose description goes on for longer than a phone is wide.");
    long["price"] = json!(1_000_000_000);
    long["stock"] = json!(u32::MAX);
    long["status"] = json!(false);
    assert_eq!(program.http().post(&long).await.status(), 201);
    post(&program, "Chair", "chair").await;
    for (look, name) in [(Look::Phone, "phone"), (Look::PhoneDark, "phone-dark")] {
        let browser = Browser::open(look).await;
        for (path, page) in [("/", "home"), ("/realtimeproducts", "live")] {
            browser.goto(&program.host, path).await;
            if page == "live" {
                browser.until_live().await;
            }
            browser
                .until("document.querySelectorAll('[data-product]').length === 2")
                .await;
            let width = browser.value("document.documentElement.scrollWidth").await;
            assert_eq!(width, 360, "{path} is wider than the phone");
            browser.screenshot(&format!("{page}-{name}")).await;
            browser
                .value("document.getElementById('list').scrollIntoView()")
                .await;
            browser.screenshot(&format!("{page}-list-{name}")).await;
        }
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn everything_can_be_done_with_the_keyboard() {
    let (program, _folder) = start();
    post(&program, "Lamp", "lamp").await;
    post(&program, "Chair", "chair").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_titles(&["Chair", "Lamp"]).await;
    // One cell of the list can be reached by Tab; arrows go on from there.
    let tabbable = "[...document.querySelectorAll('[data-products] [tabindex=\"0\"]')].length";
    assert_eq!(browser.value(tabbable).await, 1);
    browser.focus("[data-products] [tabindex='0']").await;
    let at = |title: &str, cell: &str| {
        format!(
            "document.activeElement.closest('[data-product]')?.querySelector('[data-title]').textContent \
            === '{title}' && document.activeElement.closest('[data-cell]').dataset.cell === '{cell}'"
        )
    };
    browser.until(&at("Chair", "title")).await;
    browser.press(&[Key::Down]).await;
    browser.until(&at("Lamp", "title")).await;
    browser
        .press(&[Key::Up, Key::Right, Key::Right, Key::Right])
        .await;
    browser.until(&at("Chair", "price")).await;
    // What is typed over a price is saved, and the next one is below.
    browser.press(&[Key::Char('7'), Key::Enter]).await;
    browser.until(&at("Lamp", "price")).await;
    browser.press(&[Key::Char('8'), Key::Enter]).await;
    browser
        .until_text("[data-product='1'] [data-price]", "8.00")
        .await;
    browser
        .until_text("[data-product='2'] [data-price]", "7.00")
        .await;
    // Escape takes a cell back; Enter on a title changes it.
    browser.press(&[Key::Char('9'), Key::Escape]).await;
    browser.until("!document.querySelector('.editor')").await;
    browser
        .until_text("[data-product='1'] [data-price]", "8.00")
        .await;
    browser.press(&[Key::End]).await;
    browser.until(&at("Lamp", "menu")).await;
    browser.press(&[Key::Up, Key::Enter]).await;
    browser.until_titles(&["Lamp"]).await;
    // The focus goes on to the next row instead of getting lost.
    browser.until(&at("Lamp", "menu")).await;
    browser.press(&[Key::Control('z')]).await;
    browser.until_titles(&["Chair", "Lamp"]).await;
    browser.press(&[Key::Char('e')]).await;
    browser
        .until("document.activeElement.name === 'title'")
        .await;
    browser.until_text("[data-form-heading]", "Lamp").await;
    browser.press(&[Key::Escape]).await;
    browser
        .until("document.getElementById('panel').hidden")
        .await;
    browser.until(&at("Lamp", "menu")).await;
    browser.press(&[Key::Char('/')]).await;
    browser
        .until("document.activeElement.id === 'search-text'")
        .await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_page_speaks_spanish_and_remembers_a_switch() {
    let (program, _folder) = start();
    post(&program, "Lámpara", "lamp").await;
    let browser = Browser::open_in("es", Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.until_text("[data-status-text]", "En vivo").await;
    browser.until_text("[data-price]", "19,99").await;
    browser.open_form().await;
    browser.type_into("[name=price]", "x").await;
    browser
        .until_text("#error-price", "Escribe un número como 19,99.")
        .await;
    browser.screenshot("live-spanish-desktop").await;
    browser.click("[popovertarget=menu]").await;
    browser.click("#menu [hreflang=en]").await;
    browser.until_live().await;
    browser.until_text("[data-status-text]", "Live").await;
    browser.goto(&program.host, "/").await;
    browser.until_text("h1", "Products").await;
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn what_the_page_shows_can_be_typed() {
    let (program, _folder) = start();
    let browser = Browser::open_in("es", Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.fill("Tornillos", "TOR-1").await;
    let retype = async |name: &str, text: &str| {
        let clear = format!("document.querySelector('[name={name}]').value = ''");
        browser.value(&format!("({clear}, 1)")).await;
        browser.type_into(&format!("[name={name}]"), text).await;
    };
    retype("stock", "1.000").await;
    retype("price", "1.000").await;
    browser.click("[data-form-submit]").await;
    browser
        .until_text("[data-error=price]", "dos maneras")
        .await;
    retype("price", "1.234,50").await;
    browser.click("[data-form-submit]").await;
    browser.until_titles(&["Tornillos"]).await;
    browser
        .until_text("[data-products] [data-stock]", "1.000")
        .await;
    browser
        .until_text("[data-products] [data-price]", "1.234,50")
        .await;
    let list = program.http().list().await;
    assert_eq!(list["products"][0]["stock"], 1_000);
    assert_eq!(list["products"][0]["price"], json!(1234.5));
    browser.close().await;
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn keys_that_compose_a_word_do_nothing_else() {
    let (program, _folder) = start();
    post(&program, "Lamp", "lamp").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&program.host).await;
    browser.click("[data-product] [data-cell=title]").await;
    browser
        .until("document.activeElement.closest('.editor')")
        .await;
    let press = |key: &str, more: &str| {
        format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', \
             {{key: '{key}', bubbles: true, cancelable: true, {more}}}))"
        )
    };
    let is_editing = "document.querySelector('.editor') !== null";
    for composing in ["isComposing: true", "keyCode: 229"] {
        browser.value(&press("Escape", composing)).await;
        browser.value(&press("Enter", composing)).await;
        browser
            .value("new Promise(done => setTimeout(done, 50))")
            .await;
        assert_eq!(browser.value(is_editing).await, Value::Bool(true));
    }
    browser.value(&press("Escape", "isComposing: false")).await;
    browser.until(&format!("!({is_editing})")).await;
    browser.close().await;
}
