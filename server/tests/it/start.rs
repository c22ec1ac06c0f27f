//! Starting the program: one line when it works, one line that says what to do when it doesn't.

use std::path::Path;
use std::process::Output;

use crate::support::Program;
use crate::support::program::command;

fn failed(data: &Path, listen: &str) -> String {
    let Output { status, stderr, .. } = command(data, listen).output().expect("it runs");
    assert_eq!(status.code(), Some(1));
    let text = String::from_utf8(stderr).expect("UTF-8");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[tokio::test]
async fn it_says_where_it_serves_and_makes_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("shop.db");
    let program = Program::start(&data);
    assert!(data.exists());
    assert_eq!(program.http().get("/").await.status(), 200);
}

#[test]
fn a_port_in_use_is_said_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = taken.local_addr().expect("an address").to_string();
    let said = failed(&folder.path().join("a.db"), &listen);
    assert!(
        said.contains(&listen) && said.contains("--listen"),
        "{said}"
    );
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "my notes, not a database\n".repeat(100)).expect("a file");
    let said = failed(&text, "127.0.0.1:0");
    assert!(
        said.contains("not a Vitrina data file") && said.contains("--journal"),
        "{said}"
    );
    let after = std::fs::read_to_string(&text).expect("a file");
    assert!(after.starts_with("my notes"));

    let other = folder.path().join("other.db");
    let database = rusqlite::Connection::open(&other).expect("a database");
    database
        .execute_batch("CREATE TABLE t (x)")
        .expect("a table");
    drop(database);
    let said = failed(&other, "127.0.0.1:0");
    assert!(said.contains("not a Vitrina data file"), "{said}");
}

#[tokio::test]
async fn a_file_of_a_newer_vitrina_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    drop(Program::start(&data));
    let database = rusqlite::Connection::open(&data).expect("a database");
    database
        .pragma_update(None, "user_version", 99)
        .expect("a version");
    drop(database);
    let said = failed(&data, "127.0.0.1:0");
    assert!(said.contains("newer Vitrina"), "{said}");
}

#[test]
fn a_file_in_use_is_not_opened_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let _first = Program::start(&data);
    let said = failed(&data, "127.0.0.1:0");
    assert!(said.contains("in use by another Vitrina"), "{said}");
}

#[test]
fn a_folder_that_is_missing_is_said_in_one_line() {
    let said = failed(Path::new("/nowhere/at/all.db"), "127.0.0.1:0");
    assert!(
        said.contains("/nowhere/at/all.db") && said.contains("--journal"),
        "{said}"
    );
}

#[test]
fn help_explains_every_flag() {
    let help = command(Path::new("a.db"), "127.0.0.1:0")
        .arg("--help")
        .output();
    let text = String::from_utf8(help.expect("it runs").stdout).expect("UTF-8");
    for word in [
        "--listen",
        "VITRINA_LISTEN",
        "--data",
        "VITRINA_DATA",
        "--host",
        "VITRINA_HOST",
        "--log",
        "VITRINA_LOG",
    ] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
}

#[tokio::test]
async fn log_lines_can_be_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut start = command(&folder.path().join("a.db"), "127.0.0.1:0");
    start.env("VITRINA_LOG", "json");
    let mut program = Program::run(start);
    let client = crate::support::Client::open(&program.host, "").await;
    let line = program.wait_for_log("cliente conectado");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["fields"]["pages"], 1);
    assert!(
        line["fields"]["peer"]
            .as_str()
            .is_some_and(|peer| peer.starts_with("127.0.0.1:"))
    );
    drop(client);
    program.wait_for_log("cliente desconectado");
}

#[tokio::test]
async fn requests_are_in_the_log_at_debug_level() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(&folder.path().join("a.db"), "127.0.0.1:0");
    command.env("RUST_LOG", "vitrina=debug");
    let mut program = Program::run(command);
    program.http().get("/api/products/7?q=x").await;
    program.http().get("/api/products/8").await;
    let first = program.wait_for_log("path=\"/api/products/7\"");
    for part in ["DEBUG", "id=1", "method=GET", "status=404", "time="] {
        assert!(first.contains(part), "{first}");
    }
    assert!(program.wait_for_log("/api/products/8").contains("id=2"));
}
