//! Several servers on one PostgreSQL: what a client sees is the same on each, and any of them can be
//! killed.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Client, Postgres, Program, draft};
use reqwest::Method;
use serde_json::{Value, json};
use shared::ServerMessage;

/// Some servers on one database.
fn start(postgres: &Postgres, count: usize) -> Vec<Program> {
    let url = postgres.url();
    (0..count)
        .map(|_| Program::start(Path::new(&url)))
        .collect()
}

/// Adds a product with a key, and gives the status and the product.
async fn add(program: &Program, code: &str, key: &str) -> (u16, Value) {
    let request = program.http().request(Method::POST, "/api/products");
    let request = request.json(&draft(code)).header("idempotency-key", key);
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_one_server_saves_is_on_the_pages_of_all() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 3);
    let mut clients = Vec::new();
    for server in &servers {
        clients.push(Client::open(&server.host, "").await);
    }
    for (number, server) in servers.iter().enumerate() {
        server.http().add(&format!("http {number}")).await;
    }
    clients[1].add(1, &draft("socket")).await;
    let answer = clients[1].answer(1).await;
    assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
    for client in &mut clients {
        client.until_revision(4).await;
        // The pulse has the digest, which the client compares.
        let pulses = client.pulses;
        client.until(|client| client.pulses > pulses).await;
        assert_eq!(client.codes(), ["http 0", "http 1", "http 2", "socket"]);
    }
    let positions: Vec<_> = clients.iter().map(|c| c.mirror.position()).collect();
    assert!(
        positions.windows(2).all(|two| two[0] == two[1]),
        "{positions:?}"
    );
    // Viewers are counted over all servers.
    for client in &mut clients {
        client.until(|client| client.viewers == 3).await;
    }
    drop(clients.pop());
    for client in &mut clients {
        client.until(|client| client.viewers == 2).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_condition_or_a_key_means_the_same_on_every_server() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    let (one, other) = (servers[0].http(), servers[1].http());
    let (status, first) = add(&servers[0], "a", "key").await;
    assert_eq!(status, 201);
    // At once, whether or not the other knows of it.
    let (status, again) = add(&servers[1], "a", "key").await;
    assert_eq!((status, &again), (201, &first));
    let (status, problem) = add(&servers[1], "b", "key").await;
    assert_eq!((status, &problem["code"]), (422, &json!("key_reused")));
    let (status, problem) = add(&servers[1], "A", "another").await;
    assert_eq!((status, &problem["code"]), (409, &json!("code_taken")));
    for (round, http) in (1..).zip([&other, &one, &other, &one]) {
        let request = http.request(Method::PATCH, "/api/products/1");
        let request = request.header("if-match", format!("\"{round}\""));
        let response = request.json(&json!({"stock": round + 100})).send().await;
        assert_eq!(response.expect("an answer").status(), 200, "round {round}");
    }
    let request = one.request(Method::DELETE, "/api/products/1");
    let response = request.header("if-match", "\"4\"").send().await;
    assert_eq!(response.expect("an answer").status(), 412);
    // What a request left as it was is answered the same, on any server and later.
    let unchanged = async |http: &crate::support::Http| {
        let request = http.request(Method::PATCH, "/api/products/1");
        let request = request.header("idempotency-key", "nothing");
        let response = request.json(&json!({"stock": 104})).send().await;
        let product: Value = response.expect("an answer").json().await.expect("JSON");
        product["revision"].clone()
    };
    assert_eq!(unchanged(&one).await, 5);
    one.send(Method::PATCH, "/api/products/1", &json!({"stock": 1}))
        .await;
    assert_eq!(unchanged(&other).await, 5);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_is_alone_answers_a_repeated_request_as_before() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    // It wrote last, and again, so that it assumes that nobody else does.
    for number in 0..4 {
        servers[0].http().add(&format!("code {number}")).await;
    }
    let (status, first) = add(&servers[0], "a", "add").await;
    assert_eq!(status, 201);
    assert_eq!(add(&servers[0], "a", "add").await, (201, first));
    let delete = async || {
        let request = servers[0].http().request(Method::DELETE, "/api/products/5");
        let request = request.header("idempotency-key", "delete");
        request.send().await.expect("an answer").status()
    };
    assert_eq!(delete().await, 204);
    assert_eq!(delete().await, 204);
    // What it doesn't know of yet is there all the same.
    for round in 0..20 {
        servers[0].http().add(&format!("round {round}")).await;
        servers[0].http().add(&format!("again {round}")).await;
        let id = servers[1].http().add(&format!("other {round}")).await;
        assert_eq!(servers[0].http().delete(id).await.status(), 204);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_was_stopped_for_long_reads_all_that_it_missed() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    let mut client = Client::open(&servers[1].host, "").await;
    client.until_loaded().await;
    servers[1].signal("STOP");
    let commands: Vec<Value> = (0..9_000)
        .map(|number| json!({"type": "add", "draft": draft(&format!("{number}"))}))
        .collect();
    let http = servers[0].http();
    let batch = json!({"commands": commands});
    let response = http.send(Method::POST, "/api/products/batch", &batch).await;
    assert_eq!(response.status(), 200);
    http.add("last").await;
    servers[1].signal("CONT");
    client.until_revision(9_001).await;
    assert_eq!(client.catalog().len(), 9_001);
    assert_eq!(client.snapshots(), 1, "it came as changes");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn whoever_asks_for_a_revision_gets_no_older_list() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    for number in 0..50 {
        let (writer, reader) = (&servers[number % 2], &servers[1 - number % 2]);
        let response = writer.http().post(&draft(&format!("code {number}"))).await;
        let revision = response.headers()["vitrina-revision"].clone();
        let request = reader.http().request(Method::GET, "/api/products?limit=1");
        let request = request.header("vitrina-at-least", revision.clone());
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let known: u64 = response.headers()["vitrina-revision"]
            .to_str()
            .expect("text")
            .parse()
            .expect("a number");
        assert!(known > number as u64);
        let list: Value = response.json().await.expect("JSON");
        assert!(list["count"].as_u64() > Some(number as u64), "{list}");
    }
    let request = servers[0].http().request(Method::GET, "/api/products");
    let request = request.header("vitrina-at-least", "1000000");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 412);
    let request = servers[0].http().request(Method::GET, "/api/products");
    let request = request.header("vitrina-at-least", "soon");
    assert_eq!(request.send().await.expect("an answer").status(), 400);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_page_that_loses_its_server_goes_on_at_another() {
    let postgres = Postgres::start();
    let mut servers = start(&postgres, 2);
    servers[0].http().add("a").await;
    let mut client = Client::open(&servers[0].host, "page=p").await;
    client.until_revision(1).await;
    client.add(1, &draft("b")).await;
    client.answer(1).await;
    client.until_revision(2).await;
    servers[0].kill();
    client.until_closed().await;
    // The other may be a moment behind: it reads on before it answers.
    let query = client.mirror.position().expect("a position").to_query();
    let mut again = Client::open(&servers[1].host, &format!("page=p&{query}")).await;
    again.mirror = client.mirror;
    // Its request was done: it is not done twice.
    again.add(1, &draft("b")).await;
    let answer = again.answer(1).await;
    assert!(
        matches!(answer, ServerMessage::Done { id, .. } if id.0 == 2),
        "{answer:?}"
    );
    servers[1].http().add("c").await;
    again.until_revision(3).await;
    assert_eq!(again.snapshots(), 0);
    assert_eq!(again.codes(), ["a", "b", "c"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_page_that_is_ahead_of_a_server_is_waited_for() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    for number in 0..40 {
        let (one, other) = (&servers[number % 2], &servers[1 - number % 2]);
        let mut client = Client::open(&one.host, "").await;
        client.until_loaded().await;
        let revision = one.http().add(&format!("code {number}")).await;
        client.until_revision(revision).await;
        let mut client = client.reopen(&other.host).await;
        let pulses = client.pulses;
        client.until(|client| client.pulses > pulses).await;
        assert_eq!(client.snapshots(), 0, "round {number}");
        assert_eq!(client.revision().0, revision);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn an_import_on_one_server_streams_to_the_pages_of_all() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 2);
    let mut client = Client::open(&servers[1].host, "").await;
    client.until_loaded().await;
    let rows: String = (0..3_000)
        .map(|row| format!("Product {row},code {row},1,1,tools\n"))
        .fold(
            "title,code,price,stock,category\n".to_owned(),
            |all, row| all + &row,
        );
    let import = servers[0]
        .http()
        .request(Method::POST, "/api/products/import");
    let import = import.header("content-type", "text/csv").body(rows);
    let said = import.send().await.expect("an answer").text().await;
    let said = said.expect("text");
    assert!(said.contains("\"added\":3000"), "{said}");
    client.until_revision(3_000).await;
    assert!(client.changes.len() > 1_000, "they came as changes");
    let batch = json!({"commands": (0..2_000).map(|number| {
        json!({"type": "add", "draft": draft(&format!("batch {number}"))})
    }).collect::<Vec<_>>()});
    let http = servers[1].http();
    let response = http.send(Method::POST, "/api/products/batch", &batch).await;
    assert_eq!(response.status(), 200);
    client.until_revision(5_000).await;
    assert_eq!(client.catalog().len(), 5_000);
    let exported = servers[0]
        .http()
        .request(Method::GET, "/api/products/export?format=ndjson");
    let exported = exported.header("vitrina-at-least", "5000");
    let exported = exported.send().await.expect("an answer").text().await;
    assert_eq!(exported.expect("text").lines().count(), 5_000);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_is_stopped_holds_nobody_up_for_long() {
    let postgres = Postgres::start();
    let servers = start(&postgres, 3);
    for round in 0..6 {
        // One that writes, so that it may be stopped with the order taken.
        let http = servers[0].http();
        let writing = tokio::spawn(async move {
            for number in 0..200 {
                let code = format!("{round} first {number}");
                if http
                    .request(Method::POST, "/api/products")
                    .json(&draft(&code))
                    .send()
                    .await
                    .is_err()
                {
                    return;
                }
            }
        });
        let other = servers[1].http();
        for number in 0..10 {
            other.add(&format!("{round} before {number}")).await;
        }
        servers[0].signal("STOP");
        let stopped = Instant::now();
        for number in 0..5 {
            servers[1]
                .http()
                .add(&format!("{round} one {number}"))
                .await;
            servers[2]
                .http()
                .add(&format!("{round} two {number}"))
                .await;
        }
        let took = stopped.elapsed();
        servers[0].signal("CONT");
        writing.await.expect("a writer");
        assert!(took < Duration::from_secs(5), "others waited for {took:?}");
    }
    let last = servers[0].http().add("last").await;
    let mut clients = Vec::new();
    for server in &servers {
        let mut client = Client::open(&server.host, "").await;
        client.until_revision(last).await;
        clients.push(client);
    }
    assert!(
        clients
            .windows(2)
            .all(|two| two[0].catalog() == two[1].catalog())
    );
}
