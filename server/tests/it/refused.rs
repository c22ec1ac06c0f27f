//! Whatever comes over the socket, the answer is clear and the connection's neighbours are well.

use std::time::Duration;

use crate::support::{Client, Server, draft};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;
use shared::RequestId;
use tokio_tungstenite::tungstenite::{Error, Message};
use vitrina::Options;

#[tokio::test]
async fn a_message_that_is_wrong_is_refused_and_the_connection_stays() {
    let server = Server::start();
    let mut client = server.client().await;
    let cases = [
        ("", None, "malformed"),
        ("{", None, "malformed"),
        ("null", None, "malformed"),
        ("[]", None, "malformed"),
        (r#"{"type":"add","request":1}"#, Some(1), "malformed"),
        (
            r#"{"type":"add","request":-1,"draft":{}}"#,
            None,
            "malformed",
        ),
        (
            r#"{"type":"add","request":2,"draft":[]}"#,
            Some(2),
            "malformed",
        ),
        (
            r#"{"type":"add","request":3,"draft":{},"more":1}"#,
            Some(3),
            "malformed",
        ),
        (
            r#"{"type":"add","request":4,"draft":{}}"#,
            Some(4),
            "invalid",
        ),
        (
            r#"{"type":"delete","request":5,"id":77}"#,
            Some(5),
            "not_found",
        ),
        (
            r#"{"type":"delete","request":6,"id":"x"}"#,
            Some(6),
            "malformed",
        ),
        (
            r#"{"type":"update","request":7,"id":1,"patch":{"x":1}}"#,
            Some(7),
            "invalid",
        ),
        (
            r#"{"type":"dance","request":8}"#,
            Some(8),
            "unknown_message",
        ),
    ];
    for (frame, request, code) in cases {
        client.send_raw(Message::text(frame)).await;
        let (told, problem) = client.refusal().await;
        assert_eq!(
            (told, problem.code.as_str()),
            (request.map(RequestId), code),
            "{frame}"
        );
        assert!(!problem.message.is_empty());
    }
    client.send_raw(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.refusal().await.1.code, "not_text");
    client.add(9, &draft("a")).await;
    client.until_revision(1).await;
}

#[tokio::test]
async fn a_refusal_over_the_socket_reads_as_over_http() {
    let server = Server::start();
    let body = json!({"title": "x", "price": "abc", "code": "a", "category": "c"});
    let over_http: serde_json::Value = server.http().post(&body).await.json().await.expect("JSON");
    let mut client = server.client().await;
    client.add(1, &body).await;
    let (_, problem) = client.refusal().await;
    assert_eq!(over_http["detail"], problem.message);
    let fields = serde_json::to_value(&problem.fields).expect("JSON");
    assert_eq!(over_http["fields"], fields);
}

#[tokio::test]
async fn an_oversized_frame_closes_with_1009() {
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    let long = "x".repeat(vitrina::MAX_COMMAND_BYTES + 1);
    // The server may close while the frame is still being written.
    let _ = futures_util::SinkExt::send(&mut client.socket, Message::text(long)).await;
    client.until_closed().await;
    assert_eq!(client.closed, Some(1009));
}

#[tokio::test]
async fn text_that_is_no_utf8_closes_with_1007() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start();
    let mut client = server.client().await;
    client.until_loaded().await;
    // A masked text frame of one byte that no UTF-8 text has (RFC 6455 section 5.2).
    let frame = [0x81, 0x81, 0, 0, 0, 0, 0xff];
    let stream = client.socket.get_mut();
    stream.write_all(&frame).await.expect("a connection");
    client.until_closed().await;
    assert_eq!(client.closed, Some(1007));
}

#[tokio::test]
async fn a_frame_at_the_limit_is_taken() {
    let server = Server::start();
    let mut client = server.client().await;
    let mut draft = draft("a");
    draft["description"] = json!("\u{1F600}".repeat(2_000));
    let url = format!("https://example.com/{}", "x".repeat(1_900));
    draft["thumbnails"] = json!(vec![url; 10]);
    client.add(1, &draft).await;
    client.until_revision(1).await;
}

