//! Clients that nobody here wrote: those that are generated from the API's description, and those that
//! follow the list with the libraries people use.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::program::command;
use crate::support::script::{Running, Script, folder, node, python, run};
use crate::support::{Http, Program, TIMEOUT, data_file};
use serde_json::Value;
use tempfile::TempDir;
use testbed::free_port;

fn start() -> (Program, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&data_file(&folder));
    (program, folder)
}

/// The description as a file.
async fn document(program: &Program, folder: &Path) -> String {
    let document = program.http().get("/api/openapi.json").await;
    let file = folder.join("openapi.json");
    let text = document.text().await.expect("a text");
    std::fs::write(&file, text).expect("a file");
    file.to_string_lossy().into_owned()
}

/// A program of a package in Node.
fn tool(program: &str) -> Command {
    let mut node = node();
    node.arg(format!("node_modules/{program}"));
    // Some ask their makers for newer versions.
    node.env("REDOCLY_TELEMETRY", "off").env("CI", "true");
    node
}

#[tokio::test]
#[ignore = "needs Node"]
async fn the_description_pleases_those_who_look_at_descriptions() {
    let (program, folder) = start();
    let file = document(&program, folder.path()).await;
    let said = run(tool("@redocly/cli/bin/cli.js")
        .args([
            "lint",
            "--extends",
            "recommended-strict",
            "--format",
            "stylish",
        ])
        .arg(&file));
    assert!(!said.contains("warning"), "{said}");
    let ruleset = folder.path().join("spectral.yaml");
    std::fs::write(&ruleset, "extends: [[spectral:oas, recommended]]\n").expect("a file");
    run(tool("@stoplight/spectral-cli/dist/index.js")
        .args(["lint", "--fail-severity", "warn", "--quiet", "--ruleset"])
        .arg(&ruleset)
        .arg(&file));
}

