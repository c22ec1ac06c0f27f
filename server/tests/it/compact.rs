//! A data file gives back what it has no more use for: by itself, and at once when it is told to.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::support::{Program, TIMEOUT, data_file};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

fn size(file: &Path) -> u64 {
    file.metadata().expect("a file").len()
}

/// Adds many products and deletes them.
async fn come_and_go(program: &Program) {
    let words = "A long description of what it is and what it is for. ".repeat(30);
    let add = |number: u64| {
        let draft = json!({
            "title": "x", "code": format!("c{number}"), "price": 1, "stock": 1, "category": "a",
            "description": words,
        });
        json!({"type": "add", "draft": draft})
    };
    let batch = async |commands: Vec<Value>| {
        let body = json!({"commands": commands});
        let done = program
            .http()
            .send(Method::POST, "/api/products/batch", &body)
            .await;
        assert_eq!(done.status(), 200);
    };
    for part in 0..4 {
        batch((part * 2_000..(part + 1) * 2_000).map(add).collect()).await;
    }
    for part in 0..4 {
        let delete = |id: u64| json!({"type": "delete", "id": id});
        batch(
            (part * 2_000 + 1..=(part + 1) * 2_000)
                .map(delete)
                .collect(),
        )
        .await;
    }
}

#[tokio::test]
async fn a_file_shrinks_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = data_file(&folder);
    let mut command = crate::support::program::command(&file, "127.0.0.1:0");
    // Nothing is kept but what pages resume from.
    command.args(["--keep-history", "1s"]);
    let program = Program::run(command);
    come_and_go(&program).await;
    let large = size(&file);
    assert!(large > 20 << 20, "{large}");
    let shrinks = async {
        while size(&file) > large * 9 / 10 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(TIMEOUT, shrinks).await.expect("it shrinks");
    // It is what it was otherwise.
    program.http().add("after").await;
    drop(program);
    let checked = run(&file, &["check"]);
    assert!(checked.status.success(), "{checked:?}");
}

fn run(file: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("--data").arg(file).args(arguments);
    command.output().expect("it runs")
}

#[tokio::test]
async fn a_file_is_compacted_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = data_file(&folder);
    let mut program = Program::start(&file);
    come_and_go(&program).await;
    program.http().add("stays").await;
    let busy = run(&file, &["compact"]);
    let said = String::from_utf8_lossy(&busy.stderr).into_owned();
    assert!(
        !busy.status.success() && said.contains("in use by another Vitrina"),
        "{said}"
    );
    program.signal("TERM");
    program.wait_for_exit();
    // As a file of an earlier version that never shrinks by itself.
    let sqlite = rusqlite::Connection::open(&file).expect("a file");
    sqlite
        .execute_batch("PRAGMA auto_vacuum = NONE; VACUUM; DELETE FROM answers; DELETE FROM changes WHERE revision < 16000")
        .expect("it is SQL");
    drop(sqlite);
    let before = size(&file);
    let done = run(&file, &["compact", "--json"]);
    assert!(done.status.success(), "{done:?}");
    let told: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(told["bytes"], size(&file));
    assert!(size(&file) * 2 < before, "{} of {before}", size(&file));
    let sqlite = rusqlite::Connection::open(&file).expect("a file");
    let mode: i64 = sqlite
        .pragma_query_value(None, "auto_vacuum", |row| row.get(0))
        .expect("a mode");
    assert_eq!(mode, 2, "from now on it shrinks by itself");
    drop(sqlite);
    assert!(run(&file, &["check"]).status.success());
    let none = run(&folder.path().join("none.db"), &["compact"]);
    assert!(!none.status.success());
}
