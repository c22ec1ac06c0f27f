//! What one does, everybody sees: once, in one order.

use crate::support::{Client, Http, Server, draft};
use serde_json::json;
use shared::{Change, ProductId, ServerMessage};

#[tokio::test]
async fn a_new_page_gets_the_whole_list_over_the_socket() {
    let server = Server::start();
    for code in ["a", "b", "c"] {
        server.http().add(code).await;
    }
    let mut client = server.client().await;
    client.until_revision(3).await;
    assert_eq!(client.codes(), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_empty_list_is_a_snapshot_too() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    assert!(client.catalog().is_empty());
    assert_eq!(client.snapshots(), 1);
}

#[tokio::test]
async fn a_big_list_comes_in_parts() {
    let server = Server::start();
    let long = "x".repeat(2_000);
    for number in 0..100 {
        let mut draft = draft(&format!("code {number}"));
        draft["description"] = json!(long);
        assert_eq!(server.http().post(&draft).await.status(), 201);
    }
    let mut client = server.client().await;
    client.until_revision(100).await;
    assert_eq!(client.catalog().len(), 100);
    assert_eq!(client.snapshots(), 4, "a frame has about 64 KiB");
}

#[tokio::test]
async fn what_is_added_and_deleted_over_the_socket_reaches_every_page() {
    let server = Server::start();
    let (mut one, mut other) = (server.client().await, server.client().await);
    one.add(1, &draft("a")).await;
    let answer = one.answer(1).await;
    let ServerMessage::Done { revision, id, .. } = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((revision.0, id.0), (1, 1));
    other.until_revision(1).await;
    one.until_revision(1).await;
    assert_eq!(other.codes(), ["a"]);
    other.delete(1, id.0).await;
    one.until_revision(2).await;
    assert!(one.catalog().is_empty());
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    let server = Server::start();
    let mut client = server.client().await;
    let id = server.http().add("a").await;
    client
        .send(&json!({"type": "update", "request": 7, "id": id, "patch": {"price": "5,50"}}))
        .await;
    client.until_revision(2).await;
    let product = client.catalog().products().next().expect("a product");
    assert_eq!(product.draft.price.to_string(), "5.50");
    assert_eq!(product.draft.stock, 5);
    assert_eq!(product.revision.0, 2);
    assert!(matches!(client.answer(7).await, ServerMessage::Done { .. }));
}

#[tokio::test]
async fn an_update_of_something_that_changed_meanwhile_is_refused() {
    let server = Server::start();
    let mut client = server.client().await;
    let id = server.http().add("a").await;
    for (request, price) in [(1, 2), (2, 3)] {
        let patch = json!({"price": price});
        client.send(&json!({"type": "update", "request": request, "id": id, "patch": patch, "if_revision": 1}))
            .await;
    }
    assert!(matches!(client.answer(1).await, ServerMessage::Done { .. }));
    let (_, problem) = client.refusal().await;
    assert_eq!(problem.code, "changed");
    client.until_revision(2).await;
    let product = client.catalog().products().next().expect("a product");
    assert_eq!(product.draft.price.to_string(), "2.00");
}

#[tokio::test]
async fn what_comes_over_http_reaches_every_page() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    let id = server.http().add("a").await;
    client.until_revision(1).await;
    assert_eq!(client.codes(), ["a"]);
    assert_eq!(server.http().delete(id).await.status(), 204);
    client.until_revision(2).await;
    assert!(client.catalog().is_empty());
}

#[tokio::test]
async fn pages_are_told_how_many_they_are() {
    let server = Server::start();
    let mut one = server.client().await;
    one.until(|client| client.viewers == 1).await;
    let other = server.client().await;
    one.until(|client| client.viewers == 2).await;
    drop(other);
    one.until(|client| client.viewers == 1).await;
}

