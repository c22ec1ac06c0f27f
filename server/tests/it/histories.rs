//! Two histories of one catalog, such as those before and after a backup is put back: whoever knows
//! one of them never goes on in the other.

use std::process::Command;

use crate::support::{Client, Program, back_up, data_file, draft};
use reqwest::Method;
use serde_json::json;
use shared::ServerMessage;

/// A program on a data file, the same file as it was before, and a client that knows the former.
async fn two_histories() -> (tempfile::TempDir, Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, backup) = (data_file(&folder), folder.path().join("backup.db"));
    let mut program = Program::start(&data);
    program.http().add("a").await;
    back_up(&data, &backup);
    let mut client = Client::open(&program.host, "").await;
    for code in ["b", "c"] {
        program.http().add(code).await;
    }
    client.until_revision(3).await;
    program.kill();
    for suffix in ["", "-wal", "-shm"] {
        let mut name = data.as_os_str().to_owned();
        name.push(suffix);
        // The file is closed: not all of them need be there.
        let _ = std::fs::remove_file(name);
    }
    std::fs::rename(&backup, &data).expect("put back");
    (folder, client)
}

#[tokio::test]
async fn a_client_of_the_one_gets_a_snapshot_of_the_other() {
    let (folder, client) = two_histories().await;
    let program = Program::start(&data_file(&folder));
    for code in ["v", "w", "x", "y", "z"] {
        program.http().add(code).await;
    }
    let mut client = client.reopen(&program.host).await;
    client.until_revision(6).await;
    assert_eq!(client.snapshots(), 1);
    assert_eq!(client.codes(), ["a", "v", "w", "x", "y", "z"]);
}

#[tokio::test]
async fn what_they_have_in_common_can_be_gone_on_from() {
    let (folder, _) = two_histories().await;
    let mut program = Program::start(&data_file(&folder));
    let mut client = Client::open(&program.host, "").await;
    client.until_revision(1).await;
    program.http().add("v").await;
    program.kill();
    let program = Program::start_on(&data_file(&folder), &program.host);
    let mut client = client.reopen(&program.host).await;
    client.until_revision(2).await;
    assert_eq!(client.snapshots(), 0, "its history is this one");
    assert_eq!(client.codes(), ["a", "v"]);
}

#[tokio::test]
async fn a_change_of_the_file_from_outside_is_another_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let mut program = Program::start(&data);
    program.http().add("a").await;
    let mut client = Client::open(&program.host, "").await;
    client.until_revision(1).await;
    program.kill();
    let file = rusqlite::Connection::open(&data).expect("a file");
    let changed = file.execute("UPDATE products SET stock = 77", []);
    assert_eq!(changed.expect("it is SQL"), 1);
    drop(file);
    let checked = Command::new(env!("CARGO_BIN_EXE_vitrina"))
        .arg("--data")
        .arg(&data)
        .arg("check")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(
        said.contains("product 1: its row was changed from outside"),
        "{said}"
    );
    assert_eq!(checked.status.code(), Some(1));
    let program = Program::start_on(&data, &program.host);
    let mut client = client.reopen(&program.host).await;
    client.until(|client| client.snapshots() == 1).await;
    let stock = client
        .catalog()
        .products()
        .map(|product| product.draft.stock);
    assert_eq!(stock.collect::<Vec<_>>(), [77]);
}

#[tokio::test]
async fn a_request_that_changed_nothing_is_answered_as_it_was_over_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let mut program = Program::start(&data);
    let host = program.host.clone();
    program.http().add("a").await;
    let patch = async |http: crate::support::Http, stock: u32, key: Option<&str>| {
        let request = http.request(Method::PATCH, "/api/products/1");
        let request = request.json(&json!({"stock": stock}));
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let product: serde_json::Value = response.json().await.expect("JSON");
        (product["stock"].clone(), product["revision"].clone())
    };
    let wanted = json!({"type": "update", "request": 1, "id": 1, "patch": {"stock": 9}});
    patch(program.http(), 9, None).await;
    let first = patch(program.http(), 9, Some("k")).await;
    let mut client = Client::open(&host, "page=p").await;
    client.send(&wanted).await;
    let answered = client.answer(1).await;
    patch(program.http(), 1, None).await;
    program.kill();
    let program = Program::start_on(&data, &host);
    assert_eq!(patch(program.http(), 9, Some("k")).await, first);
    let mut client = Client::open(&host, "page=p").await;
    client.send(&wanted).await;
    assert_eq!(client.answer(1).await, answered);
    assert!(
        matches!(answered, ServerMessage::Done { .. }),
        "{answered:?}"
    );
    let list = program.http().list().await;
    assert_eq!(list["products"][0]["stock"], 1, "nothing was overwritten");
    assert_eq!(draft("a")["stock"], 5);
}
