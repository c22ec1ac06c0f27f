//! Who may do what: each role over each door, at once when it is taken away, and under which name.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Client, Http, Program, SocketIo, TIMEOUT, data_file, draft, program};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use shared::ServerMessage;
use tempfile::TempDir;
use tokio::time::timeout;

/// A server with people and tokens.
pub struct Shop {
    pub program: Program,
    pub folder: TempDir,
}

/// Runs the program on a journal, with this on its standard input.
pub fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("--data").arg(data).args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // One that needs no input may have ended.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

impl Shop {
    /// Starts it with these flags; nobody is known.
    pub fn open(flags: &[&str]) -> Self {
        Self::open_on("127.0.0.1:0", flags)
    }

    /// Starts it on this address with these flags.
    pub fn open_on(listen: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Self::serve(&folder, listen, flags);
        Self { program, folder }
    }

    /// Starts it with these people, whose passwords are "the horse of" them.
    pub fn open_with(flags: &[&str], people: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, role) in people {
            let password = format!("the horse of {name}\n");
            let add = ["people", "add", name, "--role", role];
            let added = run(&data_file(&folder), &add, &password);
            assert!(added.status.success(), "{added:?}");
        }
        let program = Self::serve(&folder, "127.0.0.1:0", flags);
        Self { program, folder }
    }

    fn serve(folder: &TempDir, listen: &str, flags: &[&str]) -> Program {
        let mut command = program::command(&data_file(folder), listen);
        command.args(flags);
        Program::run(command)
    }

    /// Runs the program beside the server.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = run(&data_file(&self.folder), arguments, input);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout)
            .expect("a text")
            .trim()
            .to_owned()
    }

    /// Makes a token; the server knows it when this returns.
    pub async fn token(&self, name: &str, role: &str) -> String {
        let token = self.run(&["tokens", "create", name, "--role", role], "");
        self.until_known(&token).await;
        token
    }

    async fn until_known(&self, token: &str) {
        let known = async {
            while self
                .with(token, Method::GET, "/api/me", None)
                .await
                .status()
                != 200
            {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        timeout(TIMEOUT, known).await.expect("it is known");
    }

    pub fn http(&self) -> Http {
        self.program.http()
    }

    /// A request with a token, or with none where that is empty.
    pub async fn with(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Response {
        let mut request = self.http().request(method, path);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.expect("an answer")
    }

    /// A live client with a token.
    async fn client(&self, token: &str) -> Client {
        let value = format!("Bearer {token}");
        let headers = [("authorization", value.as_str())];
        let headers = if token.is_empty() { &[][..] } else { &headers };
        let host = &self.program.host;
        Client::try_open(host, "", headers)
            .await
            .expect("a connection")
    }
}

async fn code(response: Response) -> String {
    let body: Value = response.json().await.expect("JSON");
    body["code"].as_str().unwrap_or_default().to_owned()
}

/// Every way to change the list over HTTP.
fn writes() -> Vec<(Method, &'static str, Value)> {
    let commands = json!({"commands": [{"type": "add", "draft": draft("batch")}]});
    vec![
        (Method::POST, "/api/products", draft("posted")),
        (Method::PUT, "/api/products/1", draft("put")),
        (Method::PATCH, "/api/products/1", json!({"stock": 3})),
        (Method::POST, "/api/products/batch", commands),
        (
            Method::POST,
            "/api/products/import",
            json!([draft("imported")]),
        ),
        (Method::DELETE, "/api/products/1", json!({})),
        (Method::POST, "/api/products/1/restore", json!({})),
    ]
}

const READS: [&str; 9] = [
    "/api/products",
    "/api/products/2",
    "/api/products/export",
    "/api/categories",
    "/api/history",
    "/api/products/2/history",
    "/api/products/stream",
    "/api/history/stream",
    "/api/openapi.json",
];

#[tokio::test]
async fn each_role_may_do_what_it_says_over_http() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let editor = shop.token("till", "editor").await;
    let viewer = shop.token("screen", "viewer").await;
    for code in ["first", "second"] {
        let body = draft(code);
        let added = shop
            .with(&editor, Method::POST, "/api/products", Some(&body))
            .await;
        assert_eq!(added.status(), 201);
    }
    for path in READS {
        for (token, status) in [("", 401), ("wrong", 401), (&*viewer, 200), (&*editor, 200)] {
            let read = shop.with(token, Method::GET, path, None).await;
            assert_eq!(read.status(), status, "{path}, {token:?}");
        }
    }
    for (method, path, body) in writes() {
        let before = shop.with(&viewer, Method::GET, "/api/products", None).await;
        let before: Value = before.json().await.expect("JSON");
        for (token, status, reason) in [
            ("", 401, "sign_in_first"),
            ("wrong", 401, "unknown_token"),
            (&*viewer, 403, "may_not_edit"),
        ] {
            let refused = shop.with(token, method.clone(), path, Some(&body)).await;
            assert_eq!(refused.status(), status, "{method} {path}, {token:?}");
            let asks = refused.headers().get("www-authenticate");
            assert_eq!(asks.is_some(), status == 401, "RFC 9110 section 15.5.2");
            assert_eq!(code(refused).await, reason, "{method} {path}, {token:?}");
        }
        let after = shop.with(&viewer, Method::GET, "/api/products", None).await;
        assert_eq!(
            after.json::<Value>().await.expect("JSON"),
            before,
            "{method} {path}"
        );
        let done = shop.with(&editor, method.clone(), path, Some(&body)).await;
        assert!(
            done.status().is_success(),
            "{method} {path}: {}",
            done.status()
        );
        // An import goes on after the first of its answer.
        done.text().await.expect("a text");
    }
    let people = shop.with(&editor, Method::GET, "/people", None).await;
    assert_eq!(
        (people.status().as_u16(), code(people).await),
        (403, "admins_only".to_owned())
    );
}

#[tokio::test]
async fn each_role_may_do_what_it_says_over_the_socket() {
    let shop = Shop::open(&["--editing", "people"]);
    let editor = shop.token("till", "editor").await;
    let viewer = shop.token("screen", "viewer").await;
    for (token, reason) in [("", "sign_in_first"), (&*viewer, "may_not_edit")] {
        let mut client = shop.client(token).await;
        client.until_loaded().await;
        client.add(1, &draft("a")).await;
        let (_, problem) = client.refusal().await;
        assert_eq!(problem.code, reason);
    }
    let mut client = shop.client(&editor).await;
    client.add(1, &draft("a")).await;
    let answer = client.answer(1).await;
    assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
    let wrong = [("authorization", "Bearer wrong")];
    let refused = Client::try_open(&shop.program.host, "", &wrong).await;
    assert!(
        refused.is_err(),
        "a token that is not known is no reason to be anybody"
    );
}

#[tokio::test]
async fn who_may_not_see_the_list_gets_no_connection() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let host = &shop.program.host;
    assert!(Client::try_open(host, "", &[]).await.is_err());
    // A page is told by the code, since it is not told of answers to a handshake.
    let origin = format!("http://{host}");
    let page = Client::try_open(host, "", &[("origin", &origin)]).await;
    let mut page = page.expect("a connection");
    page.until_closed().await;
    assert_eq!(
        (page.closed, page.told.len(), page.pulses),
        (Some(1008), 0, 0)
    );
}

