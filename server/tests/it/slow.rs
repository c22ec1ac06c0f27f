//! What clients cost that read nothing, say nothing, or all come at once.

use std::sync::Arc;

use crate::support::{Client, Program, draft};
use serde_json::json;
use shared::{Catalog, CatalogId, Product, ProductId, Revision};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vitrina::engine::hub::Hub;
use vitrina::engine::journal::Loaded;

const DEAF: u64 = 100;
const WRITERS: u64 = 8;
const PRODUCTS: u64 = 2_000;

/// Most memory for a client that reads nothing.
const MOST_KIB: u64 = 256;

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
    assert!(grown < DEAF * MOST_KIB, "{grown} KiB for {DEAF} pages");
    // They were not given up meanwhile, and have everything once they read.
    let mut late = deaf.pop().expect("a page");
    late.until_revision(PRODUCTS).await;
    assert_eq!(late.catalog(), reader.catalog());
}

/// Connections on which no request has come.
const SILENT: u64 = 500;

/// Most memory for one of them; each buffer of the HTTP parser would have 8.
const MOST_SILENT_KIB: u64 = 6;

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
    assert!(grown < SILENT * MOST_SILENT_KIB, "{grown} KiB for {SILENT}");
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

/// Pages that come back at once in a test; `vitrina-bench storm` has ten thousand.
const RETURNING: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_come_at_once_cost_one_encoding() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start(&folder.path().join("a.db"));
    program.http().add("a").await;
    let clients: Vec<_> = (0..RETURNING)
        .map(|_| {
            let host = program.host.clone();
            tokio::spawn(async move {
                let mut client = Client::open(&host, "").await;
                client.until_loaded().await;
                client
            })
        })
        .collect();
    for client in clients {
        assert_eq!(client.await.expect("a page").catalog().len(), 1);
    }
    program.logged("a snapshot was encoded");
    let encoded = |line: &&String| line.contains("a snapshot was encoded");
    assert_eq!(program.log().iter().filter(encoded).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_pages_share_one_snapshot() {
    let products = (1..=1_000).map(|id| {
        let mut draft = draft(&format!("product {id}"));
        for (field, value) in [
            ("description", json!("Words")),
            ("status", json!(true)),
            ("thumbnails", json!([])),
        ] {
            draft[field] = value;
        }
        let draft = serde_json::from_value(draft).expect("a draft");
        let (id, revision) = (ProductId(id), Revision(id));
        Arc::new(Product {
            id,
            revision,
            draft,
        })
    });
    let loaded = Loaded {
        id: CatalogId("a catalog".into()),
        catalog: Catalog::new(Revision(1_000), products),
        recent: Vec::new(),
    };
    let hub = Hub::new(loaded, 10_000);
    let clients: Vec<_> = (0..10_000)
        .map(|_| {
            let hub = hub.clone();
            tokio::spawn(async move { hub.snapshot().await })
        })
        .collect();
    let first = hub.snapshot().await;
    for client in clients {
        let snapshot = client.await.expect("a snapshot");
        assert!(Arc::ptr_eq(&snapshot, &first), "it was encoded again");
    }
}
