//! What HTTP itself asks of a server, and what keeps one safe from its clients, word by word over
//! TCP.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::program::limited;
use crate::support::raw::{problem, raw, request, status};
use crate::support::{Client, Program, Server, data_file, draft};

#[tokio::test]
async fn headers_that_say_two_things_are_refused() {
    let server = Server::start();
    let body = draft("a").to_string();
    let length = format!("Content-Length: {}", body.len());
    for (first, second, expected) in [
        ("Content-Encoding: gzip", "Content-Encoding: br", 415),
        ("Content-Encoding: identity", "Content-Encoding: gzip", 415),
        ("Idempotency-Key: a", "Idempotency-Key: b", 400),
        ("X-A: 1", "X-A: 2", 201),
    ] {
        let headers = [
            "Host: localhost",
            "Content-Type: application/json",
            &length,
            first,
            second,
        ];
        let sent = request("POST /api/products", &headers) + &body;
        assert_eq!(status(&raw(&server.host, &sent).await), expected, "{first}");
    }
}

#[tokio::test]
async fn a_handshake_with_an_odd_key_is_refused() {
    let server = Server::start();
    for key in [
        "",
        "short",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25j!Q==",
        "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==",
    ] {
        let key = format!("Sec-WebSocket-Key: {key}");
        let headers = [
            "Host: localhost",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            &key,
        ];
        let answer = raw(&server.host, &request("GET /ws", &headers)).await;
        assert_eq!(status(&answer), 400, "{key}: {answer}");
        assert_eq!(problem(&answer)["code"], "malformed");
    }
}

#[tokio::test]
async fn paths_and_queries_that_make_no_sense_have_problem_documents() {
    let server = Server::start();
    for (path, expected, code) in [
        ("/assets/%ff", 404, "no_such_route"),
        ("/assets/..%2fCargo.toml", 404, "no_such_route"),
        ("/assets/%2fetc%2fpasswd", 404, "no_such_route"),
        ("/assets/a%2f..%2f..%2fCargo.toml", 404, "no_such_route"),
        ("/api/docs/..%2f..%2fCargo.toml", 404, "no_such_route"),
        ("/api/docs/%ff", 404, "no_such_route"),
        ("/api/products/%ff", 404, "no_such_route"),
        ("/api/products/stream?since=1&since=2", 400, "malformed"),
        ("/api/products?limit=1&limit=2", 422, "invalid"),
        (
            "/api/products/export?format=csv&format=json",
            422,
            "invalid",
        ),
        ("/api/products?%ff=1", 422, "invalid"),
    ] {
        let line = format!("GET {path}");
        let answer = raw(&server.host, &request(&line, &["Host: localhost"])).await;
        assert_eq!(status(&answer), expected, "{path}");
        assert_eq!(problem(&answer)["code"], code, "{path}");
    }
    let many: Vec<String> = (0..1_000).map(|number| format!("a{number}=1")).collect();
    let many = format!("/api/products?{}", many.join("&"));
    let answer = server.http().get(&many).await;
    assert_eq!(answer.status(), 422);
    let problem: Value = answer.json().await.expect("JSON");
    let fields = problem["fields"].as_array().expect("a list");
    assert_eq!(fields.len(), 33);
    let last = fields.last().expect("a field");
    assert_eq!(last["code"], "more");
    assert_eq!(last["message"], "968 more are not as they must be.");
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_it_comes() {
    let server = Server::start();
    let headers = [
        "Host: localhost",
        "Content-Type: application/json",
        "Content-Length: 99999999",
        "Expect: 100-continue",
    ];
    for line in [
        "POST /api/products",
        "PATCH /api/products/1",
        "POST /api/products/batch",
    ] {
        let start = Instant::now();
        let answer = raw(&server.host, &request(line, &headers)).await;
        assert_eq!(status(&answer), 413, "{line}: {answer}");
        assert_eq!(problem(&answer)["code"], "too_large");
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "it was waited for"
        );
    }
    // One that sends it all the same is told as well.
    let long = "x".repeat(1_000_000);
    let sent = format!(
        "POST /api/products HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 1000000\r\nConnection: close\r\n\r\n{long}"
    );
    assert_eq!(status(&raw(&server.host, &sent).await), 413);
}