#[tokio::test]
async fn pages_are_told_which_products_others_have_open() {
    let server = Server::start();
    for code in ["a", "b"] {
        server.http().add(code).await;
    }
    let mut one = server.client().await;
    let mut other = server.client().await;
    let open = |id: Option<u64>| json!({"type": "open", "id": id});
    let ids = |ids: &[u64]| ids.iter().copied().map(ProductId).collect::<Vec<_>>();
    one.send(&open(Some(2))).await;
    other.send(&open(Some(2))).await;
    one.until(|client| client.open == ids(&[2, 2])).await;
    other.send(&open(Some(1))).await;
    one.until(|client| client.open == ids(&[1, 2])).await;
    // Nobody is told of what there isn't.
    other.send(&open(Some(99))).await;
    one.until(|client| client.open == ids(&[2])).await;
    one.send(&json!({"type": "open"})).await;
    other.until(|client| client.open.is_empty()).await;
    one.send(&open(Some(1))).await;
    other.until(|client| client.open == ids(&[1])).await;
    assert_eq!(server.http().delete(1).await.status(), 204);
    other.send(&open(Some(2))).await;
    other.until(|client| client.open == ids(&[2])).await;
    // Whoever is gone has nothing open.
    drop(other);
    one.until(|client| client.open.is_empty()).await;
    one.send(&json!({"type": "open", "id": "x"})).await;
    let (request, problem) = one.refusal().await;
    assert_eq!((request, &*problem.code), (None, "malformed"));
}

#[tokio::test]
async fn a_repeated_request_is_done_once() {
    let server = Server::start();
    let mut client = Client::open(&server.host, "page=p1").await;
    client.add(1, &draft("a")).await;
    let first = client.answer(1).await;
    let mut again = Client::open(&server.host, "page=p1").await;
    again.add(1, &draft("a")).await;
    assert_eq!(again.answer(1).await, first);
    let mut other = Client::open(&server.host, "page=p2").await;
    other.add(1, &draft("a")).await;
    let (_, problem) = other.refusal().await;
    assert_eq!(problem.code, "code_taken");
}

const PAGES: usize = 200;
const WRITERS: usize = 4;
const WRITES: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_pages_see_one_order_under_writers_of_both_kinds() {
    let server = Server::start();
    let last = 2 * WRITERS * WRITES;
    let mut clients = Vec::new();
    for _ in 0..PAGES {
        let mut client = server.client().await;
        client.until_loaded().await;
        clients.push(tokio::spawn(async move {
            client.until_revision(last as u64).await;
            client
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        writers.push(tokio::spawn(write_over_http(server.http(), writer)));
        let client = server.client().await;
        writers.push(tokio::spawn(write_over_the_socket(client, writer)));
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    let mut orders: Vec<(Vec<Change>, _)> = Vec::new();
    for client in clients {
        let client = client.await.expect("a client");
        orders.push((client.changes.clone(), client.mirror));
    }
    let (first, mirror) = &orders[0];
    assert_eq!(first.len(), last, "every change once");
    for (changes, other) in &orders {
        assert_eq!(changes, first);
        assert_eq!(other.catalog(), mirror.catalog());
        assert_eq!(other.catalog().digest(), mirror.catalog().digest());
    }
}

async fn write_over_http(http: Http, writer: usize) {
    for number in 0..WRITES {
        let code = format!("http {writer} {number}");
        if number % 5 == 4 {
            // A delete is a change too: the one of the product just added.
            let id = http.add(&code).await;
            assert_eq!(http.delete(id).await.status(), 204);
        } else if number % 5 != 3 {
            http.add(&code).await;
        }
    }
}

async fn write_over_the_socket(mut client: Client, writer: usize) {
    for number in 0..WRITES as u64 {
        client
            .add(number, &draft(&format!("socket {writer} {number}")))
            .await;
    }
    for number in 0..WRITES as u64 {
        let answer = client.answer(number).await;
        assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
    }
}

/// A client that asks for it gets long messages packed, short ones as they are, and the same list.
#[tokio::test]
async fn long_messages_come_packed_to_who_asks_for_that() {
    let server = Server::start();
    for number in 0..300 {
        server.http().add(&format!("code {number}")).await;
    }
    let mut plain = server.client().await;
    plain.until_revision(300).await;
    let mut packed = Client::open(&server.host, "encoding=deflate-raw").await;
    packed.until_revision(300).await;
    assert_eq!(packed.codes(), plain.codes());
    assert!(packed.packed > 0, "nothing was packed");
    assert!(
        packed.bytes * 3 < plain.bytes,
        "{} of {}",
        packed.bytes,
        plain.bytes
    );
    // What is short is not worth it.
    let before = packed.packed;
    server.http().add("short").await;
    packed.until_revision(301).await;
    assert_eq!(packed.packed, before);
    let pulses = packed.pulses;
    packed.until(|client| client.pulses > pulses).await;
    let refused = Client::try_open(&server.host, "encoding=zstd", &[]).await;
    assert!(refused.is_err(), "nobody knows it");
}
