//! The HTML shells and the files they name.

use std::io::Read;

use crate::support::{Http, Program, Server, data_file, draft, program};
use reqwest::Method;
use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
    SET_COOKIE,
};
use serde_json::json;
use shared::LowStock;
use vitrina::Options;

async fn html(http: &Http, path: &str, language: &str) -> String {
    let request = http.request(Method::GET, path);
    let response = request.header("accept-language", language).send().await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    // Handlebars escapes it, too.
    let page = response.text().await.expect("a text");
    page.replace("&#x3D;", "=")
}

#[tokio::test]
async fn the_root_shows_the_list_as_html_and_runs_nothing() {
    let server = Server::start();
    let http = server.http();
    let empty = html(&http, "/", "en").await;
    assert!(empty.contains("There is nothing here yet."));
    let mut odd = draft("<b>&\"'");
    odd["title"] = json!("<script>alert(1)</script>");
    assert_eq!(http.post(&odd).await.status(), 201);
    let page = html(&http, "/", "en").await;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("19.99"));
    assert!(
        !page.contains("<script"),
        "no script and no socket at the root"
    );
}

#[tokio::test]
async fn a_long_list_has_fifty_a_page() {
    let server = Server::start();
    let http = server.http();
    for number in 1..=51 {
        http.add(&format!("code-{number}-")).await;
    }
    let first = html(&http, "/", "en").await;
    assert_eq!(first.matches("data-product=").count(), 50);
    assert!(
        first.contains("code-51-") && !first.contains("code-1-"),
        "newest first"
    );
    assert!(first.contains("Page 1 of 2"));
    for path in ["/?page=2", "/?page=99"] {
        let last = html(&http, path, "en").await;
        assert_eq!(last.matches("data-product=").count(), 1);
        assert!(last.contains("code-1-"));
    }
    assert_eq!(
        html(&http, "/?page=x", "en")
            .await
            .matches("data-product=")
            .count(),
        50
    );
}

#[tokio::test]
async fn the_live_page_has_a_form_and_no_product() {
    let server = Server::start();
    server.http().add("secret-code").await;
    let page = html(&server.http(), "/realtimeproducts", "en").await;
    assert!(page.contains("<form") && page.contains("<template"));
    assert!(
        !page.contains("secret-code"),
        "products come over the socket"
    );
    let scripts: Vec<_> = page.match_indices("<script").collect();
    assert_eq!(scripts.len(), 2, "the loader, and words that are no code");
    assert!(page.contains("<script type=\"application/json\""));
}

