//! A log that can't be written: the server goes on as if it could.

use std::fs::File;
use std::io::{Read, pipe};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::program::limited;
use crate::support::{Client, Program, TIMEOUT, data_file, draft};

/// What the program does for everybody, on a disk that is soon full, and at the end its stop.
async fn works_well(mut command: Command) {
    command.env("RUST_LOG", "debug");
    let mut program = Program::run(command);
    let http = program.http();
    let mut refused = false;
    for round in 0..100_u64 {
        let mut client = Client::open(&program.host, "").await;
        client.until_loaded().await;
        assert_eq!(http.get("/api/products?limit=1").await.status(), 200);
        let mut product = draft(&round.to_string());
        product["description"] = json!("x".repeat(2_000));
        let answer = http.post(&product).await.status();
        refused |= answer == 503;
        assert!(answer == 201 || answer == 503, "{answer}");
    }
    assert!(refused, "the disk is never full");
    program.signal("TERM");
    assert_eq!(program.wait_for_exit().code(), Some(0));
}

#[tokio::test]
async fn a_log_whose_reader_is_gone_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = limited(&data_file(&folder), "-f 512");
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    command.stderr(writer);
    works_well(command).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_on_a_full_disk_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = limited(&data_file(&folder), "-f 512");
    command.stderr(
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("it is there"),
    );
    works_well(command).await;
}

#[tokio::test]
async fn a_log_that_is_closed_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut shell = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$0\" --data \"$1\" --listen 127.0.0.1:0 2>&-";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_vitrina")]);
    shell.arg(data_file(&folder)).stdout(Stdio::piped());
    works_well(shell).await;
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_nothing_up_and_says_later_how_much_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = limited(&data_file(&folder), "-f 512");
    let (mut reader, writer) = pipe().expect("a pipe");
    command.stderr(writer.try_clone().expect("a pipe"));
    works_well(command).await;
    drop(writer);
    // And again, with a reader that wakes up.
    let (mut late, writer) = pipe().expect("a pipe");
    let other = tempfile::tempdir().expect("a folder");
    let mut command = limited(&data_file(&other), "-f 512");
    command.stderr(writer.try_clone().expect("a pipe"));
    command.env("RUST_LOG", "debug");
    let program = Program::run(command);
    for _ in 0..3_000 {
        program.http().get("/api/products/7").await;
    }
    drop(writer);
    let told = std::thread::spawn(move || {
        let mut said = String::new();
        let mut buffer = vec![0; 64 * 1024];
        while !said.contains("log lines before this one could not be written") {
            let count = late.read(&mut buffer).expect("a pipe");
            assert!(count > 0, "it is never told");
            said.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    });
    let end = std::time::Instant::now() + TIMEOUT;
    while !told.is_finished() {
        program.http().get("/api/products/7").await;
        assert!(std::time::Instant::now() < end, "it is not told");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    told.join().expect("it is told");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).expect("a pipe");
    assert!(!rest.is_empty(), "nothing was logged");
}
