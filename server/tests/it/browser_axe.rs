//! Every state of the pages, looked at by axe-core and kept as a picture.

use crate::support::{Browser, Look, Program, draft};
use reqwest::Method;
use serde_json::json;

/// The states of the live page: a name, what leads there, and when it is there.
const STATES: [(&str, &str, &str); 8] = [
    ("list", "1", "document.querySelector('[data-product]')"),
    (
        "panel",
        "document.querySelector('[data-product=\"2\"] [data-cell=image]').click()",
        "!document.getElementById('panel').hidden",
    ),
    (
        "add",
        "document.getElementById('open-add').click()",
        "document.querySelector('[data-mode=add]')",
    ),
    (
        "selection",
        "(document.querySelector('[data-form-cancel]').click(), \
            document.querySelector('[data-product=\"2\"] [data-select]').click())",
        "!document.getElementById('selection').hidden",
    ),
    (
        "bulk",
        "document.querySelector('[data-bulk=off_sale]').click()",
        "document.getElementById('bulk').open",
    ),
    (
        "import",
        "(document.querySelector('[data-bulk-cancel]').click(), \
            document.querySelector('[data-selection-clear]').click(), \
            document.getElementById('open-import').click())",
        "document.getElementById('import').open",
    ),
    (
        "shortcuts",
        "(document.querySelector('[data-import-close]').click(), \
            document.getElementById('open-shortcuts').click())",
        "document.getElementById('shortcuts').open",
    ),
    (
        "history",
        "(document.querySelector('#shortcuts button').click(), \
            document.getElementById('open-history').click())",
        "document.querySelector('.past')",
    ),
];

#[tokio::test]
#[ignore = "needs Chromium and Node; cargo xtask test runs it"]
async fn axe_finds_nothing_in_any_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    for (code, stock) in [("a", 9), ("b", 3), ("c", 0)] {
        let mut product = draft(code);
        product["stock"] = json!(stock);
        product["status"] = json!(code != "c");
        product["description"] = json!("In words.");
        assert_eq!(program.http().post(&product).await.status(), 201);
    }
    let patch = json!({"price": 7, "description": "In other words."});
    let http = program.http();
    let changed = http.send(Method::PATCH, "/api/products/2", &patch).await;
    assert_eq!(changed.status(), 200);
    let mut found = Vec::new();
    for (look, language) in [
        (Look::Desktop, "en"),
        (Look::DesktopDark, "es"),
        (Look::Phone, "es"),
        (Look::PhoneDark, "en"),
        (Look::Tablet, "en"),
        (Look::TabletDark, "es"),
        (Look::Wide, "es"),
        (Look::WideDark, "en"),
    ] {
        let browser = Browser::open_in(language, look).await;
        let mut note = async |state: &str| {
            browser
                .screenshot(&format!("state-{state}-{look:?}").to_lowercase())
                .await;
            for violation in browser.axe().await {
                found.push(format!("{state} {look:?}: {violation}"));
            }
        };
        for (state, path) in [("home", "/"), ("nowhere", "/no/such/page")] {
            browser.goto(&program.host, path).await;
            note(state).await;
        }
        browser.open_live(&program.host).await;
        for (state, way, is_there) in STATES {
            browser.value(&format!("({way}, 1)")).await;
            browser.until(is_there).await;
            note(state).await;
        }
        browser.close().await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
