//! Files and databases: what is moved, copied, exported and imported is the same in either.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{Client, Postgres, Program, data_file, draft};
use reqwest::Method;
use serde_json::{Value, json};
use shared::ServerMessage;

fn vitrina(journal: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    let output = command
        .args(["--journal", journal])
        .args(arguments)
        .output();
    output.expect("it runs")
}

fn done(journal: &str, arguments: &[&str]) -> String {
    let output = vitrina(journal, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn refused(journal: &str, arguments: &[&str]) -> String {
    let output = vitrina(journal, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A server that was used in every way that leaves something to copy; gives a client that knows it.
async fn use_it(server: &Program) -> Client {
    let http = server.http();
    let mut client = Client::open(&server.host, "page=a%00b%5C").await;
    client.until_loaded().await;
    client.add(u64::MAX, &draft("by the page")).await;
    client.answer(u64::MAX).await;
    let id = http.add("ñandú 'quoted' \\back").await;
    for (key, stock) in [("one", 7), ("same", 7), ("two", 8)] {
        let request = http.request(Method::PATCH, &format!("/api/products/{id}"));
        let request = request
            .json(&json!({"stock": stock}))
            .header("idempotency-key", key);
        assert_eq!(request.send().await.expect("an answer").status(), 200);
    }
    let gone = http.add("gone").await;
    http.delete(gone).await;
    let request = http.request(Method::POST, "/api/products");
    let described = json!({"title": "T", "code": "d", "price": 0.07, "stock": 4_294_967_295_u32,
        "category": "Ü", "description": "a\n\tb", "status": false,
        "thumbnails": ["/a.png", "https://x.example/ü"]});
    let request = request
        .json(&described)
        .header("idempotency-key", "described");
    assert_eq!(request.send().await.expect("an answer").status(), 201);
    let last = http.add("last").await;
    client.until_revision(last).await;
    client
}

/// Whether a server has all that the client knows, and remembers what was asked.
async fn is_the_same(server: &Program, client: Client) -> Client {
    let position = client.mirror.position();
    let query = position.clone().expect("a position").to_query();
    let mut again = Client::open(&server.host, &format!("page=a%00b%5C&{query}")).await;
    again.mirror = client.mirror;
    let pulses = again.pulses;
    again.until(|client| client.pulses > pulses).await;
    assert_eq!(again.snapshots(), 0, "it is another history");
    assert_eq!(again.mirror.position(), position);
    again.add(u64::MAX, &draft("by the page")).await;
    let answer = again.answer(u64::MAX).await;
    assert!(
        matches!(answer, ServerMessage::Done { id, .. } if id.0 == 1),
        "{answer:?}"
    );
    let patch = async |key: &str, stock: u32| {
        let request = server.http().request(Method::PATCH, "/api/products/2");
        let request = request
            .json(&json!({"stock": stock}))
            .header("idempotency-key", key);
        let product: Value = request
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        (product["revision"].clone(), product["stock"].clone())
    };
    assert_eq!(patch("one", 7).await, (json!(3), json!(7)));
    assert_eq!(patch("same", 7).await, (json!(3), json!(7)));
    assert_eq!(patch("two", 8).await, (json!(4), json!(8)));
    let list = server.http().list().await;
    assert_eq!(list["revision"], position.expect("a position").revision.0);
    again
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_moved_list_is_the_same_with_its_history() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (file, url) = (data_file(&folder), postgres.url());
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let mut server = Program::start(&file);
    let client = use_it(&server).await;
    let to_database = ["move", "--from", &text(&file), "--to", &url];
    let said = refused("unused.db", &to_database);
    assert!(said.contains("is in use by another Vitrina"), "{said}");
    server.kill();
    let said = done("unused.db", &to_database);
    assert!(said.contains("4 products at revision 8, as in"), "{said}");
    let said = refused("unused.db", &to_database);
    assert!(
        said.contains("holds a list already: name another file, or"),
        "{said}"
    );
    let server = Program::start(Path::new(&url));
    let client = is_the_same(&server, client).await;
    // A copy of the database is a data file, also while it is written to.
    let copy = path("copy.db");
    done(&url, &["backup", &text(&copy)]);
    let of_copy = Program::start(&copy);
    let client = is_the_same(&of_copy, client).await;
    drop(of_copy);
    assert!(done(&url, &["check"]).contains("is well: 4 products at revision 8"));
    // And back.
    let back = path("back.db");
    let to_file = ["move", "--json", "--from", &url, "--to", &text(&back)];
    let said = refused("unused.db", &to_file);
    assert!(said.contains("1 servers write to"), "{said}");
    server.signal("TERM");
    let mut server = server;
    assert_eq!(server.wait_for_exit().code(), Some(0));
    let said: Value = serde_json::from_str(&done("unused.db", &to_file)).expect("JSON");
    assert_eq!(
        (&said["products"], &said["revision"]),
        (&json!(4), &json!(8))
    );
    let server = Program::start(&back);
    is_the_same(&server, client).await;
    let exported = |journal: &str| done(journal, &["export", "--format", "ndjson"]);
    drop(server);
    assert_eq!(exported(&url), exported(&text(&file)));
    assert_eq!(exported(&url), exported(&text(&back)));
    assert!(!Path::new("unused.db").exists());
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_file_is_imported_by_the_command_line_while_servers_run() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("products.csv");
    let rows = (0..500).map(|row| format!("Product {row},code {row},1.5,3,tools\n"));
    let rows: String = std::iter::once("title,code,price,stock,category\n".to_owned())
        .chain(rows)
        .collect();
    std::fs::write(&file, rows).expect("a file");
    let server = Program::start(Path::new(&url));
    let mut client = Client::open(&server.host, "").await;
    client.until_loaded().await;
    let file = file.to_str().expect("UTF-8");
    let said = done(&url, &["import", file]);
    assert!(said.contains("500 rows: 500 added"), "{said}");
    client.until_revision(500).await;
    let said = refused(&url, &["import", file]);
    assert!(said.contains("500 rows were refused"), "{said}");
    let exported = done(&url, &["export"]);
    assert_eq!(exported.lines().count(), 501);
}
