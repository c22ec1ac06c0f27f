//! When an import is answered, and with how much.

use std::time::Duration;

use crate::files::{import, last};
use crate::support::{Server, TIMEOUT};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Sends the head of an import and what there is of its file so far.
async fn begin(server: &Server, query: &str, more: &str, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.host).await.expect("a port");
    let head = format!(
        "POST /api/products/import{query} HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\n\
         Content-Length: 58\r\nConnection: close\r\n{more}\r\n",
        server.host
    );
    stream.write_all(head.as_bytes()).await.expect("a write");
    stream.write_all(sent.as_bytes()).await.expect("a write");
    stream
}

/// What comes of an answer: the first of it, or, for half a second, nothing.
async fn nothing_comes(stream: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(500), stream.read_u8())
        .await
        .is_err()
}

/// Reads until there is this much.
async fn until(stream: &mut TcpStream, wanted: &str) {
    let mut answer = vec![0; wanted.len()];
    let read = timeout(TIMEOUT, stream.read_exact(&mut answer)).await;
    read.expect("in time").expect("an answer");
    assert_eq!(String::from_utf8_lossy(&answer), wanted);
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let read = timeout(TIMEOUT, stream.read_to_string(&mut answer)).await;
    read.expect("in time").expect("an answer");
    answer
}

#[tokio::test]
async fn an_import_is_answered_once_its_file_is_read_unless_progress_is_wanted() {
    const FILE: &str = "title,code,price,stock,category\nA,a,1,1,c\nB,,1,1,c\nC,c,1,";
    let server = Server::start();
    let mut stream = begin(&server, "?most_refused=5", "", FILE).await;
    assert!(nothing_comes(&mut stream).await);
    stream.write_all(b"\n").await.expect("a write");
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains("row_refused") && answer.contains("\"added\":1"),
        "{answer}"
    );

    let mut stream = begin(&server, "?progress=true", "", FILE).await;
    until(&mut stream, "HTTP/1.1 200").await;

    // Who asks first is told to go on, and not answered before.
    for query in ["", "?progress=true"] {
        let mut stream = begin(&server, query, "Expect: 100-continue\r\n", "").await;
        until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
        assert!(nothing_comes(&mut stream).await, "{query}");
        stream.write_all(FILE.as_bytes()).await.expect("a write");
        stream.write_all(b"\n").await.expect("a write");
        let answer = rest(stream).await;
        assert!(answer.contains("\"finished\""), "{answer}");
    }
}

#[tokio::test]
async fn of_more_refused_rows_than_are_kept_the_rest_is_counted() {
    use std::fmt::Write;
    const ROWS: usize = 20_000;
    let server = Server::start();
    let mut file = String::from("title,code,price,stock,category\n");
    for row in 0..ROWS {
        writeln!(file, ",code {row},a lot,-1,").expect("a text");
    }
    let told = import(&server.http(), "", "text/csv", file).await;
    assert_eq!(last(&told)["refused"], ROWS);
    assert!(told.len() > 1_000 && told.len() < ROWS, "{}", told.len());
}
