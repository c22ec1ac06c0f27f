//! HTTP word by word, over TCP.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends these bytes and gives what comes back until the connection ends.
pub async fn raw(host: &str, sent: &str) -> String {
    let mut stream = TcpStream::connect(host).await.expect("a port");
    stream.write_all(sent.as_bytes()).await.expect("a write");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with these lines after the first.
pub fn request(line: &str, headers: &[&str]) -> String {
    let headers = headers.join("\r\n");
    let headers = if headers.is_empty() {
        headers
    } else {
        headers + "\r\n"
    };
    format!("{line} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
}

pub fn status(answer: &str) -> u16 {
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {answer:?}"))
}

pub fn problem(answer: &str) -> Value {
    assert!(
        answer.contains("content-type: application/problem+json"),
        "{answer}"
    );
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}
