//! Clients of Socket.IO: the real `socket.io-client` in Node, many in one process.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{Catalog, Position, Product};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::TIMEOUT;
use super::script::lines;

/// A Node process with clients.
pub struct SocketIo {
    child: Child,
    commands: ChildStdin,
    lines: mpsc::UnboundedReceiver<Line>,
    /// What was told and not yet asked for.
    told: Vec<Line>,
    calls: u64,
}

/// What happened to a client.
#[derive(Debug, Deserialize)]
struct Line {
    client: String,
    event: String,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    call: u64,
}

/// What a client has.
#[derive(Debug, Deserialize)]
pub struct State {
    pub position: Option<At>,
    /// The revisions that it came to, each with what its list was then: see [`view`].
    pub views: Vec<(u64, String)>,
    /// How many parts of snapshots it was told.
    pub parts: u32,
    pub products: Vec<Product>,
}

/// A client's position, as it tells it when it joins.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct At {
    pub catalog: String,
    pub since: u64,
    pub digest: String,
}

impl At {
    pub fn is(&self, position: &Position) -> bool {
        self.catalog == position.catalog.0.as_ref()
            && self.since == position.revision.0
            && self.digest == position.digest.to_string()
    }
}

/// Which products there are at which revisions, as a hash that JavaScript can make as well.
pub fn view(catalog: &Catalog) -> String {
    let mut hash = Sha256::new();
    for product in catalog.products() {
        hash.update(format!("{}:{}\n", product.id, product.revision));
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        write!(text, "{byte:02x}").expect("a text takes it");
    }
    text
}

/// The folder with the client's packages, which `cargo xtask test` installs.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/socketio")
}

impl SocketIo {
    pub fn start() -> Self {
        let mut node = Command::new("node");
        node.arg("clients.mjs").current_dir(folder());
        node.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().expect("Node runs");
        let commands = child.stdin.take().expect("a pipe");
        let lines = lines(&mut child);
        Self {
            child,
            commands,
            lines,
            told: Vec::new(),
            calls: 0,
        }
    }

    /// Gives the process a command.
    pub fn command(&mut self, command: &str, client: &str, more: Value) {
        let mut line = json!({"command": command, "client": client});
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
        writeln!(self.commands, "{line}").expect("Node runs");
    }

    /// Opens a client with these options of `io()`.
    pub fn open(&mut self, client: &str, host: &str, options: &Value) {
        let url = format!("http://{host}");
        self.command("open", client, json!({"url": url, "options": options}));
    }

    /// Opens a client over a WebSocket and waits until it is in step.
    pub async fn join(&mut self, client: &str, host: &str) {
        self.open(client, host, &json!({"transports": ["websocket"]}));
        self.until(client, "pulse").await;
    }

    /// Waits for something to happen to a client. All that happened to it before is forgotten, but
    /// for answers and an upgrade, which comes before the list or after.
    pub async fn until(&mut self, client: &str, event: &str) -> Value {
        self.until_line(|line| line.client == client && line.event == event)
            .await
    }

    /// Waits until a client was told of changes up to a revision.
    pub async fn until_revision(&mut self, client: &str, revision: u64) {
        let is_there = |line: &Line| {
            let is_told = matches!(line.event.as_str(), "changes" | "products");
            let is_whole = line.event == "changes" || line.body["digest"].is_string();
            is_told && is_whole && line.body["revision"].as_u64() >= Some(revision)
        };
        self.until_line(|line| line.client == client && is_there(line))
            .await;
    }

    async fn until_line(&mut self, is_it: impl Fn(&Line) -> bool) -> Value {
        let end = Instant::now() + TIMEOUT;
        loop {
            if let Some(at) = self.told.iter().position(&is_it) {
                let found = self.told.remove(at);
                let mut index = 0;
                self.told.retain(|line| {
                    index += 1;
                    let is_kept = matches!(line.event.as_str(), "answer" | "upgrade");
                    index > at || line.client != found.client || is_kept
                });
                return found.body;
            }
            let line = timeout_at(end, self.lines.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("not told, but {}", self.summary()));
            self.told.push(line.expect("Node runs"));
        }
    }

    /// What was told last, in short.
    fn summary(&self) -> String {
        let told = self
            .told
            .iter()
            .filter(|line| line.event != "connect_error");
        let last: Vec<_> = told.rev().take(30).collect();
        let short = last
            .iter()
            .rev()
            .map(|line| format!("{} {}", line.client, line.event));
        short.collect::<Vec<_>>().join(", ")
    }

    /// Sends an event without waiting for its answer; the number finds it.
    pub fn emit(&mut self, client: &str, event: &str, arguments: &Value) -> u64 {
        self.calls += 1;
        let call = self.calls;
        self.command(
            "emit",
            client,
            json!({"call": call, "event": event, "args": arguments}),
        );
        call
    }

    /// The answer to an event.
    pub async fn answer(&mut self, call: u64) -> Value {
        self.until_line(|line| line.event == "answer" && line.call == call)
            .await
    }

    /// Sends an event and waits for its answer.
    pub async fn ask(&mut self, client: &str, event: &str, arguments: Value) -> Value {
        let call = self.emit(client, event, &arguments);
        self.answer(call).await
    }

    /// What a client has.
    pub async fn state(&mut self, client: &str) -> State {
        self.command("state", client, json!({}));
        let state = self.until(client, "state").await;
        serde_json::from_value(state).expect("a state")
    }
}

impl Drop for SocketIo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