#[tokio::test]
async fn what_is_taken_away_ends_connections_at_once() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let token = shop.token("till", "editor").await;
    let other = shop.token("other", "viewer").await;
    let mut client = shop.client(&token).await;
    let mut stays = shop.client(&other).await;
    client.until_loaded().await;
    stays.until_loaded().await;
    let mut streams = Vec::new();
    for path in ["/api/products/stream", "/api/history/stream"] {
        let events = shop.with(&token, Method::GET, path, None).await;
        assert_eq!(events.status(), 200);
        streams.push(events);
    }
    shop.run(&["tokens", "revoke", "till"], "");
    client.until_closed().await;
    assert_eq!(client.closed, Some(1008));
    for stream in &mut streams {
        let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
        timeout(TIMEOUT, ended).await.expect("it ends");
    }
    let refused = shop.with(&token, Method::GET, "/api/products", None).await;
    assert_eq!(code(refused).await, "unknown_token");
    stays.delete(1, 7).await;
    let (_, problem) = stays.refusal().await;
    assert_eq!(problem.code, "may_not_edit", "the other is still there");
}

#[tokio::test]
async fn a_token_ends_when_it_says() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let create = [
        "tokens",
        "create",
        "short",
        "--role",
        "viewer",
        "--expires",
        "4s",
    ];
    let token = shop.run(&create, "");
    shop.until_known(&token).await;
    let mut client = shop.client(&token).await;
    client.until_closed().await;
    assert_eq!(client.closed, Some(1008));
    let refused = shop.with(&token, Method::GET, "/api/products", None).await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn a_ticket_stands_for_who_asked_for_it() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let token = shop.token("till", "editor").await;
    let nobody = shop.with("", Method::POST, "/api/tickets", None).await;
    assert_eq!(nobody.status(), 401);
    let made = shop.with(&token, Method::POST, "/api/tickets", None).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.expect("JSON");
    assert_eq!(made["expires_in"], 30);
    let ticket = made["ticket"].as_str().expect("a text");
    let host = &shop.program.host;
    let mut client = Client::open(host, &format!("ticket={ticket}")).await;
    client.add(1, &draft("a")).await;
    let answer = client.answer(1).await;
    assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
    for path in ["/api/products/stream", "/api/history/stream"] {
        let events = shop.http().get(&format!("{path}?ticket={ticket}")).await;
        assert_eq!(events.status(), 200, "{path}");
    }
    // Of many the latest are kept.
    for _ in 0..120 {
        let made = shop.with(&token, Method::POST, "/api/tickets", None).await;
        assert_eq!(made.status(), 201);
    }
    let file = rusqlite::Connection::open(data_file(&shop.folder)).expect("a file");
    let count = file.query_row("SELECT count(*) FROM tickets", [], |row| row.get(0));
    assert_eq!(count, Ok(100));
    let made = shop.with(&token, Method::POST, "/api/tickets", None).await;
    let made: Value = made.json().await.expect("JSON");
    let ticket = made["ticket"].as_str().expect("a text");
    // It opens connections and nothing else.
    let read = shop
        .http()
        .get(&format!("/api/products?ticket={ticket}"))
        .await;
    assert_eq!(read.status(), 401);
    let forged = format!("{ticket}0");
    assert!(
        Client::try_open(host, &format!("ticket={forged}"), &[])
            .await
            .is_err()
    );
    shop.run(&["tokens", "revoke", "till"], "");
    client.until_closed().await;
    assert!(
        Client::try_open(host, &format!("ticket={ticket}"), &[])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn every_change_is_known_by_who_gave_it() {
    let shop = Shop::open(&[]);
    let token = shop.token("till", "editor").await;
    for (method, path, body) in writes().into_iter().skip(3).take(2) {
        let done = shop.with(&token, method, path, Some(&body)).await;
        done.text().await.expect("a text");
    }
    let mut client = shop.client(&token).await;
    client.add(1, &draft("page")).await;
    client.answer(1).await;
    shop.http().add("nobody").await;
    let told = shop.http().get("/api/history").await;
    let told: Value = told.json().await.expect("JSON");
    let by = |change: &Value| change["by"].clone();
    let changes = told["changes"].as_array().expect("changes");
    let by: Vec<Value> = changes.iter().map(by).collect();
    assert_eq!(
        by,
        [Value::Null, json!("till"), json!("till"), json!("till")]
    );
    let only = shop.http().get("/api/history?by=till&limit=2").await;
    let only: Value = only.json().await.expect("JSON");
    assert_eq!(only["changes"], json!(changes[1..3]));
    let printed = shop.run(&["history", "--by", "till"], "");
    assert_eq!(printed.lines().count(), 3, "{printed}");
    assert!(
        printed.lines().all(|line| line.contains(" till")),
        "{printed}"
    );
}

#[tokio::test]
#[ignore = "needs Node with packages; cargo xtask test runs it"]
async fn each_role_may_do_what_it_says_over_socket_io() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let editor = shop.token("till", "editor").await;
    let viewer = shop.token("screen", "viewer").await;
    let host = shop.program.host.clone();
    let mut node = SocketIo::start();
    let with = |token: &str, transport: &str| {
        json!({
            "transports": [transport],
            "extraHeaders": {"authorization": format!("Bearer {token}")},
        })
    };
    for transport in ["websocket", "polling"] {
        let name = |role: &str| format!("{role}-{transport}");
        node.open(&name("nobody"), &host, &json!({"transports": [transport]}));
        node.until(&name("nobody"), "connect_error").await;
        node.open(&name("viewer"), &host, &with(&viewer, transport));
        node.until(&name("viewer"), "pulse").await;
        let refused = node.ask(&name("viewer"), "add", json!([draft("a")])).await;
        assert!(refused.to_string().contains("may_not_edit"), "{refused}");
        node.open(&name("editor"), &host, &with(&editor, transport));
        node.until(&name("editor"), "pulse").await;
        let code = format!("by-{transport}");
        let done = node
            .ask(&name("editor"), "add", json!([draft(&code)]))
            .await;
        assert!(!done.to_string().contains("may_not_edit"), "{done}");
    }
    assert_eq!(
        shop.with(&viewer, Method::GET, "/api/products/2", None)
            .await
            .status(),
        200
    );
    shop.run(&["tokens", "revoke", "screen"], "");
    for transport in ["websocket", "polling"] {
        node.until(&format!("viewer-{transport}"), "disconnect")
            .await;
    }
}