#[tokio::test]
async fn pages_speak_the_readers_language_and_remember_a_choice() {
    let server = Server::start();
    let http = server.http();
    assert!(
        html(&http, "/", "es-AR,es;q=0.9")
            .await
            .contains("Productos")
    );
    assert!(html(&http, "/", "de").await.contains("Products"));
    let opened = http.request(Method::GET, "/realtimeproducts?lang=es");
    let opened = opened.header("accept", "text/html,*/*;q=0.8").send().await;
    let chosen = opened.expect("an answer");
    assert_eq!(chosen.status(), 303);
    // Relative: the page may be under any path.
    assert_eq!(chosen.headers()[LOCATION], "realtimeproducts");
    let cookie = chosen.headers()[SET_COOKIE].to_str().expect("a text");
    assert!(cookie.starts_with("lang=es; "), "{cookie}");
    for attribute in ["Path=/", "Max-Age=", "SameSite=Lax", "HttpOnly"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let request = http.request(Method::GET, "/realtimeproducts");
    let request = request.header("cookie", "x=1; lang=es");
    let response = request.header("accept-language", "en").send().await;
    let page = response.expect("an answer").text().await.expect("a text");
    assert!(page.contains("<html lang=\"es\">") && page.contains("Productos en vivo"));
}

/// The addresses of files in a page.
fn links(page: &str) -> Vec<String> {
    let mut links = Vec::new();
    for part in page.split('"') {
        if part.contains("?v=") {
            links.push(format!("/{part}"));
        }
    }
    links
}

#[tokio::test]
async fn every_file_a_page_names_is_there_and_may_be_kept_for_ever() {
    let server = Server::start();
    let http = server.http();
    let links = links(&html(&http, "/realtimeproducts", "en").await);
    for name in [
        "boot.js",
        "client.js",
        "client_bg.wasm",
        "style.css",
        "favicon.svg",
    ] {
        assert!(
            links.iter().any(|link| link.contains(name)),
            "{name} in {links:?}"
        );
    }
    for link in links {
        let response = http.get(&link).await;
        assert_eq!(response.status(), 200, "{link}");
        let cache = response.headers()[CACHE_CONTROL].to_str().expect("a text");
        assert!(cache.contains("immutable"), "{link}: {cache}");
        let etag = response.headers()[ETAG].clone();
        let again = http.request(Method::GET, &link).header(IF_NONE_MATCH, etag);
        let again = again.send().await.expect("an answer");
        assert_eq!(again.status(), 304, "{link}");
        let (plain, _) = link.split_once('?').expect("a mark");
        let unmarked = http.get(plain).await;
        assert_eq!(unmarked.headers()[CACHE_CONTROL], "no-cache", "{plain}");
    }
    let wasm = http.get("/assets/client_bg.wasm").await;
    assert_eq!(wasm.headers()[CONTENT_TYPE], "application/wasm");
    assert_eq!(http.get("/assets/nothing.js").await.status(), 404);
    assert_eq!(http.get("/assets/../Cargo.toml").await.status(), 404);
}

#[tokio::test]
async fn files_come_compressed_to_who_takes_that() {
    let server = Server::start();
    let http = server.http();
    let plain = http.get("/assets/client_bg.wasm").await;
    assert!(plain.headers().get(CONTENT_ENCODING).is_none());
    let whole = plain.bytes().await.expect("a body").len();
    let request = http.request(Method::GET, "/assets/client_bg.wasm");
    let request = request.header(ACCEPT_ENCODING, "gzip, br;q=0");
    let gzip = request.send().await.expect("an answer");
    // A debug build reads files from disk, where they are as they are.
    if cfg!(debug_assertions) {
        assert_eq!(gzip.bytes().await.expect("a body").len(), whole);
    } else {
        assert_eq!(gzip.headers()[CONTENT_ENCODING], "gzip");
        assert!(gzip.bytes().await.expect("a body").len() * 2 < whole);
        let request = http.request(Method::GET, "/assets/client_bg.wasm");
        let br = request.header(ACCEPT_ENCODING, "gzip, br").send().await;
        assert_eq!(br.expect("an answer").headers()[CONTENT_ENCODING], "br");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = Server::start();
    for path in [
        "/",
        "/realtimeproducts",
        "/api/products",
        "/nothing",
        "/assets/boot.js",
    ] {
        let response = server.http().get(path).await;
        let header = |name: &str| {
            response.headers()[name]
                .to_str()
                .expect("a text")
                .to_owned()
        };
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
    }
}

/// What a browser sends that opens a page.
async fn open(http: &Http, path: &str) -> reqwest::Response {
    let request = http.request(Method::GET, path);
    let request = request.header("accept", "text/html,*/*;q=0.8");
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn an_unknown_page_is_a_page_for_people_and_a_problem_for_programs() {
    let server = Server::start();
    let http = server.http();
    for (path, root) in [("/nothing", ""), ("/no/such/page", "../../")] {
        let page = open(&http, path).await;
        assert_eq!(page.status(), 404);
        assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let page = page.text().await.expect("a text");
        assert!(
            page.contains(&format!("href=\"{root}./\"")),
            "{path}: {page}"
        );
        assert!(
            page.contains(&format!("href=\"{root}views/style.css?v=")),
            "{path}"
        );
        let problem = http.get(path).await;
        assert_eq!(problem.headers()[CONTENT_TYPE], "application/problem+json");
    }
    for (path, to) in [
        ("/realTimeProducts", "realtimeproducts"),
        ("/realtimeproducts/", "../realtimeproducts"),
        ("/RealTimeProducts//?q=a", "../../realtimeproducts?q=a"),
    ] {
        let redirect = open(&http, path).await;
        assert_eq!(redirect.status(), 308, "{path}");
        assert_eq!(redirect.headers()[LOCATION], to);
    }
    let nowhere = open(&http, "//realtimeproducts").await;
    assert_eq!(nowhere.status(), 404, "a redirect would lead back here");
}

#[tokio::test]
async fn another_language_shows_the_same_page() {
    let server = Server::start();
    let http = server.http();
    let page = html(&http, "/?page=2&q=a%26b", "en").await;
    assert!(
        page.contains("href=\"?page=2&amp;q=a%26b&amp;lang=es\""),
        "{page}"
    );
    let chosen = open(&http, "/?page=2&q=a%26b&lang=es").await;
    assert_eq!(chosen.status(), 303);
    assert_eq!(chosen.headers()[LOCATION], "./?page=2&q=a%26b");
    let chosen = open(&http, "/realtimeproducts?stock=low&lang=es").await;
    assert_eq!(chosen.headers()[LOCATION], "realtimeproducts?stock=low");
}

#[tokio::test]
async fn the_plain_list_shows_what_its_address_says() {
    let server = Server::start();
    let http = server.http();
    for (code, price, stock) in [("lamp-1", 5.0, 0), ("lamp-2", 9.0, 3), ("mug", 7.0, 40)] {
        let mut product = draft(code);
        product["price"] = json!(price);
        product["stock"] = json!(stock);
        assert_eq!(http.post(&product).await.status(), 201);
    }
    let codes = async |path: &str| -> Vec<String> {
        let page = html(&http, path, "en").await;
        let parts = page.split("data-code dir=\"auto\">").skip(1);
        parts
            .filter_map(|part| Some(part.split('<').next()?.to_owned()))
            .collect()
    };
    assert_eq!(codes("/").await, ["mug", "lamp-2", "lamp-1"]);
    assert_eq!(codes("/?q=LAMP&sort=price").await, ["lamp-1", "lamp-2"]);
    assert_eq!(codes("/?stock=low").await, ["lamp-2"]);
    assert_eq!(codes("/?stock=out").await, ["lamp-1"]);
    assert_eq!(codes("/?min_price=6&max_price=8").await, ["mug"]);
    assert_eq!(codes("/?category=nothing").await, Vec::<String>::new());
    // What can't be read is as if it were not there.
    assert_eq!(
        codes("/?sort=colour&stock=much&page=x").await,
        ["mug", "lamp-2", "lamp-1"]
    );
    let page = html(&http, "/?q=lamp&sort=-stock", "en").await;
    assert!(page.contains("value=\"lamp\"") && page.contains("value=\"-stock\" selected"));
    assert!(
        page.contains("href=\"realtimeproducts?q=lamp&amp;sort=-stock\""),
        "{page}"
    );
}

#[tokio::test]
async fn without_script_nothing_waits_and_nothing_is_dead() {
    let server = Server::start();
    let http = server.http();
    let page = html(&http, "/realtimeproducts?stock=low", "en").await;
    let noscript = page
        .split("<noscript>")
        .nth(1)
        .expect("words without script");
    assert!(
        noscript.contains("href=\"./?stock=low\""),
        "it leads to the same list"
    );
    assert!(page.contains("id=\"panel\"") && page.contains("hidden>"));
    let style = http
        .get("/views/style.css")
        .await
        .text()
        .await
        .expect("a text");
    assert!(style.contains("@media (scripting: none)"));
    // The search is a form of the plain list.
    assert!(page.contains("role=\"search\" action=\"./\" method=\"get\""));
}

#[tokio::test]
async fn a_device_is_told_what_it_puts_on_its_home_screen() {
    let server = Server::start();
    let http = server.http();
    let page = html(&http, "/realtimeproducts", "es").await;
    for part in [
        "name=\"description\"",
        "name=\"theme-color\"",
        "rel=\"apple-touch-icon\"",
        "rel=\"manifest\"",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let manifest = http.get("/manifest.webmanifest").await;
    assert_eq!(
        manifest.headers()[CONTENT_TYPE],
        "application/manifest+json"
    );
    let manifest: serde_json::Value = manifest.json().await.expect("JSON");
    assert_eq!(manifest["start_url"], "realtimeproducts");
    for icon in manifest["icons"].as_array().expect("a list") {
        let url = format!("/{}", icon["src"].as_str().expect("a text"));
        assert_eq!(http.get(&url).await.status(), 200, "{url}");
    }
}

#[tokio::test]
async fn prices_are_in_the_currency_of_the_shop() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    command.args(["--currency", "eur"]);
    let program = Program::run(command);
    let http = program.http();
    http.add("a").await;
    assert!(html(&http, "/", "es").await.contains("19,99\u{a0}EUR"));
    let live = html(&http, "/realtimeproducts", "es").await;
    assert!(live.contains("data-currency=\"EUR\""));
}

#[tokio::test]
async fn pages_come_packed_to_who_takes_that() {
    let server = Server::start();
    let http = server.http();
    for path in ["/", "/realtimeproducts"] {
        let plain = http.get(path).await;
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        let plain = plain.text().await.expect("a text");
        let request = http.request(Method::GET, path);
        let packed = request.header(ACCEPT_ENCODING, "gzip").send().await;
        let packed = packed.expect("an answer");
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        let vary: Vec<_> = packed.headers().get_all("vary").into_iter().collect();
        let vary = format!("{vary:?}");
        assert!(vary.contains("accept-encoding") && vary.contains("accept-language"));
        let packed = packed.bytes().await.expect("a body");
        let mut unpacked = String::new();
        let mut reader = flate2::read::GzDecoder::new(&*packed);
        reader.read_to_string(&mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain);
    }
}

#[tokio::test]
async fn a_shop_says_how_few_are_few() {
    let server = Server::start_with(Options {
        low_stock: LowStock(9),
        ..Options::default()
    });
    let http = server.http();
    for (code, stock) in [("none", 0), ("few", 9), ("many", 10)] {
        let mut product = draft(code);
        product["stock"] = json!(stock);
        assert_eq!(http.post(&product).await.status(), 201);
    }
    let found = http.get("/api/products?stock=low").await;
    let found: serde_json::Value = found.json().await.expect("JSON");
    assert_eq!(
        (&found["count"], &found["products"][0]["code"]),
        (&json!(1), &json!("few"))
    );
    let page = html(&http, "/?stock=low", "en").await;
    assert!(page.contains("Product few") && !page.contains("Product none"));
    let live = html(&http, "/realtimeproducts", "en").await;
    assert!(live.contains("data-low-stock=\"9\""));
}
