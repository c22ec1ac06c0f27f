//! A client that was away gets only what it missed, where anybody still knows it.

use crate::support::{Client, Random, Server, draft};
use reqwest::Method;
use serde_json::json;
use shared::{Change, Mirror, Revision, ServerMessage};
use vitrina::Options;

#[tokio::test]
async fn a_page_that_was_away_gets_only_what_it_missed() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let mut client = server.client().await;
    client.until_revision(1).await;
    http.add("b").await;
    http.delete(1).await;
    let mut client = client.reopen(&server.host).await;
    client.until_revision(3).await;
    assert_eq!(client.snapshots(), 0);
    assert_eq!(client.codes(), ["b"]);
}

#[tokio::test]
async fn a_page_that_missed_nothing_is_sent_nothing_but_a_pulse() {
    let server = Server::start();
    server.http().add("a").await;
    let mut client = server.client().await;
    client.until_revision(1).await;
    let mut client = client.reopen(&server.host).await;
    client.until(|client| client.viewers > 0).await;
    assert!(client.told.is_empty(), "{:?}", client.told);
}

#[tokio::test]
async fn what_was_missed_comes_compacted_after_a_restart() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let mut client = server.client().await;
    client.until_revision(1).await;
    let new = http.add("b").await;
    for price in 1..=5 {
        let path = format!("/api/products/{new}");
        let answer = http
            .send(Method::PATCH, &path, &json!({"price": price}))
            .await;
        assert_eq!(answer.status(), 200);
    }
    // The server that comes up knows the changes from its file alone.
    let server = server.restart(Options::default()).await;
    let mut client = client.reopen(&server.host).await;
    client.until_revision(7).await;
    assert_eq!(client.snapshots(), 0);
    let [Change::Added(product)] = client.changes.as_slice() else {
        panic!("{:?}", client.changes);
    };
    assert_eq!(product.draft.price.to_string(), "5.00");
    assert_eq!(product.revision.0, 7);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_after_a_restart() {
    let server = Server::start();
    let mut client = Client::open(&server.host, "page=p1").await;
    client.add(1, &draft("a")).await;
    let first = client.answer(1).await;
    let server = server.restart(Options::default()).await;
    let mut client = Client::open(&server.host, "page=p1").await;
    client.add(1, &draft("a")).await;
    assert_eq!(client.answer(1).await, first);
    client.until_revision(1).await;
    assert_eq!(client.catalog().len(), 1);
}

#[tokio::test]
async fn a_page_of_another_catalog_gets_a_snapshot() {
    let server = Server::start();
    server.http().add("a").await;
    let mut client = Client::open(&server.host, "catalog=another&since=1").await;
    client.until_revision(1).await;
    assert_eq!(client.snapshots(), 1);
    assert_eq!(client.codes(), ["a"]);
}

#[tokio::test]
async fn a_page_from_the_future_gets_a_snapshot() {
    let server = Server::start();
    server.http().add("a").await;
    let mut client = server.client().await;
    client.until_revision(1).await;
    let mut position = client.mirror.position().expect("a position");
    position.revision = Revision(99);
    let mut client = Client::open(&server.host, &position.to_query()).await;
    client.until_revision(1).await;
    assert_eq!((client.snapshots(), client.revision().0), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_away_too_long_gets_a_snapshot() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    let first = client.mirror.position().expect("a position");
    // One more change than is retained.
    let changes = vitrina::journal::RETAINED_CHANGES as u64 + 1;
    client.add(0, &draft("a")).await;
    client.until_revision(1).await;
    let second = client.mirror.position().expect("a position");
    let mut sent = 1;
    while sent < changes {
        let until = changes.min(sent + 1_000);
        for request in sent..until {
            let patch = json!({"stock": request});
            client
                .send(&json!({"type": "update", "request": request, "id": 1, "patch": patch}))
                .await;
        }
        client.until_revision(until).await;
        sent = until;
    }
    for (position, snapshots) in [(first, 1), (second, 0)] {
        let mut client = Client::open(&server.host, &position.to_query()).await;
        client.until(|client| client.viewers > 0).await;
        assert_eq!(client.snapshots(), snapshots, "{position:?}");
        let is_compacted = |m: &ServerMessage| match m {
            ServerMessage::Changes { changes, .. } => changes.len() == 1,
            _ => true,
        };
        assert!(client.told.iter().all(is_compacted));
    }
}

#[tokio::test]
async fn a_page_from_any_revision_ends_up_with_the_same_list() {
    const CHANGES: u64 = 80;
    let mut random = Random::new();
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    let mut known = vec![client.mirror.clone()];
    // Additions, updates and deletions of few products, so that they meet.
    while client.revision().0 < CHANGES {
        let before = client.revision().0;
        let ids: Vec<u64> = client
            .catalog()
            .products()
            .map(|product| product.id.0)
            .collect();
        let pick = random.index(0..=ids.len());
        match ids.get(pick) {
            Some(id) if random.chance(0.4) => client.delete(before, *id).await,
            Some(id) => {
                let patch = json!({"stock": before + 100});
                client
                    .send(&json!({"type": "update", "request": before, "id": id, "patch": patch}))
                    .await;
            }
            None => client.add(before, &draft(&format!("code {before}"))).await,
        }
        client.until_revision(before + 1).await;
        known.push(client.mirror.clone());
    }
    // Once from the frames that were sent to clients in step, once compacted from the file.
    everyone_catches_up(&server, &known, &client).await;
    let server = server.restart(Options::default()).await;
    everyone_catches_up(&server, &known, &client).await;
}

async fn everyone_catches_up(server: &Server, known: &[Mirror], wanted: &Client) {
    for mirror in known {
        let position = mirror.position().expect("a position");
        let mut client = Client::open(&server.host, &position.to_query()).await;
        client.mirror = mirror.clone();
        client.until(|client| client.viewers > 0).await;
        assert_eq!(client.snapshots(), 0);
        assert_eq!(client.catalog(), wanted.catalog(), "{position:?}");
        assert_eq!(client.catalog().digest(), wanted.catalog().digest());
    }
}