#[tokio::test]
async fn who_may_change_nothing_has_nothing_open() {
    let shop = Shop::open(&["--viewing", "open", "--editing", "people"]);
    let token = shop.token("till", "editor").await;
    let body = draft("a");
    let added = shop.with(&token, Method::POST, "/api/products", Some(&body));
    assert_eq!(added.await.status(), 201);
    let (mut viewer, mut editor) = (shop.client("").await, shop.client(&token).await);
    let open = json!({"type": "open", "id": 1});
    viewer.send(&open).await;
    let (_, problem) = viewer.refusal().await;
    assert_eq!(problem.code, "sign_in_first");
    editor.send(&open).await;
    viewer.until(|client| client.open.len() == 1).await;
}

/// A client that polls shows its ticket with each request, and no other can come by it meanwhile.
#[tokio::test]
async fn a_ticket_is_good_for_as_long_as_its_connection_polls() {
    let shop = Shop::open(&["--viewing", "people", "--editing", "people"]);
    let token = shop.token("screen", "viewer").await;
    let made = shop.with(&token, Method::POST, "/api/tickets", None).await;
    let made: Value = made.json().await.expect("JSON");
    let ticket = made["ticket"].as_str().expect("a text");
    let polling = format!("/socket.io/?EIO=4&transport=polling&ticket={ticket}");
    let opened = shop.http().get(&polling).await;
    assert_eq!(opened.status(), 200);
    let opened = opened.text().await.expect("a text");
    let opened: Value = serde_json::from_str(&opened[1..]).expect("JSON");
    let sid = opened["sid"].as_str().expect("a text");
    let own = format!("{polling}&sid={sid}");
    let send = async |path: &str, body: &'static str| {
        let request = shop.http().request(Method::POST, path).body(body);
        request.send().await.expect("an answer").status()
    };
    assert_eq!(send(&own, "40").await, 200);
    // Its time is over.
    let file = rusqlite::Connection::open(data_file(&shop.folder)).expect("a file");
    let over = "UPDATE tickets SET expires = 1; UPDATE roster SET version = version + 1";
    file.execute_batch(over).expect("it is written");
    let others = async {
        while shop.http().get(&polling).await.status() != 401 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, others).await.expect("it opens no other");
    assert_eq!(shop.http().get(&own).await.status(), 200);
    assert_eq!(send(&own, "3").await, 200);
    let forged = format!("{polling}0&sid={sid}");
    assert_eq!(shop.http().get(&forged).await.status(), 401);
    // A session that is over holds it no more.
    assert_eq!(send(&own, "1").await, 200);
    let gone = async {
        while shop.http().get(&own).await.status() != 401 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    timeout(TIMEOUT, gone).await.expect("nobody holds it");
}