#[tokio::test]
async fn a_body_that_takes_too_long_is_told_so() {
    let server = Server::start();
    let headers = [
        "Host: localhost",
        "Content-Type: application/json",
        "Content-Length: 10",
    ];
    let answer = raw(&server.host, &request("POST /api/products", &headers)).await;
    assert_eq!(status(&answer), 408);
    assert_eq!(problem(&answer)["code"], "too_slow");
}

#[tokio::test]
async fn every_answer_says_who_may_keep_and_use_it() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    for (path, cache) in [
        ("/", "no-cache"),
        ("/realtimeproducts", "no-cache"),
        ("/api/products", "no-cache"),
        ("/api/products/1", "no-cache"),
        ("/api/products/7", "no-store"),
        ("/api/categories", "no-cache"),
        ("/api/products/export", "no-store"),
        ("/api/openapi.json", "no-cache"),
        ("/api/docs/", "no-store"),
        ("/api/docs/index.html", "no-store"),
        ("/nowhere", "no-store"),
        ("/ws", "no-store"),
    ] {
        let answer = http.get(path).await;
        let is_there = !["/api/products/7", "/nowhere", "/ws"].contains(&path);
        assert_eq!(answer.status() == 200, is_there, "{path}");
        assert_eq!(answer.headers()["cache-control"], cache, "{path}");
        for (name, value) in [
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        let policy = answer.headers()["permissions-policy"].to_str();
        assert!(policy.expect("a text").contains("geolocation=()"), "{path}");
    }
    let added = http.post(&draft("b")).await;
    assert_eq!(added.headers()["cache-control"], "no-cache");
}

#[tokio::test]
async fn a_picture_with_a_pages_address_chooses_no_language() {
    let server = Server::start();
    let http = server.http();
    let chooses = async |headers: &[(&'static str, &str)]| {
        let mut request = http.request(Method::GET, "/?lang=es");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        answer.headers().contains_key("set-cookie")
    };
    let page = [
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("accept", "text/html"),
    ];
    assert!(chooses(&page).await);
    assert!(
        chooses(&page[2..]).await,
        "a browser that says nothing of it"
    );
    for (dest, mode) in [
        ("image", "no-cors"),
        ("iframe", "navigate"),
        ("empty", "cors"),
    ] {
        let other = [("sec-fetch-dest", dest), ("sec-fetch-mode", mode), page[2]];
        assert!(!chooses(&other).await, "{dest}");
    }
    assert!(!chooses(&[("accept", "image/avif,image/webp,*/*;q=0.8")]).await);
    assert!(!chooses(&[]).await);
}

#[tokio::test]
async fn so_many_files_are_imported_at_a_time_and_lists_do_not_wait_for_them() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(&server.host).await.expect("a port");
        let head = "POST /api/products/import?progress=true HTTP/1.1\r\nHost: localhost\r\n\
            Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\ntitle,code\n";
        stream.write_all(head.as_bytes()).await.expect("a write");
        // It has begun when the answer has.
        let mut first = [0; 16];
        stream.read_exact(&mut first).await.expect("an answer");
        assert!(first.starts_with(b"HTTP/1.1 200"));
        stalled.push(stream);
    }
    let import = async || {
        let request = http.request(Method::POST, "/api/products/import");
        let request = request.header("content-type", "text/csv");
        let body = "title,code,price,stock,category\nB,b,1,1,c\n";
        request.body(body).send().await.expect("an answer")
    };
    let refused = import().await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "10");
    let problem: Value = refused.json().await.expect("JSON");
    assert_eq!(problem["code"], "too_many_imports");
    assert_eq!(http.get("/api/products?q=product").await.status(), 200);
    assert_eq!(http.get("/api/categories").await.status(), 200);
    stalled.pop();
    let imported = loop {
        let answer = import().await;
        if answer.status() != 503 {
            break answer.text().await.expect("a text");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(imported.contains("\"finished\""), "{imported}");
    assert_eq!(http.list().await["count"], 2);
}

#[tokio::test]
async fn what_is_left_at_a_stop_is_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut program = Program::start(&data_file(&folder));
    let json = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";
    let csv = "Host: localhost\r\nContent-Type: text/csv\r\nContent-Length: 100\r\n\r\n";
    let mut stalled = Vec::new();
    for sent in [
        "GET / HTTP/1.1\r\nHost: ".to_owned(),
        format!("POST /api/products HTTP/1.1\r\n{json}{{"),
        format!("POST /api/products/import HTTP/1.1\r\n{csv}title"),
        "GET /api/products/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
    ] {
        let mut stream = TcpStream::connect(&program.host).await.expect("a port");
        stream.write_all(sent.as_bytes()).await.expect("a write");
        stalled.push(stream);
    }
    let mut client = Client::open(&program.host, "").await;
    client.until_loaded().await;
    program.http().add("a").await;
    let stop = Instant::now();
    program.signal("TERM");
    client.until_closed().await;
    assert_eq!(client.closed, Some(1012));
    assert_eq!(program.wait_for_exit().code(), Some(0));
    let time = stop.elapsed();
    assert!(time < Duration::from_secs(9), "it took {time:?}");
    drop(stalled);
    assert_eq!(
        Program::start(&data_file(&folder)).http().list().await["count"],
        1
    );
}

