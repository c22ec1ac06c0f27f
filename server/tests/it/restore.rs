//! A deleted product comes back as what it was: with its id, over every door, from what the server
//! keeps alone.

use crate::support::{Http, Postgres, Program, Server, data_file, draft};
use std::path::Path;

use reqwest::Method;
use reqwest::header::ETAG;
use serde_json::{Value, json};
use shared::{Change, ServerMessage};

async fn restore(http: &Http, id: u64) -> reqwest::Response {
    let path = format!("/api/products/{id}/restore");
    let request = http.request(Method::POST, &path);
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_restored_product_is_the_same_again() {
    let server = Server::start();
    let http = server.http();
    let mut full = draft("a");
    full["description"] = json!("blue");
    full["thumbnails"] = json!(["/a.png"]);
    full["status"] = json!(false);
    assert_eq!(http.post(&full).await.status(), 201);
    http.add("b").await;
    let before: Value = http
        .get("/api/products/1")
        .await
        .json()
        .await
        .expect("JSON");
    http.delete(1).await;
    let mut page = server.client().await;
    page.until_revision(3).await;

    let restored = restore(&http, 1).await;
    assert_eq!(restored.status(), 200);
    assert_eq!(restored.headers()[ETAG], "\"4\"");
    let restored: Value = restored.json().await.expect("JSON");
    let mut expected = before.clone();
    expected["revision"] = json!(4);
    assert_eq!(restored, expected);
    page.until_revision(4).await;
    let last = page.changes.last();
    assert!(matches!(last, Some(Change::Added(product)) if product.id.0 == 1));
    assert_eq!(page.codes(), ["a", "b"], "it is at its place");

    // Asked for again it stays as it is.
    let again = restore(&http, 1).await;
    assert_eq!(again.status(), 200);
    assert_eq!(http.list().await["revision"], 4);
    // And it can go and come back once more, as what it was at last.
    let patch = json!({"stock": 77});
    http.send(Method::PATCH, "/api/products/1", &patch).await;
    http.delete(1).await;
    restore(&http, 1).await;
    assert_eq!(http.list().await["products"][0]["stock"], 77);
}

#[tokio::test]
async fn what_is_not_kept_and_whose_code_is_taken_is_refused_in_words() {
    let server = Server::start();
    let http = server.http();
    let refused = restore(&http, 9).await;
    assert_eq!(refused.status(), 404);
    let problem: Value = refused.json().await.expect("JSON");
    assert_eq!(problem["code"], "not_kept");

    http.add("a").await;
    http.delete(1).await;
    let mut other = draft("A");
    other["title"] = json!("Mug");
    http.post(&other).await;
    let refused = restore(&http, 1).await;
    assert_eq!(refused.status(), 409);
    let problem: Value = refused.json().await.expect("JSON");
    assert_eq!(problem["code"], "code_taken");
    let detail = problem["detail"].as_str().expect("a text");
    assert!(detail.contains("Mug"), "{detail}");
    // What it was is still kept.
    http.delete(3).await;
    let restored = restore(&http, 1).await;
    assert_eq!(restored.status(), 200);
}

#[tokio::test]
async fn sockets_and_batches_restore_by_the_same_rules() {
    let server = Server::start();
    let http = server.http();
    for code in ["a", "b"] {
        http.add(code).await;
    }
    let mut page = server.client().await;
    page.until_revision(2).await;
    page.delete(1, 1).await;
    page.until_revision(3).await;
    let restore = json!({"type": "restore", "request": 2, "id": 1});
    page.send(&restore).await;
    let done = page.answer(2).await;
    assert!(
        matches!(done, ServerMessage::Done { id, revision, .. } if (id.0, revision.0) == (1, 4))
    );
    // What a client claims to know of it is no part of the message.
    let claim = json!({"type": "restore", "request": 3, "id": 1, "draft": draft("x")});
    page.send(&claim).await;
    let (_, problem) = page.refusal().await;
    assert_eq!(problem.code, "malformed");

    // One batch deletes and restores: in it, too, each follows from those before.
    let commands = json!({"commands": [
        {"type": "delete", "id": 2},
        {"type": "update", "id": 1, "patch": {"stock": 3}},
        {"type": "delete", "id": 1},
        {"type": "restore", "id": 1},
        {"type": "restore", "id": 2},
    ]});
    let answer = http
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer["done"], 5);
    page.until_revision(9).await;
    assert_eq!(page.codes(), ["a", "b"]);
    assert_eq!(http.list().await["products"][0]["stock"], 3);
}

#[tokio::test]
async fn what_was_deleted_before_a_restart_can_be_restored_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = data_file(&folder);
    let mut program = Program::start(&path);
    program.http().add("a").await;
    program.http().delete(1).await;
    program.kill();
    let program = Program::start(&path);
    let http = program.http();
    let restored = restore(&http, 1).await;
    assert_eq!(restored.status(), 200);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn another_server_restores_what_one_deleted() {
    let postgres = Postgres::start();
    let [one, other] = [(); 2].map(|()| Program::start(Path::new(&postgres.url())));
    one.http().add("a").await;
    one.http().delete(1).await;
    let restored = restore(&other.http(), 1).await;
    assert_eq!(restored.status(), 200);
    one.http().delete(1).await;
    let restored = restore(&one.http(), 1).await;
    assert_eq!(restored.status(), 200);
    let refused = restore(&other.http(), 9).await;
    assert_eq!(refused.status(), 404);
}
