//! The data file by other names, copied, moved away and damaged: one server has it, nothing is
//! written where nobody finds it, and what is wrong with it is said by name.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::command;
use crate::support::{Client, Program, TIMEOUT, data_file, draft};

fn refused(data: &Path) -> String {
    let Output { status, stderr, .. } = command(data, "127.0.0.1:0").output().expect("it runs");
    assert_eq!(status.code(), Some(1));
    String::from_utf8(stderr).expect("UTF-8")
}

/// A folder with a data file of three products that were changed a few times.
async fn folder_with_products() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let mut program = Program::start(&data);
    for code in ["a", "b", "c"] {
        program.http().add(code).await;
    }
    let request = program
        .http()
        .request(reqwest::Method::PATCH, "/api/products/1");
    let request = request
        .header("idempotency-key", "k")
        .json(&json!({"stock": 9}));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    program.kill();
    (folder, data)
}

fn change(data: &Path, sql: &str) {
    let file = Connection::open(data).expect("a file");
    file.execute_batch(sql).expect("it is SQL");
}

fn check(data: &Path) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_vitrina"))
        .arg("--data")
        .arg(data)
        .args(["check", "--json"])
        .output();
    let output = output.expect("it runs");
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let faults = told["faults"].as_array().expect("a list");
    assert_eq!(output.status.success(), faults.is_empty());
    let text = |fault: &Value| fault.as_str().expect("a text").to_owned();
    faults.iter().map(text).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn by_whatever_link_it_is_one_file_for_one_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let _program = Program::start(&data);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let link = elsewhere.path().join("link.db");
    symlink(&data, &link).expect("a link");
    assert!(refused(&link).contains("in use by another Vitrina"));
    let hard = elsewhere.path().join("hard.db");
    std::fs::hard_link(&data, &hard).expect("a link");
    assert!(refused(&hard).contains("in use by another Vitrina"));
}

#[tokio::test]
async fn the_lock_touches_nothing_that_a_link_leads_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let notes = folder.path().join("notes.txt");
    std::fs::write(&notes, "mine").expect("a file");
    symlink(&notes, folder.path().join("vitrina.db-lock")).expect("a link");
    let said = refused(&data_file(&folder));
    assert!(said.contains("vitrina.db-lock"), "{said}");
    assert_eq!(std::fs::read_to_string(&notes).expect("a file"), "mine");
}

fn wait_for_exit(program: &mut Program) -> String {
    assert_eq!(program.wait_for_exit().code(), Some(1));
    program.log().join("\n")
}

#[tokio::test]
async fn a_file_that_is_removed_ends_its_server_loudly() {
    let (_folder, data) = folder_with_products().await;
    let mut program = Program::start(&data);
    std::fs::remove_file(&data).expect("a file");
    let said = wait_for_exit(&mut program);
    assert!(said.contains("removed or replaced"), "{said}");
}

#[tokio::test]
async fn nothing_is_saved_in_a_file_that_was_replaced() {
    let (folder, data) = folder_with_products().await;
    let mut program = Program::start(&data);
    let moved = folder.path().join("moved.db");
    std::fs::copy(&data, &moved).expect("a copy");
    std::fs::rename(&moved, &data).expect("a file");
    let answer = program.http().post(&draft("lost")).await;
    assert_eq!(answer.status(), 503, "it is not acknowledged");
    let said = wait_for_exit(&mut program);
    assert!(said.contains("removed or replaced"), "{said}");
}

#[tokio::test]
async fn nothing_is_saved_without_the_log_or_in_a_file_that_was_emptied() {
    for spoil in [
        (|data: &Path| std::fs::remove_file(data.with_extension("db-wal"))) as fn(&Path) -> _,
        |data| std::fs::File::create(data).map(drop),
    ] {
        let (_folder, data) = folder_with_products().await;
        let mut program = Program::start(&data);
        assert_eq!(program.http().post(&draft("d")).await.status(), 201);
        spoil(&data).expect("a file");
        let answer = program.http().post(&draft("lost")).await;
        assert_eq!(answer.status(), 503, "it is not acknowledged");
        let said = wait_for_exit(&mut program);
        assert!(said.contains("removed or replaced"), "{said}");
    }
}

