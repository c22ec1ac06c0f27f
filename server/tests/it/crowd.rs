//! Clients that all come at once cost one encoding.

use crate::support::{Client, Program};

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
        assert_eq!(client.await.expect("a client").catalog().len(), 1);
    }
    program.wait_for_log("a snapshot was encoded");
    let encoded = |line: &&String| line.contains("a snapshot was encoded");
    assert_eq!(program.log().iter().filter(encoded).count(), 1);
}
