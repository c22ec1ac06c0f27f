//! A live page of several servers, in a real browser: it goes on at another server, says when nothing can
//! be saved, and shows what the database has.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Browser, Look, Postgres, Program, Proxy, draft};
use serde_json::json;

fn start(postgres: &Postgres) -> Program {
    Program::start(Path::new(&postgres.url()))
}

fn port(program: &Program) -> u16 {
    let (_, port) = program.host.rsplit_once(':').expect("a port");
    port.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and PostgreSQL; cargo xtask test runs it"]
async fn a_page_goes_on_at_another_server() {
    let postgres = Postgres::start();
    let mut servers = vec![start(&postgres), start(&postgres), start(&postgres)];
    // Leads to the first of them that is there, as a balancer does.
    let ports: Vec<u16> = servers.iter().map(port).collect();
    let balancer = Proxy::start(&ports).await;
    servers[2].http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser
        .open_live(&format!("127.0.0.1:{}", balancer.port))
        .await;
    browser.until_titles(&["Product a"]).await;
    browser
        .value("document.querySelector('[data-product]').dataset.ours = 'yes'")
        .await;
    let mut titles = vec!["Product a".to_owned()];
    for round in 0..2 {
        let killed = Instant::now();
        let mut server = servers.remove(0);
        server.kill();
        let code = format!("round {round}");
        servers[0].http().add(&code).await;
        titles.insert(0, format!("Product {code}"));
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        browser.until_titles(&titles).await;
        browser.until_live().await;
        println!("live at another server after {:?}", killed.elapsed());
    }
    let kept = "document.querySelector('[data-product=\"1\"]').dataset.ours";
    assert_eq!(
        browser.value(kept).await,
        "yes",
        "it went on from where it was"
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and PostgreSQL; cargo xtask test runs it"]
async fn a_page_says_that_nothing_can_be_saved_and_keeps_what_is_asked() {
    let mut postgres = Postgres::start();
    let server = start(&postgres);
    server.http().add("a").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&server.host).await;
    let mut others = Vec::new();
    for look in [Look::DesktopDark, Look::Phone, Look::PhoneDark] {
        let other = Browser::open_in("es", look).await;
        other.goto(&server.host, "/realtimeproducts").await;
        other.until_titles(&["Product a"]).await;
        others.push((format!("{look:?}").to_lowercase(), other));
    }
    postgres.nodes[0].kill();
    browser
        .until_text("[data-status-text]", "Live, nothing can be saved")
        .await;
    browser.screenshot("live-read-only-desktop").await;
    for (look, other) in others {
        other
            .until_text("[data-status-text]", "En vivo, no se puede guardar")
            .await;
        other.screenshot(&format!("live-read-only-{look}")).await;
        other.close().await;
    }
    // What is asked for meanwhile is done when it can be.
    browser.fill("My lamp", "lamp").await;
    browser.click("[data-form-submit]").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    postgres.nodes[0].start();
    browser.until_titles(&["My lamp", "Product a"]).await;
    browser.until_live().await;
    browser.until_text("[data-status-text]", "Live").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and PostgreSQL; cargo xtask test runs it"]
async fn a_page_shows_no_product_of_a_list_that_is_no_longer_there() {
    let postgres = Postgres::start();
    let server = start(&postgres);
    let http = server.http();
    http.add("a").await;
    let dump = postgres.dump();
    http.add("b").await;
    let browser = Browser::open(Look::Desktop).await;
    browser.open_live(&server.host).await;
    browser.until_titles(&["Product b", "Product a"]).await;
    postgres.restore(&dump);
    browser.until_titles(&["Product a"]).await;
    browser.until_live().await;
    // The id of the one that is gone is another product's now.
    assert_eq!(http.add("c").await, 2);
    let patch = json!({"stock": 9});
    let changed = http.send(reqwest::Method::PATCH, "/api/products/2", &patch);
    assert_eq!(changed.await.status(), 200);
    assert_eq!(http.post(&draft("C")).await.status(), 409);
    browser.until_titles(&["Product c", "Product a"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and PostgreSQL; cargo xtask test runs it"]
async fn what_is_open_at_one_server_bears_a_mark_at_the_others() {
    let postgres = Postgres::start();
    let mut servers = [start(&postgres), start(&postgres)];
    for code in ["a", "b"] {
        servers[0].http().add(code).await;
    }
    let (here, there) = tokio::join!(Browser::open(Look::Desktop), Browser::open(Look::Desktop));
    here.open_live(&servers[0].host).await;
    there.open_live(&servers[1].host).await;
    let is_marked = |id: u64| {
        format!(
            "document.querySelector('[data-product=\"{id}\"] [data-elsewhere]')?.offsetWidth > 0"
        )
    };
    for id in [1, 2] {
        here.click(&format!("[data-product='{id}'] [data-cell=image]"))
            .await;
        there.until(&is_marked(id)).await;
        assert_eq!(there.value(&is_marked(3 - id)).await, false);
    }
    // By now the servers have looked at each other again.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let own = here.value(&is_marked(2)).await;
    assert_eq!(own, false, "one's own is not marked");
    // Of a server that is gone nothing is open.
    servers[0].kill();
    there.until(&format!("!({})", is_marked(2))).await;
    here.close().await;
    there.close().await;
}