#[tokio::test]
async fn a_name_that_means_something_to_sqlite_is_a_files_name() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        ":memory:",
        "file:a.db?mode=memory",
        "file:b.db",
        "?",
        "a b%20.db",
    ] {
        let start = || {
            let mut start = command(Path::new(name), "127.0.0.1:0");
            start.current_dir(folder.path());
            start
        };
        let mut program = Program::run(start());
        program.http().add("a").await;
        program.kill();
        assert!(folder.path().join(name).metadata().expect("a file").len() > 0);
        let mut program = Program::run(start());
        assert_eq!(program.http().list().await["count"], 1, "{name}");
        let checked = start().arg("check").output().expect("it runs");
        assert!(checked.status.success(), "{name}");
        program.kill();
    }
}

#[tokio::test]
async fn check_answers_whatever_the_path_is() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let fifo = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("it runs").success());
    let odd = folder.path().join(OsStr::from_bytes(b"a\xff.db"));
    for path in [
        &fifo,
        &odd,
        &folder.path().to_owned(),
        &folder.path().join("none"),
    ] {
        assert_eq!(check(path).len(), 1, "{}", path.display());
    }
}

#[tokio::test]
async fn a_file_that_something_else_writes_changes_to_ends_its_server_loudly() {
    let (_folder, data) = folder_with_products().await;
    let mut program = Program::start(&data);
    change(&data, "UPDATE catalog SET revision = revision + 1");
    assert_eq!(program.http().post(&draft("d")).await.status(), 503);
    let said = wait_for_exit(&mut program);
    assert!(said.contains("no longer at revision 4"), "{said}");
}

#[tokio::test]
async fn a_copy_of_the_file_alone_has_everything_once_it_is_quiet() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let program = Program::start(&data);
    let copy = folder.path().join("copy.db");
    let count = || {
        std::fs::copy(&data, &copy).expect("a copy");
        let file = Connection::open(&copy).expect("a file");
        let count = file.query_row("SELECT count(*) FROM products", [], |row| row.get(0));
        count.expect("a table")
    };
    let at_once: u64 = count();
    assert_eq!(at_once, 0, "it is a catalog from the beginning");
    for code in ["a", "b", "c"] {
        program.http().add(code).await;
    }
    let end = Instant::now() + TIMEOUT;
    while count() != 3 {
        assert!(Instant::now() < end, "it is never written into the file");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_file_without_its_log_is_not_made_a_new_catalog() {
    // A page of SQLite's and no table: what a copy was that was made too soon.
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    change(&data, "PRAGMA journal_mode = WAL");
    assert!(data.metadata().expect("a file").len() > 0);
    let said = refused(&data);
    assert!(said.contains("vitrina backup"), "{said}");
    assert!(check(&data)[0].contains("vitrina backup"));
    // And a log whose file is missing is kept for it.
    let (_folder, data) = folder_with_products().await;
    let mut program = Program::start(&data);
    program.http().add("d").await;
    program.kill();
    let moved = data.with_extension("moved");
    std::fs::rename(&data, &moved).expect("a file");
    let said = refused(&data);
    assert!(said.contains("vitrina.db-wal"), "{said}");
    assert!(!data.exists());
    std::fs::rename(&moved, &data).expect("a file");
    assert_eq!(Program::start(&data).http().list().await["count"], 4);
}

#[tokio::test]
async fn damage_in_the_history_costs_the_history_alone() {
    for (sql, faults) in [
        (
            "UPDATE changes SET change = replace(change, '{', '[') WHERE revision = 2",
            ["table changes, row 2, column change"],
        ),
        (
            "UPDATE changes SET change = replace(change, '\"stock\":5', '\"stock\":6')
             WHERE revision = 3",
            ["table changes, row 3: it doesn't follow"],
        ),
        (
            "UPDATE changes SET digest = 'x' WHERE revision = 4",
            ["table changes, row 4, column digest"],
        ),
        (
            "DELETE FROM changes WHERE revision = 4",
            ["change 4 is missing"],
        ),
        (
            "UPDATE answers SET change = '?'",
            ["table answers, row k, column change"],
        ),
    ] {
        let (_folder, data) = folder_with_products().await;
        change(&data, sql);
        let found = check(&data);
        for fault in faults {
            assert!(found.iter().any(|found| found.contains(fault)), "{found:?}");
        }
        let mut program = Program::start(&data);
        assert_eq!(program.http().list().await["count"], 3, "{sql}");
        assert_eq!(program.http().add("d").await, 5, "{sql}");
        let mut client = Client::open(&program.host, "").await;
        client.until_revision(5).await;
        if sql.contains("changes") {
            program.wait_for_log("history is lost");
        }
        program.kill();
        assert_eq!(Program::start(&data).http().list().await["count"], 4);
    }
}

#[tokio::test]
async fn an_answer_that_can_not_be_read_any_more_is_not_given_nor_made_anew() {
    let (_folder, data) = folder_with_products().await;
    change(&data, "UPDATE answers SET change = '?'");
    let program = Program::start(&data);
    let request = program
        .http()
        .request(reqwest::Method::PATCH, "/api/products/1");
    let request = request
        .header("idempotency-key", "k")
        .json(&json!({"stock": 9}));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 504);
}

