//! What happened is told: over HTTP and by the program, on a file and on a database, as long as it is
//! kept.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::{Client, Http, Postgres, Program, Server, TIMEOUT, data_file, draft};
use reqwest::Method;
use serde_json::{Value, json};
use vitrina::Options;
use vitrina::journal::RETAINED_CHANGES;

async fn changes(http: &Http, path: &str) -> Vec<Value> {
    let response = http.get(path).await;
    assert_eq!(response.status(), 200, "{path}");
    let mut told: Value = response.json().await.expect("JSON");
    match told["changes"].take() {
        Value::Array(changes) => changes,
        other => panic!("{path}: {other}"),
    }
}

fn revisions(changes: &[Value]) -> Vec<u64> {
    let revision = |change: &Value| change["revision"].as_u64().expect("a revision");
    changes.iter().map(revision).collect()
}

/// Does something over each door: six changes, of which the last deletes the product 2.
async fn make_history(http: &Http, host: &str) {
    http.add("a").await;
    let mut page = Client::open(host, "").await;
    page.add(1, &draft("b")).await;
    page.answer(1).await;
    let patch = json!({"stock": 7, "title": "New"});
    http.send(Method::PATCH, "/api/products/1", &patch).await;
    let import = http.request(Method::POST, "/api/products/import?on_duplicate=update");
    let import = import
        .header("content-type", "text/csv")
        .body("code,price\nb,5\n");
    import
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a text");
    let commands = json!({"commands": [
        {"type": "update", "id": 1, "patch": {"price": 1}}, {"type": "delete", "id": 2},
    ]});
    let done = http
        .send(Method::POST, "/api/products/batch", &commands)
        .await;
    assert_eq!(done.status(), 200);
}

