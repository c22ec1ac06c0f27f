//! SIGKILL at any moment, or a full disk: what was acknowledged is there, nothing is half-done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::program::limited;
use crate::support::{Client, Http, Program, Random, draft};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use shared::ServerMessage;
use tokio_tungstenite::tungstenite::Message;

const ROUNDS: usize = 20;
const WRITERS: usize = 3;

/// What was acknowledged: each product's id and code; `None` once its deletion was.
type Acknowledged = Arc<Mutex<BTreeMap<u64, Option<String>>>>;

fn note(acknowledged: &Acknowledged, id: u64, code: Option<String>) {
    acknowledged.lock().expect("no panic").insert(id, code);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let acknowledged = Acknowledged::default();
    let mut random = Random::new();
    let mut revision = 0;
    for round in 0..ROUNDS {
        let mut program = Program::start(&data);
        revision = check(&program, &acknowledged, revision).await;
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let name = format!("{round} {writer}");
            let (http, host) = (program.http(), program.host.clone());
            writers.push(tokio::spawn(over_http(
                http,
                name.clone(),
                acknowledged.clone(),
            )));
            writers.push(tokio::spawn(over_the_socket(
                host,
                name,
                acknowledged.clone(),
            )));
        }
        let moment = random.number(5..150);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        program.kill();
        for writer in writers {
            writer.await.expect("a writer");
        }
    }
    let program = Program::start(&data);
    check(&program, &acknowledged, revision).await;
    let count = acknowledged.lock().expect("no panic").len();
    assert!(count > ROUNDS, "the load was no load: {count} acknowledged");
}

/// Compares what is there with what was acknowledged; gives the revision.
async fn check(program: &Program, acknowledged: &Acknowledged, before: u64) -> u64 {
    let list = program.http().list().await;
    let revision = list["revision"].as_u64().expect("a revision");
    assert!(revision >= before, "the revision went back");
    let products = list["products"].as_array().expect("a list");
    let there: BTreeMap<u64, &str> = products
        .iter()
        .map(|product| {
            let id = product["id"].as_u64().expect("an id");
            (id, product["code"].as_str().expect("a code"))
        })
        .collect();
    for (id, code) in acknowledged.lock().expect("no panic").iter() {
        assert_eq!(there.get(id).copied(), code.as_deref(), "product {id}");
    }
    // The socket tells the same, and its digest agrees.
    let mut client = Client::open(&program.host, "").await;
    client.until(|client| client.viewers > 0).await;
    assert_eq!(client.revision().0, revision);
    assert_eq!(client.catalog().len(), there.len());
    revision
}

async fn over_http(http: Http, name: String, acknowledged: Acknowledged) {
    for number in 0.. {
        let code = format!("http {name} {number}");
        let request = http.request(reqwest::Method::POST, "/api/products");
        let Ok(response) = request.json(&draft(&code)).send().await else {
            return;
        };
        assert_eq!(response.status(), 201);
        let Ok(product) = response.json::<Value>().await else {
            return;
        };
        let id = product["id"].as_u64().expect("an id");
        note(&acknowledged, id, Some(code));
        if number % 3 == 0 {
            let request = http.request(reqwest::Method::DELETE, &format!("/api/products/{id}"));
            // From here until the answer the product may be there or not.
            acknowledged.lock().expect("no panic").remove(&id);
            match request.send().await {
                Ok(response) => assert_eq!(response.status(), 204),
                Err(_) => return,
            }
            note(&acknowledged, id, None);
        }
    }
}

async fn over_the_socket(host: String, name: String, acknowledged: Acknowledged) {
    let Ok(mut client) = Client::try_open(&host, "", &[]).await else {
        return;
    };
    for number in 0_u64.. {
        let code = format!("socket {name} {number}");
        let message = json!({"type": "add", "request": number, "draft": draft(&code)});
        if client
            .socket
            .send(Message::text(message.to_string()))
            .await
            .is_err()
        {
            return;
        }
        loop {
            let Some(Ok(Message::Text(text))) = client.socket.next().await else {
                return;
            };
            match serde_json::from_str(&text).expect("a message") {
                ServerMessage::Done { id, .. } => {
                    note(&acknowledged, id.0, Some(code));
                    break;
                }
                ServerMessage::Refused { problem, .. } => panic!("{problem:?}"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_retry_after_a_kill_adds_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut random = Random::new();
    for round in 0..5 {
        let mut program = Program::start(&data);
        let mut client = Client::open(&program.host, "page=p").await;
        client.until_loaded().await;
        client.add(round, &draft(&format!("code {round}"))).await;
        tokio::time::sleep(Duration::from_millis(random.number(0..4))).await;
        program.kill();
        let program = Program::start(&data);
        let mut client = Client::open(&program.host, "page=p").await;
        client.add(round, &draft(&format!("code {round}"))).await;
        let answer = client.answer(round).await;
        assert!(matches!(answer, ServerMessage::Done { .. }), "{answer:?}");
        client.until_revision(round + 1).await;
        assert_eq!(client.catalog().len() as u64, round + 1);
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_shows_nothing_that_was_not_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::run(limited(&data, "-f 256"));
    let mut client = Client::open(&program.host, "").await;
    client.until_loaded().await;
    let mut saved = 0_u64;
    let refusal = loop {
        let mut draft = draft(&format!("code {saved}"));
        draft["description"] = json!("x".repeat(2_000));
        let response = program.http().post(&draft).await;
        if response.status() != 201 {
            break response;
        }
        saved += 1;
        assert!(saved < 1_000, "the limit doesn't work");
    };
    assert_eq!(refusal.status(), 503);
    let problem: Value = refusal.json().await.expect("JSON");
    assert_eq!(problem["code"], "not_saved");
    client
        .add(
            1,
            &json!({"title": "x", "code": "y", "price": 1, "stock": 1, "category": "c",
        "description": "x".repeat(2_000)}),
        )
        .await;
    assert_eq!(client.refusal().await.1.code, "not_saved");
    client.until_revision(saved).await;
    assert_eq!(client.catalog().len() as u64, saved);
    program.kill();
    let program = Program::start(&data);
    let mut client = client.reopen(&program.host).await;
    client.until(|client| client.viewers > 0).await;
    assert_eq!(client.catalog().len() as u64, saved);
    program.http().add("room again").await;
}
