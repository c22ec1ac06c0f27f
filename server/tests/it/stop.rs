//! A planned stop: everything taken is answered, clients are told when to come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::{Client, Program, Server, draft};
use shared::{Catalog, Product, ProductId, ServerMessage};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vitrina::Options;
use vitrina::journal::{
    Answer, Appended, Batch, Journal, JournalError, Key, Loaded, SqliteJournal, Store,
};

#[tokio::test]
async fn pages_are_told_to_come_back_and_closed_with_1012() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    server.ask_to_stop();
    client.until_closed().await;
    assert_eq!(client.closed, Some(1012));
    let last = client.told.last();
    assert!(
        matches!(last, Some(ServerMessage::Closing { .. })),
        "{last:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_was_taken_is_answered_and_kept() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    for request in 0..40 {
        client
            .add(request, &draft(&format!("code {request}")))
            .await;
    }
    client.until_revision(1).await;
    server.ask_to_stop();
    client.until_closed().await;
    let done: Vec<_> = client
        .told
        .iter()
        .filter_map(|message| match message {
            ServerMessage::Done { id, .. } => Some(*id),
            _ => None,
        })
        .collect();
    assert!(!done.is_empty());
    let server = server.restart(Options::default()).await;
    let mut client = server.client().await;
    client.until_loaded().await;
    for id in done {
        assert!(client.catalog().get(id).is_some(), "{id} was acknowledged");
    }
}

#[tokio::test]
async fn a_page_that_does_not_read_keeps_no_server_from_stopping() {
    let server = Server::start();
    let deaf = server.client().await;
    let idle = tokio::net::TcpStream::connect(&server.host).await;
    let stop = Instant::now();
    server.stop().await;
    // A goodbye that nobody hears is given up after 2 s, and everything is cut off after 5.
    let time = stop.elapsed();
    assert!(time < Duration::from_secs(5), "it took {time:?}");
    drop((deaf, idle));
}

#[tokio::test]
async fn both_signals_stop_it_well() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("a.db");
        let mut program = Program::start(&data);
        let mut client = Client::open(&program.host, "").await;
        client.until_loaded().await;
        program.http().add("a").await;
        program.signal(signal);
        client.until_closed().await;
        assert_eq!(client.closed, Some(1012), "{signal}");
        assert_eq!(program.wait_for_exit().code(), Some(0), "{signal}");
        let again = Program::start(&data);
        assert_eq!(again.http().get("/api/products/1").await.status(), 200);
    }
}

/// A journal whose code has a bug.
struct Buggy(SqliteJournal);

impl Journal for Buggy {
    fn load(&mut self) -> Result<Loaded, JournalError> {
        self.0.load()
    }

    fn store(&self) -> Store {
        self.0.store()
    }

    fn keep_history(&mut self, time: Duration) {
        self.0.keep_history(time);
    }

    fn append(
        &mut self,
        _: &Catalog,
        _: &Catalog,
        _: &Batch,
        _: Instant,
    ) -> Result<Appended, JournalError> {
        panic!("a bug")
    }

    fn find_answer(&mut self, key: &Key) -> Result<Option<(Arc<str>, Answer)>, JournalError> {
        self.0.find_answer(key)
    }

    fn find_deleted(&mut self, id: ProductId) -> Result<Option<Arc<Product>>, JournalError> {
        self.0.find_deleted(id)
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        self.0.tend()
    }
}

#[tokio::test]
async fn a_desk_that_fails_takes_the_server_down_loudly() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = SqliteJournal::open(&crate::support::data_file(&folder)).expect("a data file");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let stop = CancellationToken::new();
    let running = vitrina::run(listener, Buggy(journal), Options::default(), stop, |_| {});
    let (ended, answer) = tokio::join!(running, async {
        crate::support::Http::of(&host)
            .post(&draft("a"))
            .await
            .status()
    });
    assert_eq!(
        answer, 504,
        "nobody knows what the desk has done before it failed"
    );
    assert!(ended.is_err());
}