#[tokio::test]
async fn damage_of_a_product_is_told_by_table_row_and_column() {
    let (_folder, data) = folder_with_products().await;
    change(
        &data,
        "UPDATE products SET thumbnails = '[' WHERE id = 1;
         UPDATE products SET price_cents = -5 WHERE id = 2;
         UPDATE products SET price_cents = 1 WHERE id = 3;",
    );
    let found = check(&data).join("\n");
    for fault in [
        "table products, row 1, column thumbnails",
        "table products, row 2, column price_cents",
        "product 3: its row was changed from outside",
    ] {
        assert!(found.contains(fault), "{found}");
    }
    let said = refused(&data);
    assert!(
        said.contains("table products, row 1, column thumbnails") && said.contains("check"),
        "{said}"
    );
    change(&data, "DELETE FROM products WHERE id < 3");
    let mut program = Program::start(&data);
    program.wait_for_log("something else than Vitrina changed the data file");
}

#[tokio::test]
async fn tables_that_are_not_vitrinas_or_are_missing_are_told() {
    let (_folder, data) = folder_with_products().await;
    change(
        &data,
        "INSERT INTO catalog SELECT * FROM catalog;
         ALTER TABLE products ADD COLUMN brand TEXT; DROP TABLE answers; CREATE TABLE notes (x);
         DROP INDEX changes_at; ALTER TABLE changes DROP COLUMN at;",
    );
    let found = check(&data).join("\n");
    for fault in [
        "column brand (TEXT) of table products is none of Vitrina's",
        "table answers is missing",
        "table catalog has 2 rows instead of one",
        "table notes is none of Vitrina's",
        "column at (INTEGER) of table changes is missing",
    ] {
        assert!(found.contains(fault), "{found}");
    }
    let said = refused(&data);
    assert!(said.contains("answers") || said.contains("at"), "{said}");
}

#[tokio::test]
async fn a_page_of_the_file_that_is_overwritten_is_told_and_never_served() {
    let (_folder, data) = folder_with_products().await;
    change(&data, "PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = std::fs::read(&data).expect("a file");
    for page in 1..whole.len() / 4_096 {
        let mut broken = whole.clone();
        broken[page * 4_096..][..200].fill(0xAA);
        std::fs::write(&data, &broken).expect("a file");
        let found = check(&data);
        assert!(!found.is_empty(), "page {page}");
    }
    std::fs::write(&data, b"SQLite format 3\0 and then nothing").expect("a file");
    assert!(!check(&data).is_empty());
    std::fs::write(&data, whole).expect("a file");
    assert_eq!(check(&data), Vec::<String>::new());
}

#[tokio::test]
async fn a_start_that_could_not_write_fails_at_once() {
    let (_folder, data) = folder_with_products().await;
    let other = Connection::open(&data).expect("a file");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let said = refused(&data);
    assert!(said.contains("another program is writing to it"), "{said}");
    drop(other);
    change(
        &data,
        "ALTER TABLE products ADD COLUMN brand TEXT NOT NULL DEFAULT ''; CREATE TRIGGER t BEFORE
         INSERT ON products BEGIN SELECT raise(ABORT, 'no more products'); END;",
    );
    let said = refused(&data);
    assert!(said.contains("no more products"), "{said}");
    change(&data, "DROP TRIGGER t");
    // A file that may not grow is a disk that is full.
    let full = crate::support::program::limited(&data, "-f 1").output();
    let said = String::from_utf8(full.expect("it runs").stderr).expect("UTF-8");
    assert!(said.contains("vitrina.db"), "{said}");
}
