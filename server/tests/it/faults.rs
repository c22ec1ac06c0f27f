//! A disk that fails in every way it can: what was acknowledged is there, what was refused is not,
//! and the server works again by itself as soon as the disk does.

use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use crate::support::faults::Disk;
use crate::support::{Client, Program, draft};

async fn post(program: &Program, code: &str) -> Response {
    program.http().post(&draft(code)).await
}

async fn code_of(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let is_later = response.headers().contains_key("retry-after");
    assert_eq!(is_later, status == 503, "a refusal that passes says when");
    let problem: Value = response.json().await.expect("JSON");
    let code = problem["code"].as_str().expect("a code");
    (status, code.to_owned())
}

async fn codes(program: &Program) -> Vec<String> {
    let list = program.http().list().await;
    let products = list["products"].as_array().expect("a list");
    let code = |product: &Value| product["code"].as_str().expect("a code").to_owned();
    products.iter().map(code).collect()
}

#[tokio::test]
async fn what_was_refused_since_a_sync_failed_does_not_come_back_after_a_crash() {
    let disk = Disk::new();
    let mut program = disk.program();
    assert_eq!(post(&program, "a").await.status(), 201);
    let mut client = Client::open(&program.host, "").await;
    client.until_revision(1).await;
    disk.fail("sync once");
    let mut long = draft("b");
    // More than one page of the log, whose last has the commit.
    long["description"] = "x".repeat(2_000).into();
    let refused = program.http().post(&long).await;
    assert!(!disk.fails(), "nothing was synced");
    assert_eq!(code_of(refused).await, (503, "not_saved".to_owned()));
    program.kill();
    let mut program = disk.program();
    assert_eq!(codes(&program).await, ["a"]);
    // And not either once it works again, with other changes after it.
    disk.fail("sync once");
    assert_eq!(post(&program, "c").await.status(), 503);
    assert_eq!(post(&program, "d").await.status(), 201);
    program.kill();
    let program = disk.program();
    assert_eq!(codes(&program).await, ["a", "d"]);
    client = client.reopen(&program.host).await;
    client.until(|client| client.viewers > 0).await;
    assert_eq!(client.codes(), ["a", "d"]);
}

#[tokio::test]
async fn while_no_sync_works_the_outcome_is_said_to_be_unknown() {
    let disk = Disk::new();
    let mut program = disk.program();
    assert_eq!(post(&program, "a").await.status(), 201);
    disk.fail("sync");
    let unknown = post(&program, "b").await;
    assert_eq!(code_of(unknown).await, (504, "outcome_unknown".to_owned()));
    assert_eq!(codes(&program).await, ["a"], "nothing is shown of it");
    disk.work();
    assert_eq!(post(&program, "c").await.status(), 201);
    program.kill();
    let program = disk.program();
    assert_eq!(codes(&program).await, ["a", "c"]);
}

#[tokio::test]
async fn a_write_that_fails_is_refused_and_the_next_is_done() {
    let disk = Disk::new();
    let mut program = disk.program();
    assert_eq!(post(&program, "a").await.status(), 201);
    disk.fail("write");
    let refused = post(&program, "b").await;
    assert_eq!(code_of(refused).await, (503, "not_saved".to_owned()));
    disk.work();
    assert_eq!(post(&program, "c").await.status(), 201);
    program.kill();
    assert_eq!(codes(&disk.program()).await, ["a", "c"]);
}

#[tokio::test]
async fn another_program_that_holds_the_file_makes_writes_wait_and_then_fail() {
    let disk = Disk::new();
    let program = disk.program();
    assert_eq!(post(&program, "a").await.status(), 201);
    let other = rusqlite::Connection::open(disk.data()).expect("a file");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let refused = post(&program, "b").await;
    assert_eq!(code_of(refused).await, (503, "not_saved".to_owned()));
    other.execute_batch("ROLLBACK").expect("it ends");
    assert_eq!(post(&program, "c").await.status(), 201);
    assert_eq!(codes(&program).await, ["a", "c"]);
}

#[tokio::test]
async fn a_program_that_stood_still_goes_on_where_it_was() {
    let disk = Disk::new();
    let program = disk.program();
    let mut client = Client::open(&program.host, "").await;
    client.until_loaded().await;
    program.signal("STOP");
    let waiting = tokio::spawn({
        let http = program.http();
        async move { http.post(&draft("a")).await.status() }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!waiting.is_finished());
    program.signal("CONT");
    assert_eq!(waiting.await.expect("an answer"), 201);
    client.until_revision(1).await;
    assert_eq!(client.codes(), ["a"]);
}

#[tokio::test]
async fn a_save_that_takes_long_is_answered_with_what_came_of_it() {
    let disk = Disk::new();
    let program = disk.program();
    disk.fail("hold");
    let waiting = tokio::spawn({
        let http = program.http();
        async move { http.post(&draft("a")).await.status() }
    });
    // Longer than a request may take to come.
    tokio::time::sleep(Duration::from_secs(32)).await;
    assert!(!waiting.is_finished());
    disk.work();
    assert_eq!(waiting.await.expect("an answer"), 201);
    assert_eq!(codes(&program).await, ["a"]);
}
