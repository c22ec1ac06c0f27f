//! What clients cost the server that read nothing or say nothing, as the kernel counts it.

use crate::support::{Client, Program, draft};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DEAF: u64 = 100;
const WRITERS: u64 = 8;
const PRODUCTS: u64 = 2_000;

/// The most memory for a client that reads nothing.
const MAX_KIB: u64 = 256;

#[tokio::test]
async fn pages_that_read_nothing_cost_little_and_delay_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&folder.path().join("a.db"));
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        deaf.push(Client::open(&program.host, "").await);
    }
    let mut reader = Client::open(&program.host, "").await;
    reader.until_loaded().await;
    let before = program.memory_kib();
    // 5 MB in all: far more than the kernel keeps for a socket.
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let http = program.http();
            tokio::spawn(async move {
                for number in 0..PRODUCTS / WRITERS {
                    let mut draft = draft(&format!("{writer} {number}"));
                    draft["description"] = json!("x".repeat(2_000));
                    assert_eq!(http.post(&draft).await.status(), 201);
                }
            })
        })
        .collect();
    reader.until_revision(PRODUCTS).await;
    for writer in writers {
        writer.await.expect("a writer");
    }
    assert_eq!(reader.catalog().len() as u64, PRODUCTS);
    let grown = program.memory_kib().saturating_sub(before);
    println!("{grown} KiB more");
    assert!(grown < DEAF * MAX_KIB, "{grown} KiB for {DEAF} pages");
    // They were not given up meanwhile, and have everything once they read.
    let mut late = deaf.pop().expect("a client");
    late.until_revision(PRODUCTS).await;
    assert_eq!(late.catalog(), reader.catalog());
}

/// Connections on which no request has come.
const SILENT: u64 = 500;

/// The most memory for one of them; each buffer of the HTTP parser would have 8.
const MAX_SILENT_KIB: u64 = 6;

#[tokio::test]
async fn connections_that_say_nothing_have_no_buffers() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&folder.path().join("a.db"));
    // What a first request leaves behind is not theirs.
    program.http().add("a").await;
    let before = program.memory_kib();
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(&program.host).await.expect("a port"));
    }
    // Connections are taken in turn: when this one is answered, they are all there.
    let mut client = Client::open(&program.host, "").await;
    client.until_loaded().await;
    let grown = program.memory_kib().saturating_sub(before);
    println!("{grown} KiB more");
    assert!(grown < SILENT * MAX_SILENT_KIB, "{grown} KiB for {SILENT}");
    // They are served like any other once they speak.
    let mut late = silent.pop().expect("a connection");
    let request = format!(
        "GET /api/products HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        program.host
    );
    late.write_all(request.as_bytes()).await.expect("a write");
    let mut answer = String::new();
    late.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