/// What [`make_history`] leaves, as whoever asks is told it.
async fn tells_all(http: &Http) {
    let all = changes(http, "/api/history").await;
    assert_eq!(revisions(&all), [6, 5, 4, 3, 2, 1]);
    let sources: Vec<&Value> = all.iter().map(|change| &change["source"]).collect();
    assert_eq!(sources, ["http", "http", "import", "http", "page", "http"]);
    assert_eq!(all[0]["change"], json!({"deleted": 2}));
    assert_eq!(all[0]["before"]["price"], 5);
    assert_eq!(all[3]["before"]["stock"], 5);
    assert_eq!(all[3]["change"]["updated"]["stock"], 7);
    assert_eq!(all[5].get("before"), None);
    assert_eq!(all[5]["change"]["added"]["code"], "a");

    let of_one = changes(http, "/api/products/1/history").await;
    assert_eq!(revisions(&of_one), [5, 3, 1]);
    let deleted = changes(http, "/api/products/2/history").await;
    assert_eq!(revisions(&deleted), [6, 4, 2], "one that is gone as well");
    assert_eq!(changes(http, "/api/history?product=2").await, deleted);
    let never = http.get("/api/products/77/history").await;
    assert_eq!(never.status(), 404);
    assert!(changes(http, "/api/history?product=77").await.is_empty());

    let mut path = "/api/history?limit=4".to_owned();
    let mut paged = Vec::new();
    loop {
        let told: Value = http.get(&path).await.json().await.expect("JSON");
        paged.extend(told["changes"].as_array().expect("a list").clone());
        let Some(next) = told["next"].as_u64() else {
            break;
        };
        path = format!("/api/history?limit=4&after={next}");
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn what_happened_is_told_over_http() {
    let server = Server::start();
    let http = server.http();
    assert!(changes(&http, "/api/history").await.is_empty());
    make_history(&http, &server.host).await;
    tells_all(&http).await;
    // And after a restart.
    let server = server.restart(Options::default()).await;
    tells_all(&server.http()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_happened_is_told_by_every_server() {
    let mut postgres = Postgres::start();
    let url = postgres.url();
    let servers = [(); 2].map(|()| Program::start(Path::new(&url)));
    make_history(&servers[0].http(), &servers[0].host).await;
    for server in &servers {
        tells_all(&server.http()).await;
    }
    is_told_by_the_program(Path::new(&url));
    // The database goes away and comes back.
    postgres.nodes[0].kill();
    let away = servers[1].http().get("/api/history").await;
    assert_eq!(away.status(), 503);
    assert_eq!(away.headers()["retry-after"], "1");
    let problem: Value = away.json().await.expect("JSON");
    assert_eq!(problem["code"], "history_unreadable");
    postgres.nodes[0].start();
    tells_all(&servers[1].http()).await;
}

#[tokio::test]
async fn the_time_of_what_happened_is_told_and_asked_for() {
    let server = Server::start();
    let http = server.http();
    let now = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        u64::try_from(now.expect("a time").as_millis()).expect("a time")
    };
    let before = now();
    http.add("a").await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    http.add("b").await;
    let all = changes(&http, "/api/history").await;
    let at = |change: &Value| change["at"].as_str().expect("a time").to_owned();
    let (second, first) = (at(&all[0]), at(&all[1]));
    assert!(first < second && first.ends_with('Z'), "{first} {second}");
    let read: jiff::Timestamp = first.parse().expect("a time");
    let read = u64::try_from(read.as_millisecond()).expect("a time");
    assert!((before..=now()).contains(&read));
    for (query, expected) in [
        (format!("from={second}"), vec![2]),
        (format!("from={first}"), vec![2, 1]),
        (format!("until={second}"), vec![1]),
        (format!("until={first}"), vec![]),
        (format!("from={first}&until={second}"), vec![1]),
        ("from=2020-01-01".to_owned(), vec![2, 1]),
        ("until=2020-01-01T00:00:00%2B02:00".to_owned(), vec![]),
        ("from=9999-01-01".to_owned(), vec![]),
    ] {
        let found = changes(&http, &format!("/api/history?{query}")).await;
        assert_eq!(revisions(&found), expected, "{query}");
    }
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused_by_its_name() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    for (query, field, code) in [
        ("from=yesterday", "from", "not_a_moment"),
        ("until=", "until", "not_a_moment"),
        ("after=x", "after", "not_a_cursor"),
        ("limit=10001", "limit", "too_high"),
        ("limit=-1", "limit", "not_whole"),
        ("product=x", "product", "not_whole"),
        ("sort=price", "sort", "unknown"),
        ("limit=1&limit=2", "limit", "twice"),
    ] {
        let response = http.get(&format!("/api/history?{query}")).await;
        assert_eq!(response.status(), 422, "{query}");
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["fields"][0]["field"], field, "{query}");
        assert_eq!(problem["fields"][0]["code"], code, "{query}");
    }
    let twice = http.get("/api/products/1/history?product=1").await;
    assert_eq!(twice.status(), 422, "the path says which");
    // Numbers that no database has are only numbers.
    let most = u64::MAX;
    for path in [
        format!("/api/history?product={most}"),
        format!("/api/products/1/history?limit=0&after={most}"),
        "/api/history?after=0".to_owned(),
    ] {
        assert!(changes(&http, &path).await.is_empty(), "{path}");
    }
    // As many as there are, and no more.
    let told: Value = http
        .get("/api/history?limit=1")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(told.get("next"), None);
    let all = changes(&http, &format!("/api/history?after={most}")).await;
    assert_eq!(revisions(&all), [1]);
}

#[tokio::test]
async fn a_long_history_comes_whole_whatever_its_size() {
    let server = Server::start();
    let http = server.http();
    let adds = |range: std::ops::Range<u32>| {
        let add = |number: u32| {
            let mut draft = draft(&format!("c{number}"));
            // Of very different lengths.
            let length = usize::try_from(number * 37 % 2_000).expect("a length");
            draft["description"] = json!("d".repeat(length));
            json!({"type": "add", "draft": draft})
        };
        json!({"commands": range.map(add).collect::<Vec<Value>>()})
    };
    for start in [0, 500] {
        let commands = adds(start..start + 500);
        let done = http
            .send(Method::POST, "/api/products/batch", &commands)
            .await;
        assert_eq!(done.status(), 200);
    }
    let all = changes(&http, "/api/history?limit=10000").await;
    let expected: Vec<u64> = (1..=1_000).rev().collect();
    assert_eq!(revisions(&all), expected);
    let some = changes(&http, "/api/history?limit=333&after=900").await;
    assert_eq!(revisions(&some), expected[101..434]);
}

#[tokio::test]
async fn changes_are_kept_for_as_long_as_is_asked_for() {
    let server = Server::start();
    let retained = u64::try_from(RETAINED_CHANGES).expect("a count");
    let many = retained + 500;
    let commands: Vec<Value> = (0..500).map(|_| json!(null)).collect();
    let http = server.http();
    for round in 0..many / 500 {
        let commands = commands
            .iter()
            .enumerate()
            .map(|(place, _)| json!({"type": "add", "draft": draft(&format!("{round} {place}"))}));
        let commands = json!({"commands": commands.collect::<Vec<Value>>()});
        let done = http
            .send(Method::POST, "/api/products/batch", &commands)
            .await;
        assert_eq!(done.status(), 200);
    }
    let oldest = changes(&http, "/api/history?limit=1&after=2").await;
    assert_eq!(revisions(&oldest), [1], "none is too old");
    // The latest stay, for clients to go on from; what is older goes even if nobody writes.
    let short = Options {
        keep_history: Duration::ZERO,
        ..Options::default()
    };
    let server = server.restart(short).await;
    let http = server.http();
    let trimmed = async {
        let path = format!("/api/history?limit=1&after={}", many - retained + 1);
        while !changes(&http, &path).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, trimmed)
        .await
        .expect("in time");
    let path = format!("/api/history?limit=10000&after={}", many + 1);
    assert_eq!(changes(&http, &path).await.len(), RETAINED_CHANGES);
    // And while somebody writes.
    for code in ["x", "y", "z"] {
        http.add(code).await;
    }
    assert_eq!(
        changes(&http, "/api/history?limit=10000").await.len(),
        RETAINED_CHANGES
    );
    let last = changes(
        &http,
        &format!("/api/history?after={}", many - retained + 5),
    )
    .await;
    assert_eq!(revisions(&last), [many - retained + 4]);
}

fn vitrina(journal: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.env("TZ", "Asia/Tokyo");
    command.arg("--journal").arg(journal).args(arguments);
    command.output().expect("it runs")
}

fn lines(journal: &Path, arguments: &[&str]) -> Vec<String> {
    let output = vitrina(journal, arguments);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(ToOwned::to_owned).collect()
}

/// What [`make_history`] leaves, as the program tells it.
fn is_told_by_the_program(journal: &Path) {
    let told = lines(journal, &["history"]);
    assert_eq!(told.len(), 6);
    for (line, expected) in told.iter().zip([
        r#"#6 http deleted "Product b" (product 2)"#,
        r#"#5 http updated "New" (product 1): price 19.99 -> 1"#,
        r#"#4 import updated "Product b" (product 2): price 19.99 -> 5"#,
        r#"#3 http updated "New" (product 1): title "Product a" -> "New", stock 5 -> 7"#,
        r#"#2 page added "Product b" (product 2)"#,
        r#"#1 http added "Product a" (product 1)"#,
    ]) {
        assert!(line.ends_with(expected), "{line}");
    }
    let of_one = lines(journal, &["history", "--product", "1", "--limit", "2"]);
    assert_eq!(of_one, [&*told[1], &*told[3]]);
    let none = lines(journal, &["history", "--until", "2020-01-01"]);
    assert!(none.is_empty());

    let json = lines(journal, &["history", "--json", "--limit", "1"]);
    let last: Value = serde_json::from_str(&json[0]).expect("JSON");
    assert_eq!(last["change"], json!({"deleted": 2}));
    // People read their own time.
    let at: jiff::Timestamp = last["at"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    let at = at + jiff::SignedDuration::from_hours(9);
    let at = at.to_string().replace('T', " ");
    assert!(told[0].starts_with(&at[..19]), "{} {at}", told[0]);
    let from = &told[0][..19];
    let from = lines(journal, &["history", "--from", from]);
    assert!(from.contains(&told[0]), "and write it: {from:?}");
}

#[tokio::test]
async fn the_program_tells_what_happened_while_a_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let server = Program::start(&data);
    make_history(&server.http(), &server.host).await;
    is_told_by_the_program(&data);
    let wrong = vitrina(&data, &["history", "--from", "noon"]);
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(said.contains("write it as 2026-11-26"), "{said}");
    let missing = vitrina(&folder.path().join("no.db"), &["history"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test]
async fn a_change_that_can_not_be_read_costs_nobody_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let mut server = Program::start(&data);
    for number in 1..=7 {
        server.http().add(&format!("c{number}")).await;
    }
    server.signal("TERM");
    assert!(server.wait_for_exit().success());
    let file = rusqlite::Connection::open(&data).expect("a file");
    file.execute_batch(
        "UPDATE changes SET change = '{broken' WHERE revision IN (2, 6);
        UPDATE changes SET before = '{}' WHERE revision = 4;
        UPDATE changes SET revision = -1, at = -9 WHERE revision = 5;
        UPDATE changes SET at = 9223372036854775807, page = NULL WHERE revision = 3;",
    )
    .expect("it is SQL");
    drop(file);
    let server = Program::start(&data);
    let all = changes(&server.http(), "/api/history").await;
    assert_eq!(revisions(&all), [7, 3, 1]);
    assert_eq!(all[1].get("at"), None, "it is no moment");
    // A page at a time it goes on behind them.
    let mut paged = Vec::new();
    let mut path = "/api/history?limit=1".to_owned();
    loop {
        let told: Value = server.http().get(&path).await.json().await.expect("JSON");
        paged.extend(revisions(told["changes"].as_array().expect("a list")));
        let Some(next) = told["next"].as_u64() else {
            break;
        };
        path = format!("/api/history?limit=1&after={next}");
    }
    assert_eq!(paged, [7, 3, 1]);
    assert_eq!(lines(&data, &["history"]).len(), 3);
    let since = changes(&server.http(), "/api/history?from=2020-01-01").await;
    assert_eq!(revisions(&since), [7, 3, 1]);
}

#[tokio::test]
async fn a_planned_stop_leaves_everything_in_the_file_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let mut server = Program::start(&data);
    server.http().add("a").await;
    assert_eq!(changes(&server.http(), "/api/history").await.len(), 1);
    // Somebody who follows has read as well.
    let _follower = server.http().get("/api/history/stream?since=0").await;
    server.signal("TERM");
    assert!(server.wait_for_exit().success());
    let log = folder.path().join("vitrina.db-wal");
    assert!(!log.exists(), "the log is there, and belongs to the file");
    let copy = folder.path().join("copy.db");
    std::fs::copy(&data, &copy).expect("a copy");
    assert_eq!(lines(&copy, &["history"]).len(), 1);
    // Where another program has it open, the log stays, but nothing is only there.
    let mut server = Program::start(&data);
    let other = rusqlite::Connection::open(&data).expect("a file");
    let count = |file: &rusqlite::Connection| {
        let count = "SELECT count(*) FROM products";
        file.query_row(count, [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(count(&other), Ok(1));
    server.http().add("b").await;
    server.signal("TERM");
    assert!(server.wait_for_exit().success());
    let alone = folder.path().join("alone.db");
    std::fs::copy(&data, &alone).expect("a copy");
    let alone = rusqlite::Connection::open(&alone).expect("a file");
    assert_eq!(count(&alone), Ok(2));
}
