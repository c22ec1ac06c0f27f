//! Clients that all come at once cost one encoding.

use std::sync::Arc;

use crate::support::{Client, Program, draft};
use serde_json::json;
use shared::{Catalog, CatalogId, Product, ProductId, Revision};
use vitrina::engine::hub::Hub;
use vitrina::engine::journal::Loaded;

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