/// Makes the program of `api.ts` with the types that the description gives.
async fn typescript(program: &Program, to: &Path) -> Command {
    let document = document(program, to).await;
    run(tool("openapi-typescript/bin/cli.js")
        .arg(&document)
        .arg("-o")
        .arg(to.join("schema.d.ts")));
    for name in ["api.ts", "tsconfig.json", "package.json"] {
        std::fs::copy(self::folder().join(name), to.join(name)).expect("a copy");
    }
    std::os::unix::fs::symlink(self::folder().join("node_modules"), to.join("node_modules"))
        .expect("a link");
    run(tool("typescript/bin/tsc").arg("-p").arg(to));
    let mut node = node();
    node.arg(to.join("api.js"));
    node
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_client_in_typescript_has_types_that_hold() {
    let (program, folder) = start();
    let mut client = typescript(&program, folder.path()).await;
    let said = run(client.arg(format!("http://{}", program.host)));
    assert_eq!(said.trim(), "done");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn answers_are_what_the_description_says() {
    let (program, folder) = start();
    let mut client = typescript(&program, folder.path()).await;
    let (_prism, host) = prism(&program, &folder.path().join("openapi.json")).await;
    let said = run(client.arg(format!("http://{host}")));
    assert_eq!(said.trim(), "done");
    let (program, folder) = start();
    let mut client = python_client(&program, folder.path()).await;
    let (_prism, host) = prism(&program, &folder.path().join("openapi.json")).await;
    let said = run(client.arg(format!("http://{host}")));
    assert_eq!(said.trim(), "done");
}

/// Starts Prism before a server: it answers 500 itself where an answer isn't as described. Returns where it
/// listens.
async fn prism(program: &Program, document: &Path) -> (Running, String) {
    let host = format!("127.0.0.1:{}", free_port());
    let port = host.rsplit(':').next().unwrap_or_default();
    let prism = tool("@stoplight/prism-cli/dist/index.js")
        .arg("proxy")
        .args([document, Path::new(&format!("http://{}", program.host))])
        .args(["--errors", "--port", port])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("Prism starts");
    let mut prism = Running(prism);
    let end = Instant::now() + TIMEOUT;
    while std::net::TcpStream::connect(&host).is_err() {
        assert!(Instant::now() < end, "it doesn't listen");
        assert!(prism.0.try_wait().expect("a status").is_none(), "it ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (prism, host)
}

#[tokio::test]
#[ignore = "needs Python"]
async fn a_client_in_python_says_what_it_was_told_to_and_nothing_else() {
    let (program, folder) = start();
    let mut client = python_client(&program, folder.path()).await;
    let said = run(client.arg(format!("http://{}", program.host)));
    assert_eq!(said.trim(), "done");
}

/// Generates the client that `api.py` uses.
async fn python_client(program: &Program, to: &Path) -> Command {
    let document = document(program, to).await;
    let settings = folder().join("openapi-python-client.yaml");
    run(python()
        .args(["-m", "openapi_python_client", "generate", "--meta", "none"])
        .args(["--fail-on-warning", "--path", &document, "--config"])
        .arg(settings)
        .arg("--output-path")
        .arg(to.join("vitrina_client")));
    let mut python = python();
    python.arg("api.py").env("PYTHONPATH", to);
    python
}

/// Adds a product to a data file that no server has.
fn import(data: &Path, code: &str) {
    let file = data.with_extension("csv");
    let row = format!("title,code,price,stock,category\nA,{code},1,1,c\n");
    std::fs::write(&file, row).expect("a file");
    let mut import = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    run(import.arg("--journal").arg(data).arg("import").arg(&file));
}

/// Lets a program follow over a restart, with a change while the server was away; returns the server, which
/// still runs, and the program.
async fn follow(
    name: &str,
    follower: impl FnOnce(&str) -> Command,
) -> (Program, Script, tempfile::TempDir) {
    let (mut program, folder) = start();
    let data = data_file(&folder);
    let http = Http::of(&program.host);
    http.add("a").await;
    http.add("b").await;
    let mut script = Script::start(&mut follower(&program.host));
    let at = |event: &'static str, revision: u64| {
        move |line: &Value| line["event"] == event && line["revision"] == revision
    };
    let knows = |revision: u64| move |line: &Value| line["revision"] == revision;
    script.until(knows(2)).await;
    http.add("c").await;
    script.until(at("changes", 3)).await;
    program.kill();
    import(&data, "d");
    let listen = program.host.clone();
    let program = Program::run(command(&data, &listen));
    let seen = script.until(at("changes", 4)).await;
    let is_new = |line: &&Value| line["event"] == "snapshot";
    assert_eq!(seen.iter().find(is_new), None, "{name}: {seen:?}");
    program.http().add("e").await;
    script.until(at("changes", 5)).await;
    (program, script, folder)
}

/// Lets a program follow over a restart, and then over a stop that is planned: it is told so by the code with
/// which its socket is closed (RFC 6455 section 7.4; 1012 is registered as "service restart").
async fn follow_by_socket(name: &str, follower: impl FnOnce(&str) -> Command) {
    let (program, mut script, _folder) = follow(name, follower).await;
    program.signal("TERM");
    let seen = script.until(|line| line["event"] == "close").await;
    let said = |event: &str| seen.iter().any(|line| line["event"] == event);
    assert!(said("closing"), "{name}: {seen:?}");
    let code = &seen.last().expect("a close")["code"];
    assert_eq!(code, 1012, "{name}");
}

#[tokio::test]
#[ignore = "needs Node and Python"]
async fn followers_of_events_go_on_over_a_restart() {
    for library in ["eventsource", "fetch-event-source"] {
        follow(library, |host| {
            let mut node = node();
            node.args(["followers.mjs", library]);
            node.arg(format!("http://{host}/api/products/stream"));
            node
        })
        .await;
    }
    for library in ["httpx-sse", "aiohttp"] {
        follow(library, |host| {
            let mut python = python();
            python.args(["followers.py", library]);
            python.arg(format!("http://{host}/api/products/stream"));
            python
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs Node and Python"]
async fn sockets_go_on_over_a_restart() {
    follow_by_socket("ws", |host| {
        let mut node = node();
        node.args(["sockets.mjs", &format!("ws://{host}/ws")]);
        node
    })
    .await;
    for library in ["websockets", "aiohttp-socket"] {
        follow_by_socket(library, |host| {
            let mut python = python();
            python.args(["followers.py", library]);
            python.arg(format!("ws://{host}/ws"));
            python
        })
        .await;
    }
}
