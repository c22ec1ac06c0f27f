//! Writes that are safe to repeat, to race and to group.

use crate::support::{Http, Program, Server, draft};
use reqwest::header::{ETAG, IF_MATCH};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use vitrina::Options;

async fn json_of(response: Response) -> Value {
    response.json().await.expect("JSON")
}

async fn with(
    http: &Http,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: &Value,
) -> Response {
    let request = http.request(method, path).header(header.0, header.1);
    request.json(body).send().await.expect("an answer")
}

#[tokio::test]
async fn if_match_keeps_from_overwriting_what_was_not_seen() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let path = "/api/products/1";
    let stock = |stock: u32| json!({"stock": stock});
    let seen = http.get(path).await.headers()[ETAG].clone();
    let seen = seen.to_str().expect("ASCII").to_owned();
    let first = with(
        &http,
        Method::PATCH,
        path,
        (IF_MATCH.as_str(), &seen),
        &stock(1),
    )
    .await;
    assert_eq!(first.status(), 200);
    assert_eq!(first.headers()[ETAG], "\"2\"");
    for (method, body) in [
        (Method::PATCH, stock(2)),
        (Method::PUT, draft("b")),
        (Method::DELETE, Value::Null),
    ] {
        let late = with(&http, method, path, (IF_MATCH.as_str(), &seen), &body).await;
        assert_eq!(late.status(), 412);
        assert_eq!(json_of(late).await["code"], "changed");
    }
    let weak = with(
        &http,
        Method::PATCH,
        path,
        (IF_MATCH.as_str(), "W/\"2\""),
        &stock(2),
    )
    .await;
    assert_eq!(weak.status(), 412, "a weak tag never matches");
    for tags in ["*", "\"7\", \"2\""] {
        let any = with(
            &http,
            Method::PATCH,
            path,
            (IF_MATCH.as_str(), tags),
            &stock(1),
        )
        .await;
        assert_eq!(any.status(), 200, "{tags}");
    }
    let deleted = with(
        &http,
        Method::DELETE,
        path,
        (IF_MATCH.as_str(), "\"2\""),
        &Value::Null,
    )
    .await;
    assert_eq!(deleted.status(), 204);
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_over_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    let key = ("Idempotency-Key", "order-7");
    let post = async |http: Http, code: &str| {
        let response = with(&http, Method::POST, "/api/products", key, &draft(code)).await;
        let status = response.status().as_u16();
        (status, json_of(response).await)
    };
    let first = post(program.http(), "a").await;
    assert_eq!(first.0, 201);
    // What somebody else does in between changes nothing about the answer.
    let patch = json!({"stock": 99});
    program
        .http()
        .send(Method::PATCH, "/api/products/1", &patch)
        .await;
    assert_eq!(post(program.http(), "a").await, first);
    program.kill();
    let program = Program::start(&data);
    assert_eq!(post(program.http(), "a").await, first);
    let other = post(program.http(), "b").await;
    assert_eq!((other.0, &other.1["code"]), (422, &json!("key_reused")));
    let list = program.http().list().await;
    assert_eq!((&list["count"], &list["revision"]), (&json!(1), &json!(2)));
    let delete = async || {
        let key = ("Idempotency-Key", "delete-1");
        with(
            &program.http(),
            Method::DELETE,
            "/api/products/1",
            key,
            &Value::Null,
        )
        .await
    };
    assert_eq!(delete().await.status(), 204);
    assert_eq!(delete().await.status(), 204, "it was done, once");
}

#[tokio::test]
async fn keys_are_kept_for_a_day_and_no_longer() {
    let server = Server::start();
    let file = server.data_file();
    let key = ("Idempotency-Key", "old");
    let post =
        async |http: Http| with(&http, Method::POST, "/api/products", key, &draft("a")).await;
    assert_eq!(post(server.http()).await.status(), 201);
    let folder = server.stop().await;
    let database = rusqlite::Connection::open(&file).expect("a file");
    let moved = database.execute("UPDATE answers SET at = at - 24 * 3600 - 1", []);
    assert_eq!(moved, Ok(1));
    drop(database);
    let server = Server::start_in(folder, Options::default());
    assert_eq!(
        post(server.http()).await.status(),
        409,
        "a new request, and the code is taken"
    );
}

#[tokio::test]
async fn a_key_that_is_no_key_is_refused() {
    let server = Server::start();
    for key in ["", &"x".repeat(256)] {
        let response = with(
            &server.http(),
            Method::POST,
            "/api/products",
            ("Idempotency-Key", key),
            &draft("a"),
        )
        .await;
        assert_eq!(response.status(), 400);
    }
}

fn add(code: &str) -> Value {
    json!({"type": "add", "draft": draft(code)})
}