#[test]
fn an_open_address_needs_somebody_or_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let refused = run(&data, &["--listen", "0.0.0.0:0"], "");
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr);
    for way in ["vitrina people add NAME --role admin", "--editing open"] {
        assert!(said.contains(way), "{said}");
    }
    assert!(!data.exists(), "a start that is refused leaves no file");
    let added = run(
        &data,
        &["people", "add", "ana", "--role", "admin"],
        "correct horse\n",
    );
    assert!(added.status.success(), "{added:?}");
    // There is somebody now.
    let started = Program::run(program::command(&data, "0.0.0.0:0"));
    drop(started);
    let mut open = program::command(&folder.path().join("other.db"), "0.0.0.0:0");
    open.args(["--editing", "open"]);
    drop(Program::run(open));
}

#[test]
fn people_are_managed_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let said = |output: &Output| {
        let both = [&*output.stdout, &*output.stderr].concat();
        String::from_utf8_lossy(&both).into_owned()
    };
    let refused = |arguments: &[&str], input: &str, words: &str| {
        let output = run(&data, arguments, input);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(
            said(&output).contains(words),
            "{arguments:?}: {}",
            said(&output)
        );
    };
    let done = |arguments: &[&str], input: &str| {
        let output = run(&data, arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    };
    refused(&["people", "list"], "", "there is no data file");
    refused(
        &["people", "add", "ana"],
        "short\n",
        "at least 8 characters",
    );
    refused(&["people", "add", "ana"], "Password123\n", "tried first");
    refused(
        &["people", "add", "\u{200b}"],
        "correct horse\n",
        "characters that can be seen",
    );
    done(
        &["people", "add", "ana", "--role", "admin"],
        "correct horse\n",
    );
    refused(&["people", "add", "ANA"], "correct horse\n", "taken");
    done(&["people", "add", "José"], "correct horse\n");
    // As another keyboard writes it.
    refused(
        &["people", "add", "JOSE\u{301}"],
        "correct horse\n",
        "taken",
    );
    done(&["people", "remove", "jose\u{301}"], "");
    done(&["people", "add", "berta"], "correct horse\n");
    refused(&["people", "role", "ana", "viewer"], "", "the only admin");
    refused(&["people", "remove", "ana"], "", "the only admin");
    done(&["people", "role", "berta", "admin"], "");
    done(&["people", "role", "ana", "viewer"], "");
    refused(
        &["people", "password", "nobody"],
        "correct horse\n",
        "nobody is called",
    );
    done(&["people", "password", "ana"], "another horse\n");
    refused(
        &["tokens", "create", "ana", "--role", "editor"],
        "",
        "taken",
    );
    let token = done(&["tokens", "create", "till", "--role", "editor"], "");
    assert_eq!(token.trim().len(), 64);
    let listed = done(&["people", "list", "--json"], "");
    let listed: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["role"]),
        (&json!("ana"), &json!("viewer"))
    );
    let tokens = done(&["tokens", "list", "--json"], "");
    assert!(
        tokens.contains("\"till\"") && !tokens.contains(token.trim()),
        "{tokens}"
    );
    done(&["people", "remove", "ana"], "");
    refused(&["tokens", "revoke", "other"], "", "no token is called");
    done(&["tokens", "revoke", "TILL"], "");
    let file = std::fs::read(&data).expect("a file");
    let has = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!has("correct horse") && !has("another horse") && !has(token.trim()));
}