async fn status_of(host: &str, query: &str, headers: &[(&'static str, &str)]) -> u16 {
    match Client::try_open(host, query, headers).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn who_may_not_connect_is_told_so() {
    let options = Options {
        max_clients: 1,
        ..Options::default()
    };
    let server = Server::start_with(options);
    let own = format!("http://{}", server.host);
    let foreign = [("origin", "http://evil.example")];
    assert_eq!(status_of(&server.host, "", &foreign).await, 403);
    assert_eq!(status_of(&server.host, "since=x", &[]).await, 400);
    let long = format!("page={}", "x".repeat(65));
    assert_eq!(status_of(&server.host, &long, &[]).await, 400);
    let one = Client::try_open(&server.host, "", &[("origin", &own)]).await;
    let one = one.expect("a connection");
    assert_eq!(status_of(&server.host, "", &[]).await, 503);
    drop(one);
    while status_of(&server.host, "", &[]).await == 503 {
        tokio::task::yield_now().await;
    }
    let plain = server.http().get("/ws").await;
    assert_eq!(plain.status(), 400, "not a WebSocket handshake");
}

#[tokio::test]
async fn other_sites_may_in_once_they_are_named() {
    let options = Options {
        origins: vec![HeaderValue::from_static("https://shop.example")],
        ..Options::default()
    };
    let server = Server::start_with(options);
    let from = async |method: Method, origin: &'static str| {
        let request = server.http().request(method, "/api/products");
        let request = request.header("origin", origin).json(&draft(origin));
        request.send().await.expect("an answer")
    };
    let welcome = from(Method::POST, "https://shop.example").await;
    assert_eq!(welcome.status(), 201);
    let allowed = &welcome.headers()["access-control-allow-origin"];
    assert_eq!(allowed, "https://shop.example");
    let other = from(Method::POST, "https://other.example").await;
    assert_eq!(other.status(), 403);
    assert!(!other.headers().contains_key("access-control-allow-origin"));
    let headers = [("origin", "https://shop.example")];
    let client = Client::try_open(&server.host, "", &headers).await;
    assert!(client.is_ok());
    // Without a name nobody is told that they may.
    let server = Server::start();
    let request = server.http().request(Method::GET, "/api/products");
    let response = request
        .header("origin", "https://shop.example")
        .send()
        .await;
    let response = response.expect("an answer");
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

fn hasty() -> Options {
    let mut options = Options::default();
    options.timeouts.ping = Duration::from_millis(100);
    options.timeouts.silent = Duration::from_millis(1_500);
    options.timeouts.stalled = Duration::from_millis(500);
    options
}

#[tokio::test]
async fn a_client_that_pings_and_reads_nothing_is_closed() {
    use tokio::io::AsyncWriteExt;
    let server = Server::start_with(hasty());
    let mut client = server.client().await;
    client.until_loaded().await;
    // Masked pings of 125 bytes (RFC 6455 section 5.5.2), each of which wants a pong.
    let mut ping = vec![0x89, 0xFD, 0, 0, 0, 0];
    ping.resize(6 + 125, b'x');
    let pings = ping.repeat(1_000);
    let stream = client.socket.get_mut();
    let mut sent = 0;
    // What the kernel keeps of the pongs, and of the pings, and no more than that.
    while stream.write_all(&pings).await.is_ok() {
        sent += pings.len();
        assert!(sent < 64 * 1024 * 1024, "it takes all of them");
    }
    // Others are well, and so is one that reads.
    let mut other = server.client().await;
    other.until_loaded().await;
    for _ in 0..1_000 {
        other.send_raw(Message::Ping(vec![b'x'; 125].into())).await;
    }
    other.add(1, &draft("a")).await;
    other.until_revision(1).await;
}

#[tokio::test]
async fn a_half_open_connection_is_closed() {
    let server = Server::start_with(hasty());
    // It opens, and then is never heard of again: nothing reads it, so no ping is answered.
    let gone = server.client().await;
    let mut other = server.client().await;
    other.until(|client| client.viewers == 2).await;
    other.until(|client| client.viewers == 1).await;
    drop(gone);
}

#[tokio::test]
async fn a_page_that_answers_pings_stays_however_little_happens() {
    let server = Server::start_with(hasty());
    let mut client = server.client().await;
    client.until_loaded().await;
    let long_after = tokio::time::Instant::now() + 3 * hasty().timeouts.silent;
    while tokio::time::Instant::now() < long_after {
        assert!(client.step().await, "closed with {:?}", client.closed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_never_reads_is_closed_and_delays_nobody() {
    let mut options = hasty();
    // Only the stalled write may end it.
    options.timeouts.silent = Duration::from_mins(1);
    let server = Server::start_with(options);
    let mut slow = server.client().await;
    slow.until_loaded().await;
    let mut client = server.client().await;
    client.until_loaded().await;
    let mut draft = draft("a");
    draft["description"] = json!("x".repeat(2_000));
    client.add(0, &draft).await;
    client.until_revision(1).await;
    let mut writes = 0;
    // More than the buffers of both sockets hold, until the hub has one viewer less.
    while writes == 0 || client.viewers != 1 {
        for _ in 0..50 {
            writes += 1;
            let description = format!("{writes}{}", "x".repeat(1_900));
            let patch = json!({"description": description});
            client
                .send(&json!({"type": "update", "request": writes, "id": 1, "patch": patch}))
                .await;
        }
        client.until_revision(writes + 1).await;
    }
}