#[tokio::test]
async fn a_batch_is_done_in_one_range_of_revisions() {
    let server = Server::start();
    let mut client = server.client().await;
    let commands = json!({"commands": [
        add("a"), add("b"),
        {"type": "update", "id": 1, "patch": {"stock": 9}, "if_revision": 1},
        {"type": "delete", "id": 2},
    ]});
    let response = server
        .http()
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(response.status(), 200);
    let answer = json_of(response).await;
    assert_eq!(answer["done"], 4);
    assert_eq!(
        answer["results"][3],
        json!({"done": {"id": 2, "revision": 4}})
    );
    client.until_revision(4).await;
    assert_eq!(client.catalog().len(), 1);
}

#[tokio::test]
async fn an_atomic_batch_does_all_or_nothing_and_says_what_stopped_it() {
    let server = Server::start();
    let http = server.http();
    http.add("taken").await;
    let mut bad = draft("c");
    bad["price"] = json!(-1);
    let commands = json!({"commands": [
        add("a"), {"type": "add", "draft": bad}, add("TAKEN"), add("d"),
    ]});
    let response = http
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(response.status(), 422);
    let problem = json_of(response).await;
    assert_eq!(problem["code"], "group_refused");
    let commands = problem["commands"].as_array().expect("commands");
    assert_eq!(commands.len(), 2);
    assert_eq!(
        (&commands[0]["index"], &commands[0]["problem"]["code"]),
        (&json!(1), &json!("invalid"))
    );
    assert_eq!(
        (&commands[1]["index"], &commands[1]["problem"]["code"]),
        (&json!(2), &json!("code_taken"))
    );
    assert_eq!(http.list().await["revision"], 1);

    // Where nothing is wrong with any of them, they only don't fit the catalog.
    let commands = json!({"commands": [add("a"), {"type": "delete", "id": 9.0}]});
    let response = http
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(response.status(), 409);
    let problem = json_of(response).await;
    assert_eq!(problem["commands"][0]["problem"]["code"], "not_found");
    assert_eq!(http.list().await["revision"], 1);

    let commands = json!({"atomic": false, "commands": [add("a"), add("TAKEN"), add("d")]});
    let response = http
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(response.status(), 200);
    let answer = json_of(response).await;
    assert_eq!(answer["done"], 2);
    assert_eq!(answer["results"][1]["refused"]["code"], "code_taken");
    assert_eq!(http.list().await["count"], 3);
}

#[tokio::test]
async fn a_batch_is_done_once_under_its_key() {
    let server = Server::start();
    let http = server.http();
    http.add("taken").await;
    let send = async |http: &Http, commands: &Value| {
        let request = http.request(Method::POST, "/api/products/batch");
        let request = request
            .header("Idempotency-Key", "delivery-12")
            .json(commands);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), json_of(response).await)
    };
    // One of them can't be done, the others are.
    let commands = json!({"atomic": false, "commands": [
        add("TAKEN"), add("a"), {"type": "update", "id": 1, "patch": {"stock": 3}}, add("b"),
    ]});
    let first = send(&http, &commands).await;
    assert_eq!((first.0, &first.1["done"]), (200, &json!(3)));
    // In between somebody else goes on: what is asked again is still answered as it was.
    let path = "/api/products/1";
    http.send(Method::PATCH, path, &json!({"stock": 9})).await;
    assert_eq!(send(&http, &commands).await, first);
    let server = server.restart(Options::default()).await;
    let http = server.http();
    assert_eq!(send(&http, &commands).await, first);
    let list = http.list().await;
    assert_eq!((&list["count"], &list["revision"]), (&json!(3), &json!(5)));
    assert_eq!(list["products"][0]["stock"], 9);
    // Another request under the same key does nothing at all.
    let other = json!({"atomic": false, "commands": [add("c"), add("d")]});
    let refused = send(&http, &other).await;
    assert_eq!((refused.0, &refused.1["code"]), (422, &json!("key_reused")));
    assert_eq!(http.list().await["count"], 3);
    // All or nothing: what was done is not in its own way.
    let send = async || {
        let request = http.request(Method::POST, "/api/products/batch");
        let request = request.header("Idempotency-Key", "delivery-13");
        let commands = json!({"commands": [add("c"), add("d")]});
        json_of(request.json(&commands).send().await.expect("an answer")).await
    };
    let first = send().await;
    assert_eq!(first["done"], 2);
    assert_eq!(send().await, first);
    assert_eq!(http.list().await["count"], 5);
}

#[tokio::test]
async fn a_batch_has_a_limit() {
    let server = Server::start();
    let commands = vec![json!({"type": "delete", "id": 1}); 10_001];
    let commands = json!({"commands": commands});
    let response = server
        .http()
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(response.status(), 413);
    assert_eq!(json_of(response).await["code"], "too_many_commands");
}

#[tokio::test]
async fn options_name_what_an_address_takes() {
    let server = Server::start();
    let request = server.http().request(Method::OPTIONS, "/api/products/1");
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 204);
    let allowed = response.headers()["allow"]
        .to_str()
        .expect("ASCII")
        .to_owned();
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
        assert!(allowed.contains(method), "{allowed}");
    }
}
