//! The API's description, held against the server: by schemathesis, which makes requests of it,
//! and by a look at the page that shows it.

use std::process::Command;

use crate::support::{Browser, Look, Program};
use reqwest::Method;
use serde_json::Value;

/// `cargo xtask test` puts it there.
const SCHEMATHESIS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/python/bin/schemathesis"
);

/// One of the files beside this one that schemathesis reads.
fn settings(name: &str) -> String {
    format!("{}/tests/schemathesis/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn start() -> (Program, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&crate::support::data_file(&folder));
    (program, folder)
}

async fn document(program: &Program) -> Value {
    let response = program.http().get("/api/openapi.json").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.expect("JSON")
}

#[test]
#[ignore = "needs schemathesis; cargo xtask test runs it"]
fn the_description_holds() {
    let (program, folder) = start();
    let status = Command::new(SCHEMATHESIS)
        .args(["--config-file", &settings("schemathesis.toml")])
        .args(["run", "--no-color"])
        .arg(format!("http://{}/api/openapi.json", program.host))
        .env("SCHEMATHESIS_HOOKS", settings("hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // What it keeps for its next run is gone with the folder.
        .current_dir(folder.path())
        .status();
    let status = status.expect("schemathesis is installed by `cargo xtask test`");
    assert!(status.success(), "the description doesn't hold");
}

#[tokio::test]
async fn every_route_is_described_with_its_methods() {
    let (program, _folder) = start();
    let document = document(&program).await;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 13);
    for (path, operations) in paths {
        let operations = operations.as_object().expect("operations");
        let mut described: Vec<String> =
            operations.keys().map(|name| name.to_uppercase()).collect();
        if operations.contains_key("get") {
            described.push("HEAD".to_owned());
        }
        let path = path.replace("{id}", "1");
        let http = program.http();
        let response = http.request(Method::OPTIONS, &path).send().await;
        let response = response.expect("an answer");
        let allow = response.headers()["allow"].to_str().expect("a text");
        let mut allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
        described.sort_unstable();
        allowed.sort_unstable();
        assert_eq!(described, allowed, "{path}");
    }
}

#[tokio::test]
#[ignore = "needs Chromium; cargo xtask test runs it"]
async fn the_documentation_shows_it_and_loads_nothing_from_elsewhere() {
    let (program, _folder) = start();
    let operations = document(&program).await;
    let operations = operations["paths"].as_object().expect("paths").values();
    let count: usize = operations
        .map(|path| path.as_object().map_or(0, serde_json::Map::len))
        .sum();
    for look in [Look::Desktop, Look::Phone] {
        let browser = Browser::open(look).await;
        browser.goto(&program.host, "/api/docs").await;
        let shown = "document.querySelectorAll('.opblock').length";
        browser.until(&format!("{shown} === {count}")).await;
        // Every file it wanted came, and from here.
        let elsewhere = "performance.getEntriesByType('resource').filter(entry => \
            !entry.name.startsWith(location.origin + '/') && !entry.name.startsWith('data:')\
            || entry.responseStatus >= 400).length";
        assert_eq!(browser.value(elsewhere).await, 0);
        browser
            .screenshot(&format!("docs-{look:?}").to_lowercase())
            .await;
        browser.close().await;
    }
}
