//! A database that is away, or comes back as another: pages are told, and nobody shows what isn't there.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::{Client, Postgres, Program, Proxy, TIMEOUT, draft};
use reqwest::Method;
use serde_json::{Value, json};
use testbed::url;

/// How long the database is away.
const AWAY: Duration = Duration::from_secs(20);

/// Takes messages until a pulse says whether changes can be saved.
async fn until_writable(client: &mut Client, writable: bool) {
    client.until(|client| client.writable == writable).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn without_the_database_the_list_is_there_and_pages_know_that_nothing_can_be_saved() {
    let mut postgres = Postgres::start();
    let server = Program::start(Path::new(&postgres.url()));
    server.http().add("a").await;
    let mut client = Client::open(&server.host, "").await;
    client.until_revision(1).await;
    until_writable(&mut client, true).await;
    postgres.nodes[0].kill();
    let gone = Instant::now();
    until_writable(&mut client, false).await;
    // A balancer is told as well.
    assert_eq!(server.http().get("/readyz").await.status(), 503);
    assert_eq!(server.http().get("/healthz").await.status(), 200);
    // And stay told, although nobody writes.
    let pulses = client.pulses;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut other = Client::open(&server.host, "").await;
    client.until(|client| client.pulses > pulses).await;
    until_writable(&mut other, false).await;
    assert!(!client.writable);
    drop(other);
    // Reading goes on.
    let list = server.http().list().await;
    assert_eq!(list["count"], 1);
    let mut late = Client::open(&server.host, "").await;
    late.until_revision(1).await;
    until_writable(&mut late, false).await;
    // Commands wait, and are refused in the end: nothing was done.
    let asked = Instant::now();
    let response = server.http().post(&draft("b")).await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], "not_saved");
    assert!(asked.elapsed() > Duration::from_secs(5), "it did not wait");
    // One that still waits when it comes back is done.
    let http = server.http();
    tokio::time::sleep(AWAY.saturating_sub(gone.elapsed() + Duration::from_secs(1))).await;
    let waiting = tokio::spawn(async move { http.post(&draft("c")).await.status() });
    tokio::time::sleep(Duration::from_secs(1)).await;
    postgres.nodes[0].start();
    let back = Instant::now();
    assert_eq!(waiting.await.expect("an answer"), 201);
    println!(
        "the first is saved {:?} after the database is back",
        back.elapsed()
    );
    until_writable(&mut client, true).await;
    println!("pages know it {:?} after", back.elapsed());
    client.until_revision(2).await;
    assert_eq!(client.codes(), ["a", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn what_a_silent_network_leaves_open_its_key_settles() {
    let postgres = Postgres::start();
    let proxy = Proxy::start(&[postgres.nodes[0].port]).await;
    let address = url([format!("127.0.0.1:{}", proxy.port)]);
    let servers = [
        Program::start(Path::new(&address)),
        Program::start(Path::new(&postgres.url())),
    ];
    let add = async |server: &Program, key: &str| {
        let request = server.http().request(Method::POST, "/api/products");
        let request = request.json(&draft(key)).header("idempotency-key", key);
        request.send().await.expect("an answer").status().as_u16()
    };
    // It has all that it needs to begin with.
    assert_eq!(servers[0].http().list().await["count"], 0);
    for round in 0..5 {
        let key = format!("key {round}");
        proxy.set_silent(true);
        let other = format!("other {round}");
        let (first, ()) = tokio::join!(add(&servers[0], &key), async {
            // The other server is not held up.
            let asked = Instant::now();
            assert_eq!(add(&servers[1], &other).await, 201);
            let took = asked.elapsed();
            assert!(
                took < Duration::from_secs(5),
                "the other waited for {took:?}"
            );
            tokio::time::sleep(Duration::from_millis(round * 500)).await;
            proxy.set_silent(false);
            proxy.cut();
        });
        assert!([201, 503, 504].contains(&first), "{first}");
        assert_eq!(add(&servers[0], &key).await, 201);
        assert_eq!(add(&servers[1], &key).await, 201);
    }
    let list = servers[1].http().list().await;
    assert_eq!(list["count"], 10);
    assert_eq!(list["revision"], 10, "nothing was done twice");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn what_became_of_a_commit_is_found_out_and_answered() {
    let postgres = Postgres::start_with_standby();
    let server = Program::start(Path::new(&postgres.url()));
    for round in 1..=3 {
        server.http().add(&format!("a{round}")).await;
        // Its commit waits for the standby when its session ends.
        postgres.nodes[1].freeze();
        let http = server.http();
        let code = format!("b{round}");
        let waiting = tokio::spawn(async move { http.post(&draft(&code)).await.status() });
        let waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        let start = Instant::now();
        while postgres.count(&format!("SELECT pid {waits}")) == 0 {
            assert!(start.elapsed() < TIMEOUT, "no commit waits");
        }
        postgres.execute(&format!("SELECT pg_terminate_backend(pid) {waits}"));
        tokio::time::sleep(Duration::from_millis(200)).await;
        postgres.nodes[1].thaw();
        let status = waiting.await.expect("an answer");
        assert_eq!(status, 201, "it is there, and was looked for");
        assert_eq!(server.http().list().await["count"], 2 * round);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_backup_that_is_put_back_is_what_every_page_shows() {
    let postgres = Postgres::start();
    let servers: Vec<Program> = (0..3)
        .map(|_| Program::start(Path::new(&postgres.url())))
        .collect();
    for code in ["a", "b"] {
        servers[0].http().add(code).await;
    }
    let dump = postgres.dump();
    let mut clients = Vec::new();
    for server in &servers {
        clients.push(Client::open(&server.host, "").await);
    }
    for code in ["c", "d", "e"] {
        servers[1].http().add(code).await;
    }
    for client in &mut clients {
        client.until_revision(5).await;
    }
    // Table after table, under the servers' eyes.
    postgres.restore(&dump);
    for (server, client) in servers.iter().zip(clients) {
        let mut client = client;
        // Its connection ends, and it comes back knowing too much.
        client.until_closed().await;
        let mut client = client.reopen(&server.host).await;
        client
            .until(|client| client.snapshots() == 1 && client.codes() == ["a", "b"])
            .await;
        assert_eq!(client.revision().0, 2);
        let list = server.http().list().await;
        assert_eq!((&list["revision"], &list["count"]), (&json!(2), &json!(2)));
    }
    // It goes on from there, in one order.
    let ids = [
        servers[2].http().add("x").await,
        servers[0].http().add("y").await,
    ];
    assert_eq!(ids, [3, 4]);
    let mut client = Client::open(&servers[1].host, "").await;
    client.until_revision(4).await;
    assert_eq!(client.codes(), ["a", "b", "x", "y"]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_primary_that_is_frozen_hides_no_other() {
    let mut postgres = Postgres::start_with_standby();
    let server = Program::start(Path::new(&postgres.url()));
    server.http().add("a").await;
    let mut client = Client::open(&server.host, "").await;
    client.until_revision(1).await;
    // It accepts connections and says nothing, as a machine whose disk hangs.
    let frozen = postgres.primary;
    postgres.nodes[frozen].freeze();
    postgres.promote();
    postgres.execute("ALTER SYSTEM SET synchronous_standby_names = ''");
    postgres.execute("SELECT pg_reload_conf()");
    let start = Instant::now();
    let http = server.http();
    let mut added = false;
    while !added && start.elapsed() < Duration::from_mins(1) {
        let request = http.request(Method::POST, "/api/products");
        let request = request.json(&draft("b")).header("idempotency-key", "b");
        added = request.send().await.expect("an answer").status() == 201;
    }
    assert!(added, "the other was never used");
    client.until_revision(2).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_server_stops_well_while_the_database_is_away() {
    let mut postgres = Postgres::start();
    let mut server = Program::start(Path::new(&postgres.url()));
    server.http().add("a").await;
    postgres.nodes[0].kill();
    let http = server.http();
    let waiting = tokio::spawn(async move { http.post(&draft("b")).await.status() });
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.signal("TERM");
    assert_eq!(server.wait_for_exit().code(), Some(0));
    assert!(waiting.await.is_err(), "nobody answers it");
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_standby_that_takes_over_has_all_that_was_acknowledged() {
    let mut postgres = Postgres::start_with_standby();
    let servers: Vec<Program> = (0..2)
        .map(|_| Program::start(Path::new(&postgres.url())))
        .collect();
    let mut client = Client::open(&servers[0].host, "").await;
    for round in 0..3 {
        for number in 0..20 {
            servers[number % 2]
                .http()
                .add(&format!("{round} {number}"))
                .await;
        }
        let http = servers[1].http();
        let during = format!("{round} during");
        let waiting = tokio::spawn(async move {
            let request = http.request(Method::POST, "/api/products");
            let request = request
                .json(&draft(&during))
                .header("idempotency-key", &during);
            request.send().await.expect("an answer").status().as_u16()
        });
        postgres.fail_over();
        let status = waiting.await.expect("an answer");
        assert!([201, 503, 504].contains(&status), "{status}");
    }
    let last = servers[0].http().add("last").await;
    client.until_revision(last).await;
    let codes = client.codes();
    for round in 0..3 {
        for number in 0..20 {
            let code = format!("{round} {number}");
            assert_eq!(
                codes.iter().filter(|known| **known == code).count(),
                1,
                "{code}"
            );
        }
    }
}
