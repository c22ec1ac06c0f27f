//! A page that was away gets only what it missed, where anybody still knows it.

mod support;

use reqwest::Method;
use serde_json::json;
use shared::{Change, Mirror, ServerMessage};
use support::{Page, Server, draft};
use vitrina::Options;

#[tokio::test]
async fn a_page_that_was_away_gets_only_what_it_missed() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let mut page = server.page().await;
    page.until_revision(1).await;
    http.add("b").await;
    http.delete(1).await;
    let mut page = page.reopen(&server.host).await;
    page.until_revision(3).await;
    assert_eq!(page.snapshots(), 0);
    assert_eq!(page.codes(), ["b"]);
}

#[tokio::test]
async fn a_page_that_missed_nothing_is_sent_nothing_but_a_pulse() {
    let server = Server::start();
    server.http().add("a").await;
    let mut page = server.page().await;
    page.until_revision(1).await;
    let mut page = page.reopen(&server.host).await;
    page.until(|page| page.viewers > 0).await;
    assert!(page.told.is_empty(), "{:?}", page.told);
}

#[tokio::test]
async fn what_was_missed_comes_compacted_after_a_restart() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let mut page = server.page().await;
    page.until_revision(1).await;
    let new = http.add("b").await;
    for price in 1..=5 {
        let path = format!("/api/products/{new}");
        let answer = http
            .send(Method::PATCH, &path, &json!({"price": price}))
            .await;
        assert_eq!(answer.status(), 200);
    }
    // The server that comes up knows the changes from its file alone.
    let server = server.restarted(Options::default()).await;
    let mut page = page.reopen(&server.host).await;
    page.until_revision(7).await;
    assert_eq!(page.snapshots(), 0);
    let [Change::Added(product)] = page.changes.as_slice() else {
        panic!("{:?}", page.changes);
    };
    assert_eq!(product.draft.price.to_string(), "5.00");
    assert_eq!(product.revision.0, 7);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_after_a_restart() {
    let server = Server::start();
    let mut page = Page::open(&server.host, "page=p1").await;
    page.add(1, &draft("a")).await;
    let first = page.answer(1).await;
    let server = server.restarted(Options::default()).await;
    let mut page = Page::open(&server.host, "page=p1").await;
    page.add(1, &draft("a")).await;
    assert_eq!(page.answer(1).await, first);
    page.until_revision(1).await;
    assert_eq!(page.catalog().len(), 1);
}

#[tokio::test]
async fn a_page_of_another_catalog_gets_a_snapshot() {
    let server = Server::start();
    server.http().add("a").await;
    let mut page = Page::open(&server.host, "catalog=another&since=1").await;
    page.until_revision(1).await;
    assert_eq!(page.snapshots(), 1);
    assert_eq!(page.codes(), ["a"]);
}

#[tokio::test]
async fn a_page_from_the_future_gets_a_snapshot() {
    let server = Server::start();
    server.http().add("a").await;
    let mut page = server.page().await;
    page.until_revision(1).await;
    let (catalog, _) = page.mirror.position().expect("a position");
    let query = format!("catalog={catalog}&since=99");
    let mut page = Page::open(&server.host, &query).await;
    page.until_revision(1).await;
    assert_eq!((page.snapshots(), page.revision().0), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_away_too_long_gets_a_snapshot() {
    let server = Server::start();
    let mut page = server.page().await;
    page.until_loaded().await;
    let (catalog, since) = page.mirror.position().expect("a position");
    // One more change than is kept.
    let changes = vitrina::journal::KEPT_CHANGES as u64 + 1;
    page.add(0, &draft("a")).await;
    let mut sent = 1;
    while sent < changes {
        let until = changes.min(sent + 1_000);
        for request in sent..until {
            let patch = json!({"stock": request});
            page.send(&json!({"type": "update", "request": request, "id": 1, "patch": patch}))
                .await;
        }
        page.until_revision(until).await;
        sent = until;
    }
    for (since, snapshots) in [(since.0, 1), (since.0 + 1, 0)] {
        let query = format!("catalog={catalog}&since={since}");
        let mut page = Page::open(&server.host, &query).await;
        page.until(|page| page.viewers > 0).await;
        assert_eq!(page.snapshots(), snapshots, "since {since}");
        let is_compacted = |m: &ServerMessage| match m {
            ServerMessage::Changes { changes, .. } => changes.len() == 1,
            _ => true,
        };
        assert!(page.told.iter().all(is_compacted));
    }
}

#[tokio::test]
async fn a_page_from_any_revision_ends_up_with_the_same_list() {
    const CHANGES: u64 = 80;
    let server = Server::start();
    let mut page = server.page().await;
    page.until_loaded().await;
    let mut known = vec![page.mirror.clone()];
    // Additions, updates and deletions of few products, so that they meet.
    while page.revision().0 < CHANGES {
        let before = page.revision().0;
        let ids: Vec<u64> = page
            .catalog()
            .products()
            .map(|product| product.id.0)
            .collect();
        let pick = rand::random_range(0..=ids.len());
        match ids.get(pick) {
            Some(id) if rand::random_bool(0.4) => page.delete(before, *id).await,
            Some(id) => {
                let patch = json!({"stock": before + 100});
                page.send(&json!({"type": "update", "request": before, "id": id, "patch": patch}))
                    .await;
            }
            None => page.add(before, &draft(&format!("code {before}"))).await,
        }
        page.until_revision(before + 1).await;
        known.push(page.mirror.clone());
    }
    // Once from the frames that were sent to pages in step, once compacted from the file.
    everyone_catches_up(&server, &known, &page).await;
    let server = server.restarted(Options::default()).await;
    everyone_catches_up(&server, &known, &page).await;
}

async fn everyone_catches_up(server: &Server, known: &[Mirror], wanted: &Page) {
    for mirror in known {
        let (catalog, since) = mirror.position().expect("a position");
        let query = format!("catalog={catalog}&since={since}");
        let mut page = Page::open(&server.host, &query).await;
        page.mirror = mirror.clone();
        page.until(|page| page.viewers > 0).await;
        assert_eq!(page.snapshots(), 0);
        assert_eq!(page.catalog(), wanted.catalog(), "since {since}");
        assert_eq!(page.catalog().digest(), wanted.catalog().digest());
    }
}
