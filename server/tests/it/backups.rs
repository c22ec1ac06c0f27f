//! Backups that the server makes by itself, and one that is put back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::{Client, Program, TIMEOUT, data_file, program};
use serde_json::Value;

fn vitrina(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("--journal").arg(data).args(arguments);
    command.output().expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The backups in a folder, the oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let is_backup =
        |path: &PathBuf| text(path).contains("vitrina-") && text(path).ends_with("Z.db");
    let mut files: Vec<PathBuf> = files.filter(is_backup).collect();
    files.sort();
    files
}

#[tokio::test]
async fn the_server_backs_up_by_itself_and_keeps_the_latest() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("backups");
    std::fs::create_dir(&to).expect("a folder");
    std::fs::write(to.join("vitrina-notes.db"), "mine").expect("a file");
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    command.args([
        "--backup-to",
        text(&to),
        "--backup-every",
        "1s",
        "--backup-keep",
        "2",
    ]);
    let server = Program::run(command);
    server.http().add("a").await;
    let first = async {
        while backups(&to).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        backups(&to).remove(0)
    };
    let first = tokio::time::timeout(TIMEOUT, first)
        .await
        .expect("a backup");
    server.http().add("b").await;
    let gone = async {
        while first.exists() {
            assert!(backups(&to).len() <= 3);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, gone)
        .await
        .expect("the oldest goes");
    let last = backups(&to).pop().expect("a backup");
    drop(server);
    let checked = vitrina(&last, &["check"]);
    assert!(
        out(&checked).contains("is well: 2 products at revision 2"),
        "{}",
        err(&checked)
    );
    assert!(
        to.join("vitrina-notes.db").exists(),
        "whatever has another name stays"
    );
    let missing = vitrina(
        &data_file(&folder),
        &["serve", "--backup-to", "/no/such/folder"],
    );
    assert!(err(&missing).contains("make it first"), "{}", err(&missing));
    let never = vitrina(&data_file(&folder), &["serve", "--backup-every", "0s"]);
    assert_eq!(never.status.code(), Some(2));
}

#[tokio::test]
async fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let backup = folder.path().join("backup.db");
    let mut server = Program::start(&data);
    for code in ["a", "b"] {
        server.http().add(code).await;
    }
    let copied = vitrina(&data, &["backup", text(&backup)]);
    assert!(copied.status.success(), "{}", err(&copied));
    server.http().delete(1).await;
    server.http().add("c").await;
    let mut page = Client::open(&server.host, "").await;
    page.until_revision(4).await;
    let running = vitrina(&data, &["restore", text(&backup)]);
    assert_eq!(running.status.code(), Some(1));
    assert!(
        err(&running).contains("in use by another Vitrina"),
        "{}",
        err(&running)
    );
    let host = server.host.clone();
    server.kill();

    let restored = vitrina(&data, &["restore", text(&backup), "--json"]);
    assert!(restored.status.success(), "{}", err(&restored));
    let told: Value = serde_json::from_slice(&restored.stdout).expect("JSON");
    assert_eq!(
        (&told["products"], &told["revision"]),
        (&2.into(), &2.into())
    );
    let before = told["before"].as_str().expect("a name");
    let checked = vitrina(Path::new(before), &["check"]);
    assert!(
        out(&checked).contains("2 products at revision 4"),
        "{}",
        out(&checked)
    );
    let checked = vitrina(&data, &["check"]);
    assert!(
        out(&checked).contains("is well: 2 products at revision 2"),
        "{}",
        err(&checked)
    );
    // A page that knew more has what is there now, and the history is the backup's.
    let _server = Program::start_on(&data, &host);
    let mut page = page.reopen(&host).await;
    page.until(|page| page.codes() == ["a", "b"]).await;
    let history = vitrina(&data, &["history"]);
    assert_eq!(out(&history).lines().count(), 2);
}

#[test]
fn what_can_not_be_put_back_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let old = folder.path().join("old.db");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let example = std::fs::read_dir(example).expect("a folder").flatten();
    let example = example
        .map(|file| file.path())
        .find(|path| path.extension().is_some_and(|e| e == "db"));
    std::fs::copy(example.expect("a data file"), &old).expect("a copy");
    // Of an earlier version, and where nothing is yet.
    let restored = vitrina(&data, &["restore", text(&old)]);
    assert!(restored.status.success(), "{}", err(&restored));
    assert!(
        !out(&restored).contains("what was there before"),
        "{}",
        out(&restored)
    );
    let whole = std::fs::read(&data).expect("a file");
    let damaged = folder.path().join("damaged.db");
    std::fs::copy(&old, &damaged).expect("a copy");
    let file = rusqlite::Connection::open(&damaged).expect("a file");
    file.execute_batch("UPDATE products SET price_cents = -1")
        .expect("it is SQL");
    drop(file);
    for (backup, words) in [
        (text(&damaged), "and nothing was changed"),
        (text(&data), "is the data file itself"),
        ("/no/such/file.db", "there is no data file"),
        (
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            "is not a Vitrina data file",
        ),
    ] {
        let refused = vitrina(&data, &["restore", backup]);
        assert_eq!(refused.status.code(), Some(1), "{backup}");
        assert!(err(&refused).contains(words), "{backup}: {}", err(&refused));
        assert_eq!(std::fs::read(&data).expect("a file"), whole, "{backup}");
    }
    let into_database = vitrina(
        Path::new("postgres://127.0.0.1:1/x"),
        &["restore", text(&old)],
    );
    assert!(
        err(&into_database).contains("vitrina move --from"),
        "{}",
        err(&into_database)
    );
}
