//! What a machine asks that looks after the server: read by Prometheus's own parser.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Client, Http, Program, Server, data_file, draft, program};
use reqwest::Method;
use serde_json::{Map, Value, json};
use testbed::free_port;

/// `cargo xtask test` puts it there.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/python/bin/python"
);

/// The samples that a server tells, by their names and labels.
async fn samples(operator: &Http) -> Map<String, Value> {
    let told = operator.get("/metrics").await;
    assert_eq!(told.status(), 200);
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(told.headers()["content-type"], media_type);
    assert_eq!(told.headers()["cache-control"], "no-store");
    let text = told.text().await.expect("a text");
    let mut parser = Command::new(PYTHON)
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/clients/metrics.py"
        ))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is installed by `cargo xtask test`");
    let mut stdin = parser.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let parsed = parser.wait_with_output().expect("it ends");
    assert!(parsed.status.success(), "it can't be read: {text}");
    serde_json::from_slice(&parsed.stdout).expect("JSON")
}

#[tokio::test]
#[ignore = "needs Python; cargo xtask test runs it"]
async fn what_the_server_does_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let operator = format!("127.0.0.1:{}", free_port());
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    command.args(["--metrics", &operator]);
    let server = Program::run(command);
    let operator = Http::of(&operator);
    let http = server.http();
    let mut page = Client::open(&server.host, "").await;
    page.until_loaded().await;
    for code in ["a", "b", "c"] {
        http.add(code).await;
    }
    page.until_revision(3).await;
    let events = http.get("/api/products/stream").await;
    assert_eq!(events.status(), 200);
    assert_eq!(http.post(&draft("A")).await.status(), 409);
    for number in 0..50 {
        assert_eq!(http.get(&format!("/nowhere/{number}")).await.status(), 404);
    }
    let odd = Method::from_bytes(b"ODD").expect("a method");
    let odd = http.request(odd, "/api/products").send().await;
    assert_eq!(odd.expect("an answer").status(), 405);
    let told = samples(&operator).await;
    for (name, expected) in [
        (
            "vitrina_http_requests_total{method=POST,route=/api/products,status=201}",
            3,
        ),
        (
            "vitrina_http_requests_total{method=POST,route=/api/products,status=409}",
            1,
        ),
        (
            "vitrina_http_requests_total{method=GET,route=other,status=404}",
            50,
        ),
        (
            "vitrina_http_requests_total{method=OTHER,route=/api/products,status=405}",
            1,
        ),
        ("vitrina_commands_refused_total{reason=code_taken}", 1),
        ("vitrina_changes_total{}", 3),
        ("vitrina_deliveries_total{}", 3),
        ("vitrina_snapshots_encoded_total{}", 1),
        ("vitrina_journal_commit_seconds_count{}", 3),
        ("vitrina_revision{}", 3),
        ("vitrina_products{}", 3),
        ("vitrina_viewers{door=websocket}", 1),
        ("vitrina_viewers{door=socketio}", 0),
        ("vitrina_viewers{door=events}", 1),
        ("vitrina_longest_lag_changes{}", 0),
        ("vitrina_writable{}", 1),
    ] {
        assert_eq!(
            told.get(name).and_then(Value::as_f64),
            Some(f64::from(expected)),
            "{name}: {told:?}"
        );
    }
    // The dashboard asks for nothing that there isn't.
    let dashboard = include_str!("../../../docs/grafana.json");
    let asked = dashboard.split("vitrina_").skip(1).map(|rest| {
        let end = rest.find(|char: char| !char.is_ascii_lowercase() && char != '_');
        format!("vitrina_{}", &rest[..end.unwrap_or(rest.len())])
    });
    for name in asked.filter(|name| name != "vitrina_limited_total") {
        let is_told = told.keys().any(|key| key.starts_with(&format!("{name}{{")));
        assert!(is_told, "{name}");
    }
    let memory = told["vitrina_resident_memory_bytes{}"].as_f64();
    assert!(memory.is_some_and(|bytes| bytes > 1e6));
    let size = |file: &str| told[&format!("vitrina_file_bytes{{file={file}}}")].as_f64();
    let bytes = std::fs::metadata(data_file(&folder)).expect("a file").len();
    let bytes = f64::from(u32::try_from(bytes).expect("a small file"));
    assert!(size("data").is_some_and(|told| told > 0.0 && told <= bytes));
    assert!(size("log").is_some_and(|bytes| bytes > 0.0));
    // They are not for everybody.
    assert_eq!(http.get("/metrics").await.status(), 404);
    assert_eq!(operator.get("/api/products").await.status(), 404);
}

#[tokio::test]
async fn it_says_whether_it_lives_and_can_be_given_work() {
    let server = Server::start();
    for path in ["/healthz", "/readyz"] {
        let response = server.http().get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let head = server.http().request(Method::HEAD, path).send().await;
        assert_eq!(head.expect("an answer").status(), 200);
        let post = server.http().send(Method::POST, path, &json!({})).await;
        assert_eq!(post.status(), 405);
    }
}

#[test]
fn an_address_that_is_taken_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    let output = command.args(["--metrics", &address]).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("choose another with --metrics"), "{said}");
}
