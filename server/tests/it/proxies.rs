//! The proxies that people put in front, the real ones, configured as the README shows: whatever there is
//! works through them.

use std::fmt::Write;
use std::process::Command;
use std::time::Duration;

use crate::support::front::{Front, readme};
use crate::support::program::command;
use crate::support::script::{python, run};
use crate::support::{Browser, Client, Http, Look, Program, data_file, draft};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, ORIGIN};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

/// Long enough for what is not held back.
const SOON: Duration = Duration::from_secs(10);

fn start(more: &[&str]) -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(&data_file(&folder), "127.0.0.1:0");
    let program = Program::run({
        command.args(more);
        command
    });
    (program, folder)
}

/// Reads an answer until it has this text.
async fn until(mut answer: Response, wanted: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while !text.contains(wanted)
            && let Ok(Some(piece)) = answer.chunk().await
        {
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    let _ = timeout(SOON, reading).await;
    assert!(text.contains(wanted), "no {wanted} in {text}");
    text
}

/// A file of 20 MB.
fn large_file() -> String {
    let mut file = String::from("title,description,code,price,stock,category\n");
    let description = "x".repeat(1_950);
    for row in 0..10_000 {
        writeln!(file, "Tea,{description},row {row},2.5,3,tea").expect("a text");
    }
    file
}

/// With its progress, and without.
const IMPORTS: [&str; 3] = ["dry_run=true", "dry_run=true&progress=true", ""];

/// Tries everything through a proxy.
async fn works_through(host: &str, name: &str, imports: &[&str]) {
    let http = Http::of(host);
    for path in ["/", "/realtimeproducts", "/api/docs/", "/api/openapi.json"] {
        assert_eq!(http.get(path).await.status(), 200, "{name}: {path}");
    }
    let mut client = Client::open(host, "").await;
    client.until_loaded().await;
    let events = http.get("/api/products/stream").await;
    let polled = http.get("/socket.io/?EIO=4&transport=polling").await;
    assert_eq!(polled.status(), 200, "{name}");
    let written = http
        .request(Method::POST, "/api/products")
        .header(ORIGIN, format!("http://{host}"))
        .json(&draft("a"));
    let written = written.send().await.expect("an answer");
    assert_eq!(written.status(), 201, "{name}");
    client.until_revision(1).await;
    until(events, "\"added\"").await;
    client.add(1, &draft("b")).await;
    client.until_revision(2).await;

    for query in imports {
        let path = format!("/api/products/import?{query}");
        let import = http.request(Method::POST, &path);
        let import = import.header(CONTENT_TYPE, "text/csv").body(large_file());
        let answer = import.send().await.expect("an answer");
        let told = answer.text().await.expect("all of it");
        assert!(told.contains("\"added\":10000"), "{name}: {told}");
        assert_eq!(
            told.contains("progress"),
            query.contains("progress"),
            "{name}"
        );
    }
    client.until_revision(10_002).await;
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn everything_works_behind_nginx() {
    let (program, _folder) = start(&[]);
    let front = Front::nginx(&program.host, &readme("nginx"));
    // It sends no more of a request once it is answered: there is no progress before the end.
    works_through(&front.host, "nginx", &["dry_run=true", ""]).await;
}

#[tokio::test]
#[ignore = "needs nginx and Python"]
async fn http_2_in_front_changes_nothing() {
    let (program, folder) = start(&[]);
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (key, certificate) = (file("key.pem"), file("cert.pem"));
    run(Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=127.0.0.1",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ]));
    let encrypted =
        format!("listen 80 ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key};");
    let front = Front::nginx(
        &program.host,
        &readme("nginx").replace("listen 80;", &encrypted),
    );
    let url = format!("https://{}", front.host);
    let said = run(python().args(["http2.py", &url]));
    assert_eq!(said.trim(), "HTTP/2");
}

#[tokio::test]
#[ignore = "needs HAProxy"]
async fn everything_works_behind_haproxy() {
    let (program, _folder) = start(&[]);
    let front = Front::haproxy(&program.host, &readme("haproxy"));
    works_through(&front.host, "HAProxy", &IMPORTS).await;
}

#[tokio::test]
#[ignore = "needs Caddy"]
async fn everything_works_behind_caddy() {
    let (program, _folder) = start(&[]);
    let front = Front::caddy(&program.host, &readme("caddyfile"));
    works_through(&front.host, "Caddy", &IMPORTS).await;
}

#[tokio::test]
#[ignore = "needs nginx and Caddy"]
async fn entity_tags_that_a_proxy_changed_are_understood_or_told() {
    let (program, _folder) = start(&[]);
    let compressed = readme("nginx").replace(
        "listen 80;",
        "listen 80; gzip on; gzip_min_length 1; gzip_types application/json; gzip_proxied any;",
    );
    let nginx = Front::nginx(&program.host, &compressed);
    let compressed = readme("caddyfile").replace("reverse", "encode gzip\nreverse");
    let caddy = Front::caddy(&program.host, &compressed);
    let mut large = draft("large");
    large["description"] = json!("x".repeat(2_000));
    for (name, front) in [("nginx", nginx), ("Caddy", caddy)] {
        let added = program.http().post(&large).await;
        let product: Value = added.json().await.expect("a product");
        let (path, own) = (
            format!("/api/products/{}", product["id"]),
            format!("\"{}\"", product["revision"]),
        );
        let http = Http::of(&front.host);
        let get = || {
            let get = http.request(Method::GET, &path);
            get.header(ACCEPT_ENCODING, "gzip")
        };
        let answer = get().send().await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], "gzip", "{name}");
        let tag = answer.headers()[ETAG].clone();
        let again = get().header(IF_NONE_MATCH, &tag).send().await;
        assert_eq!(again.expect("an answer").status(), 304, "{name}: {tag:?}");
        let delete = http.request(Method::DELETE, &path);
        let delete = delete.header(IF_MATCH, &tag).send().await;
        let delete = delete.expect("an answer");
        if tag == *own {
            // It only compressed.
            assert_eq!(delete.status(), 204, "{name}");
            continue;
        }
        assert_eq!(delete.status(), 412, "{name}: {tag:?}");
        let problem: Value = delete.json().await.expect("a problem");
        assert_eq!(problem["code"], "weakened_tag", "{name}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains(&format!("If-Match: {own}")), "{detail}");
        let delete = http.request(Method::DELETE, &path);
        let delete = delete.header(IF_MATCH, own).send().await;
        assert_eq!(delete.expect("an answer").status(), 204, "{name}");
    }
}

/// nginx as tutorials have it: nothing but `proxy_pass`.
fn tutorial(location: &str, to: &str) -> String {
    format!(
        "map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}\n\
         server {{ listen 80; location {location} {{ proxy_pass {to}; proxy_http_version 1.1;\n\
         proxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection $connection_upgrade; }} }}"
    )
}

#[tokio::test]
#[ignore = "needs nginx and Chromium"]
async fn a_page_whose_proxy_changes_the_name_says_so() {
    let (program, _folder) = start(&[]);
    let front = Front::nginx(&program.host, &tutorial("/", "http://127.0.0.1:8080"));
    for (language, look, words) in [
        ("en", Look::Desktop, "has to pass the Host header on"),
        ("en", Look::DesktopDark, "has to pass the Host header on"),
        ("es", Look::Phone, "debe transmitir la cabecera Host"),
        ("es", Look::PhoneDark, "debe transmitir la cabecera Host"),
    ] {
        let browser = Browser::open_in(language, look).await;
        browser.goto(&front.host, "/realtimeproducts").await;
        let notice = "document.getElementById('other-host')";
        browser.until(&format!("!{notice}.hidden")).await;
        let said = browser.value(&format!("{notice}.innerText")).await;
        let said = said.as_str().expect("a text").to_owned();
        assert!(
            said.contains(words) && said.contains(&program.host),
            "{said}"
        );
        browser
            .screenshot(&format!("other-host-{look:?}").to_lowercase())
            .await;
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs nginx and Chromium"]
async fn everything_works_under_a_path() {
    for (flags, to, base) in [
        // The proxy takes the path off, and nobody said so: the pages work all the same.
        (&[][..], "http://127.0.0.1:8080/", ""),
        (
            &["--base-path", "/shop"][..],
            "http://127.0.0.1:8080/",
            "/shop",
        ),
        (
            &["--base-path", "/shop/"][..],
            "http://127.0.0.1:8080",
            "/shop",
        ),
    ] {
        let (program, _folder) = start(flags);
        let configuration = tutorial("/shop/", to).replace(
            "proxy_http_version 1.1;",
            "proxy_http_version 1.1; proxy_set_header Host $http_host;",
        );
        let front = Front::nginx(&program.host, &configuration);
        let http = Http::of(&front.host);
        let added = http
            .send(Method::POST, "/shop/api/products", &draft("a"))
            .await;
        assert_eq!(added.status(), 201);
        assert_eq!(
            added.headers()["location"],
            format!("{base}/api/products/1")
        );
        http.send(Method::POST, "/shop/api/products", &draft("b"))
            .await;
        let page = http.get("/shop/api/products?limit=1").await;
        let link = page.headers()["link"].to_str().expect("a text");
        assert!(
            link.starts_with(&format!("<{base}/api/products?limit=1&after")),
            "{link}"
        );
        let document: Value = http
            .get("/shop/api/openapi.json")
            .await
            .json()
            .await
            .expect("JSON");
        let root = if base.is_empty() { "/" } else { base };
        assert_eq!(document["servers"][0]["url"], root);

        let browser = Browser::open(Look::Desktop).await;
        browser.goto(&front.host, "/shop/realtimeproducts").await;
        browser.until_live().await;
        browser.until_titles(&["Product b", "Product a"]).await;
        let export = "document.querySelector('a[download]').href";
        let export = browser.value(export).await;
        let path = format!(
            "http://{}/shop/api/products/export?format=csv&bom=true",
            front.host
        );
        assert_eq!(export, path);
        // The language, and back to the list.
        browser.click("[popovertarget=menu]").await;
        browser.click("a[hreflang=es]").await;
        browser
            .until("document.documentElement.lang === 'es'")
            .await;
        browser.until_live().await;
        browser.click("a.brand").await;
        let at = "location.pathname === '/shop/' && document.documentElement.lang === 'es'";
        browser.until(at).await;
        browser.goto(&front.host, "/shop/api/docs").await;
        let shown = "document.querySelectorAll('.opblock').length > 5";
        browser.until(shown).await;
        browser.close().await;
    }
}

#[tokio::test]
#[ignore = "needs nginx and Chromium"]
async fn the_page_imports_a_large_file_through_a_proxy_and_shows_how_far_it_is() {
    let (program, folder) = start(&[]);
    let front = Front::nginx(&program.host, &readme("nginx"));
    let file = folder.path().join("products.csv");
    std::fs::write(&file, large_file()).expect("a file");
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&front.host).await;
    let watch = "(() => { \
        const bar = document.querySelector('[data-import-progress]'); \
        const look = () => { \
            window.hasMoved ||= !bar.hidden && bar.value > 0 && bar.value < 1; \
            requestAnimationFrame(look); \
        }; look() })()";
    browser.value(watch).await;
    browser.click("[popovertarget=menu]").await;
    browser.click("#open-import").await;
    let path = file.to_str().expect("a text");
    browser.type_into("[data-import-file]", path).await;
    let summary = "[data-import-summary]";
    browser.until_text(summary, "10,000 new").await;
    assert_eq!(browser.value("window.hasMoved").await, true);
    browser.click("[data-import-start]").await;
    browser.until_text(summary, "10,000 added").await;
    browser.screenshot("import-behind-nginx").await;
    browser.close().await;
}

#[tokio::test]
async fn a_base_path_is_served_with_it_and_without() {
    let (program, _folder) = start(&["--base-path", "/shop"]);
    let http = program.http();
    for path in [
        "/shop/",
        "/",
        "/shop/realtimeproducts",
        "/shop/api/products",
        "/api/products",
    ] {
        assert_eq!(http.get(path).await.status(), 200, "{path}");
    }
    let root = http.get("/shop").await;
    assert_eq!(root.status(), 308);
    assert_eq!(root.headers()["location"], "/shop/");
    let other = http.get("/shopping").await;
    assert_eq!(other.status(), 404);
    let problem: Value = other.json().await.expect("a problem");
    assert_eq!(problem["code"], "no_such_route");
    let chosen = http
        .request(Method::GET, "/shop/?lang=es")
        .header("accept", "text/html");
    let chosen = chosen.send().await.expect("an answer");
    let cookie = chosen.headers()["set-cookie"].to_str().expect("a text");
    assert!(cookie.contains("Path=/shop/"), "{cookie}");
}