#[tokio::test]
async fn with_few_files_it_serves_or_says_that_they_are_too_few() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::run(limited(&data_file(&folder), "-n 64"));
    let mut clients = Vec::new();
    for _ in 0..30 {
        let mut client = Client::open(&program.host, "").await;
        client.until_loaded().await;
        clients.push(client);
    }
    program.http().add("a").await;
    for client in &mut clients {
        client.until_revision(1).await;
    }
    // More than there is room for wait, and what is there goes on.
    let mut waiting = Vec::new();
    for _ in 0..200 {
        waiting.push(TcpStream::connect(&program.host).await.expect("a port"));
    }
    let mut last = clients.pop().expect("a client");
    last.add(1, &draft("b")).await;
    last.answer(1).await;
    drop(waiting);
    assert_eq!(program.http().get("/").await.status(), 200);
    for files in [8, 12, 20, 32, 47] {
        let folder = tempfile::tempdir().expect("a folder");
        let ended = limited(&data_file(&folder), &format!("-n {files}")).output();
        let ended = ended.expect("it runs");
        assert_eq!(ended.status.code(), Some(1), "{files}");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            said.contains("ulimit -n") && said.lines().count() == 1,
            "{files}: {said}"
        );
    }
}

#[tokio::test]
async fn a_refusal_is_never_much_larger_than_what_is_refused() {
    let server = Server::start();
    let http = server.http();
    let names: serde_json::Map<String, Value> = (0..5_000)
        .map(|number| (format!("name {number}"), json!(1)))
        .collect();
    let refused = http.post(&Value::Object(names.clone())).await;
    assert_eq!(refused.status(), 422);
    let problem: Value = refused.json().await.expect("JSON");
    let fields = problem["fields"].as_array().expect("a list");
    let last = fields.last().expect("a field");
    assert_eq!(last["code"], "more");
    // Four that are required are told as well.
    assert_eq!(fields.len(), 5 + 20 + 1);
    assert_eq!(last["message"], "4,980 more are not as they must be.");
    let long = json!({"x".repeat(200_000): 1});
    let refused = http.post(&long).await.text().await.expect("a text");
    assert!(refused.len() < 5_000, "{}", refused.len());
    let commands = vec![json!({"type": "add", "draft": names}); 200];
    for (atomic, code) in [(true, 422), (false, 200)] {
        let batch = json!({"atomic": atomic, "commands": commands});
        let sent = batch.to_string().len();
        let answer = http.send(Method::POST, "/api/products/batch", &batch).await;
        assert_eq!(answer.status(), code);
        let told = answer.text().await.expect("a text");
        assert!(told.len() < sent / 4, "{} for {sent}", told.len());
        if atomic {
            let told: Value = serde_json::from_str(&told).expect("JSON");
            assert_eq!(told["commands"].as_array().map(Vec::len), Some(100));
            assert_eq!(told["more_commands"], 100);
        }
    }
    let mut client = server.client().await;
    client
        .send(&json!({"type": "x".repeat(100_000), "request": 1}))
        .await;
    let (_, problem) = client.refusal().await;
    assert!(problem.message.len() < 1_000, "{}", problem.message.len());
}
