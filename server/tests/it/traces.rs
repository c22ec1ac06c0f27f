//! What is told of each request: in the log, and in traces to a collector that reads them by OpenTelemetry's own
//! definitions.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::access::Shop;
use crate::support::{Client, Program, TIMEOUT, data_file, draft, program};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// `cargo xtask test` puts it there.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/python/bin/python"
);

/// A program that gathers traces.
struct Collector {
    process: Child,
    address: String,
    lines: Receiver<String>,
    spans: Vec<Value>,
}

impl Collector {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/collector.py");
        let mut process = Command::new(PYTHON)
            .arg(script)
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python is installed by `cargo xtask test`");
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The test may be over.
                let _ = sender.send(line);
            }
        });
        let port = lines.recv_timeout(TIMEOUT).expect("it starts");
        Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
            lines,
            spans: Vec::new(),
        }
    }

    /// Waits for a span that is meant.
    fn span(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(span) = self.spans.iter().find(|span| is_meant(span)) {
                return span.clone();
            }
            let line = self.lines.recv_timeout(TIMEOUT);
            let line = line.unwrap_or_else(|_| panic!("there is none: {:?}", self.spans));
            self.spans.push(serde_json::from_str(&line).expect("JSON"));
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "needs Python; cargo xtask test runs it"]
async fn a_collector_is_told_what_took_how_long() {
    let mut collector = Collector::start();
    let shop = Shop::open(&[
        "--otlp",
        &collector.address,
        "--viewing",
        "people",
        "--editing",
        "people",
    ]);
    let token = shop.token("till", "editor").await;
    // A part of what another program does.
    let (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let request = shop.http().request(Method::POST, "/api/products");
    let request = request
        .bearer_auth(&token)
        .header("traceparent", format!("00-{trace}-{caller}-01"));
    let added = request.json(&draft("a")).send().await.expect("an answer");
    assert_eq!(added.status(), 201);
    let is_ours = |span: &Value| span["trace"] == trace;
    let request = collector.span(|span| is_ours(span) && span["parent"] == caller);
    assert_eq!(request["name"], "POST /api/products");
    assert_eq!(request["service"], "vitrina");
    // SPAN_KIND_SERVER
    assert_eq!(request["kind"], 2);
    let attributes = &request["attributes"];
    assert_eq!(attributes["http.request.method"], "POST");
    assert_eq!(attributes["http.route"], "/api/products");
    assert_eq!(attributes["http.response.status_code"], 201);
    assert_eq!(attributes["enduser.id"], "till");
    let command = collector.span(|span| is_ours(span) && span["parent"] == request["id"]);
    assert_eq!(command["name"], "command");
    let commit = collector.span(|span| is_ours(span) && span["parent"] == command["id"]);
    assert_eq!(commit["name"], "commit");
    assert_eq!(commit["attributes"]["changes"], 1);
    let time = |span: &Value| span["nanoseconds"].as_u64().expect("a number");
    assert!(time(&request) >= time(&commit), "{request} {commit}");
    // A command over a socket begins a trace of its own.
    let value = format!("Bearer {token}");
    let headers = [("authorization", value.as_str())];
    let mut client = Client::try_open(&shop.program.host, "", &headers)
        .await
        .expect("a connection");
    client.add(1, &draft("b")).await;
    client.answer(1).await;
    let is_root = |span: &Value| span["name"] == "command" && span["parent"] == "";
    let command = collector.span(is_root);
    assert_ne!(command["trace"], trace);
    // What fails is told to have failed, and secrets are told to nobody.
    let secret = format!("/api/products/{}?ticket=secret-ticket", u64::MAX);
    assert_eq!(
        shop.with(&token, Method::GET, &secret, None).await.status(),
        404
    );
    let missing = collector.span(|span| span["attributes"]["http.response.status_code"] == 404);
    assert_eq!(missing["name"], "GET /api/products/{id}");
    let all = format!("{:?}", collector.spans);
    assert!(
        !all.contains("secret-ticket") && !all.contains(&token),
        "{all}"
    );
}

#[test]
fn a_collector_that_is_gone_costs_nobody_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    let gone = format!("http://127.0.0.1:{}", testbed::free_port());
    command.args(["--otlp", &gone]);
    let mut program = Program::run(command);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        for code in ["a", "b", "c"] {
            program.http().add(code).await;
        }
    });
    program.signal("TERM");
    assert!(program.wait_for_exit().success());
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    let output = command.args(["--otlp", "127.0.0.1:4318"]).output();
    let output = output.expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("http://HOST:4318"), "{said}");
}

fn id(response: &Response) -> &str {
    let id = response.headers().get("x-request-id").expect("an id");
    id.to_str().expect("a text")
}

#[tokio::test]
async fn the_log_says_which_request_and_whose() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
    command
        .args(["--log", "json"])
        .env("RUST_LOG", "vitrina=debug");
    let mut program = Program::run(command);
    let created = crate::access::run(
        &data_file(&folder),
        &["tokens", "create", "till", "--role", "editor"],
        "",
    );
    let token = String::from_utf8(created.stdout).expect("a text");
    let send = |path: &str| {
        let request = program.http().request(Method::GET, path);
        request.bearer_auth(token.trim())
    };
    let known = async {
        while send("/api/me").send().await.expect("an answer").status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, known)
        .await
        .expect("it is known");
    let own = send("/api/products").send().await.expect("an answer");
    let own = id(&own).to_owned();
    assert!(own.parse::<u64>().is_ok(), "{own}");
    let given = send("/api/categories").header("x-request-id", "from-the-proxy.7");
    let given = given.send().await.expect("an answer");
    assert_eq!(id(&given), "from-the-proxy.7");
    let strange = send("/api/products/1").header("x-request-id", "a \"b\"");
    let strange = strange.send().await.expect("an answer");
    assert_ne!(id(&strange), "a \"b\"");
    let headers = [("authorization", format!("Bearer {}", token.trim()))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let client = Client::try_open(&program.host, "", &headers).await;
    let client = client.expect("a connection");
    let mut line =
        |text: &str| -> Value { serde_json::from_str(&program.wait_for_log(text)).expect("JSON") };
    let answered = line("/api/categories");
    assert_eq!(answered["fields"]["status"], 200);
    let span = &answered["span"];
    assert_eq!(span["id"], "from-the-proxy.7");
    assert_eq!(
        (&span["method"], &span["person"]),
        (&json!("GET"), &json!("till"))
    );
    let connected = line("cliente conectado");
    assert_eq!(connected["fields"]["person"], "till");
    let request = connected["fields"]["request"].as_str().expect("a text");
    assert!(request.parse::<u64>().is_ok(), "{connected}");
    drop(client);
    let left = line("cliente desconectado");
    assert_eq!(left["fields"]["request"], connected["fields"]["request"]);
}
