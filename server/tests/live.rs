//! What one does, everybody sees: once, in one order.

mod support;

use serde_json::json;
use shared::{Change, ServerMessage};
use support::{Http, Page, Server, draft};

#[tokio::test]
async fn a_new_page_gets_the_whole_list_over_the_socket() {
    let server = Server::start();
    for code in ["a", "b", "c"] {
        server.http().add(code).await;
    }
    let mut page = server.page().await;
    page.until_revision(3).await;
    assert_eq!(page.codes(), ["a", "b", "c"]);
}

#[tokio::test]
async fn an_empty_list_is_a_snapshot_too() {
    let server = Server::start();
    let mut page = server.page().await;
    page.until_loaded().await;
    assert!(page.catalog().is_empty());
    assert_eq!(page.snapshots(), 1);
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
    let mut page = server.page().await;
    page.until_revision(100).await;
    assert_eq!(page.catalog().len(), 100);
    assert_eq!(page.snapshots(), 4, "a frame has about 64 KiB");
}

#[tokio::test]
async fn what_is_added_and_deleted_over_the_socket_reaches_every_page() {
    let server = Server::start();
    let (mut one, mut other) = (server.page().await, server.page().await);
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
    let mut page = server.page().await;
    let id = server.http().add("a").await;
    page.send(&json!({"type": "update", "request": 7, "id": id, "patch": {"price": "5,50"}}))
        .await;
    page.until_revision(2).await;
    let product = page.catalog().products().next().expect("a product");
    assert_eq!(product.draft.price.to_string(), "5.50");
    assert_eq!(product.draft.stock, 5);
    assert_eq!(product.revision.0, 2);
    assert!(matches!(page.answer(7).await, ServerMessage::Done { .. }));
}

#[tokio::test]
async fn an_update_of_something_that_changed_meanwhile_is_refused() {
    let server = Server::start();
    let mut page = server.page().await;
    let id = server.http().add("a").await;
    for (request, price) in [(1, 2), (2, 3)] {
        let patch = json!({"price": price});
        page.send(&json!({"type": "update", "request": request, "id": id, "patch": patch, "if_revision": 1}))
            .await;
    }
    assert!(matches!(page.answer(1).await, ServerMessage::Done { .. }));
    let (_, problem) = page.refusal().await;
    assert_eq!(problem.code, "changed");
    page.until_revision(2).await;
    let product = page.catalog().products().next().expect("a product");
    assert_eq!(product.draft.price.to_string(), "2.00");
}

#[tokio::test]
async fn what_comes_over_http_reaches_every_page() {
    let server = Server::start();
    let mut page = server.page().await;
    page.until_loaded().await;
    let id = server.http().add("a").await;
    page.until_revision(1).await;
    assert_eq!(page.codes(), ["a"]);
    assert_eq!(server.http().delete(id).await.status(), 204);
    page.until_revision(2).await;
    assert!(page.catalog().is_empty());
}

#[tokio::test]
async fn pages_are_told_how_many_they_are() {
    let server = Server::start();
    let mut one = server.page().await;
    one.until(|page| page.viewers == 1).await;
    let other = server.page().await;
    one.until(|page| page.viewers == 2).await;
    drop(other);
    one.until(|page| page.viewers == 1).await;
}

#[tokio::test]
async fn a_repeated_request_is_done_once() {
    let server = Server::start();
    let mut page = Page::open(&server.host, "page=p1").await;
    page.add(1, &draft("a")).await;
    let first = page.answer(1).await;
    let mut again = Page::open(&server.host, "page=p1").await;
    again.add(1, &draft("a")).await;
    assert_eq!(again.answer(1).await, first);
    let mut other = Page::open(&server.host, "page=p2").await;
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
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        let mut page = server.page().await;
        page.until_loaded().await;
        pages.push(tokio::spawn(async move {
            page.until_revision(last as u64).await;
            page
        }));
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        writers.push(tokio::spawn(write_over_http(server.http(), writer)));
        let page = server.page().await;
        writers.push(tokio::spawn(write_over_the_socket(page, writer)));
    }
    for writer in writers {
        writer.await.expect("a writer");
    }
    let mut orders: Vec<(Vec<Change>, _)> = Vec::new();
    for page in pages {
        let page = page.await.expect("a page");
        orders.push((page.changes.clone(), page.mirror));
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

async fn write_over_the_socket(mut page: Page, writer: usize) {
    for number in 0..WRITES as u64 {
        page.add(number, &draft(&format!("socket {writer} {number}")))
            .await;
    }
    for number in 0..WRITES as u64 {
        let answer = page.answer(number).await;
        assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
    }
}
