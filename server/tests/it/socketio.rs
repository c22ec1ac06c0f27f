//! Socket.IO: its real client, in Node, on the same list as everybody else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::support::socketio::{State, folder, view};
use crate::support::{Client, Program, Server, SocketIo, TIMEOUT, draft};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;
use vitrina::{Options, Timeouts};

/// A list that one client has is the server's.
async fn assert_same(node: &mut SocketIo, client: &str, server: &mut Client) {
    node.until_revision(client, server.revision().0).await;
    let state = node.state(client).await;
    let products: Vec<_> = server
        .catalog()
        .products()
        .map(|one| (**one).clone())
        .collect();
    let mut own = state.products;
    own.sort_by_key(|product| product.id);
    assert_eq!(own, products, "{client}");
    let position = server.mirror.position().expect("a position");
    let at = state.position.expect("a position");
    assert!(at.is(&position), "{at:?} is not {position:?}");
}

/// Waits until a client has come so far, and gives what it has.
async fn until_since(node: &mut SocketIo, client: &str, revision: u64) -> State {
    let end = Instant::now() + TIMEOUT;
    loop {
        let state = node.state(client).await;
        if state
            .position
            .as_ref()
            .is_some_and(|at| at.since >= revision)
        {
            return state;
        }
        assert!(Instant::now() < end, "{client} is at {:?}", state.position);
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn the_list_comes_over_every_transport() {
    let server = Server::start();
    server.http().add("a").await;
    let mut client = server.client().await;
    client.until_revision(1).await;
    let mut node = SocketIo::start();
    for (name, transports, first) in [
        (
            "websocket",
            json!({"transports": ["websocket"]}),
            "websocket",
        ),
        ("polling", json!({"transports": ["polling"]}), "polling"),
        ("both", json!({}), "polling"),
    ] {
        node.open(name, &server.host, &transports);
        let body = node.until(name, "open").await;
        assert_eq!(body["transport"], first, "{name}");
        assert_same(&mut node, name, &mut client).await;
        if name == "both" {
            let body = node.until(name, "upgrade").await;
            assert_eq!(body["transport"], "websocket");
        }
    }
    let pulse = node.until("polling", "pulse").await;
    assert_eq!(
        (&pulse["revision"], &pulse["count"]),
        (&json!(1), &json!(1))
    );
    // They are clients as all others are.
    client.until(|client| client.viewers == 4).await;
    node.command("close", "polling", json!({}));
    node.command("close", "both", json!({}));
    client.until(|client| client.viewers == 2).await;
    // What happens later comes over each as well.
    server.http().add("b").await;
    client.until_revision(2).await;
    assert_same(&mut node, "websocket", &mut client).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_long_list_comes_whole_while_the_transport_changes() {
    let server = Server::start();
    let description = "ñ".repeat(1_900);
    let commands: Vec<Value> = (0..800)
        .map(|number| {
            let mut draft = draft(&format!("code {number}"));
            draft["description"] = json!(description);
            json!({"type": "add", "draft": draft})
        })
        .collect();
    let batch = json!({"commands": commands});
    let answer = server
        .http()
        .send(Method::POST, "/api/products/batch", &batch)
        .await;
    assert_eq!(answer.status(), 200);
    let mut client = server.client().await;
    client.until_revision(800).await;
    let mut node = SocketIo::start();
    for (number, transports) in (0..30).zip(
        [json!(["polling", "websocket"]), json!(["polling"])]
            .iter()
            .cycle(),
    ) {
        let name = format!("client {number}");
        node.open(
            &name,
            &server.host,
            &json!({"quiet": true, "transports": transports}),
        );
        let state = until_since(&mut node, &name, 800).await;
        assert!(state.parts > 20, "{name}: {}", state.parts);
        assert_eq!(
            state.views.last().map(|(_, seen)| seen),
            Some(&view(client.catalog()))
        );
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn commands_are_acknowledged_once_they_are_durable() {
    let server = Server::start();
    let mut node = SocketIo::start();
    node.join("page", &server.host).await;
    let added = node.ask("page", "add", json!([draft("a")])).await;
    assert_eq!(added, json!({"type": "done", "revision": 1, "id": 1}));
    let patch = json!({"price": 5});
    let updated = node.ask("page", "update", json!([1, patch, 1])).await;
    assert_eq!(updated, json!({"type": "done", "revision": 2, "id": 1}));
    let stale = node.ask("page", "update", json!([1, patch, 1])).await;
    assert_eq!(stale["problem"]["code"], "changed");
    let whole = json!([{"id": 1, "patch": {"stock": 8}}]);
    let updated = node.ask("page", "update", whole).await;
    assert_eq!(updated["revision"], 3);
    let product: Value = server
        .http()
        .get("/api/products/1")
        .await
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (&product["price"], &product["stock"]),
        (&json!(5), &json!(8))
    );
    let deleted = node.ask("page", "delete", json!([1])).await;
    assert_eq!(deleted, json!({"type": "done", "revision": 4, "id": 1}));
    assert_eq!(server.http().get("/api/products/1").await.status(), 404);
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_command_is_refused_in_the_words_of_http() {
    let server = Server::start();
    let mut node = SocketIo::start();
    node.join("page", &server.host).await;
    for bad in [
        json!({}),
        json!({"title": " ", "code": "a", "price": 1.234, "stock": -1, "category": "x"}),
        json!({"title": "a", "colour": "red"}),
    ] {
        let refused = node.ask("page", "add", json!([bad])).await;
        assert_eq!(refused["type"], "refused");
        let problem: Value = server.http().post(&bad).await.json().await.expect("JSON");
        for (here, there) in [
            ("code", "code"),
            ("message", "detail"),
            ("fields", "fields"),
        ] {
            assert_eq!(refused["problem"][here], problem[there], "{bad}");
        }
    }
    for (event, arguments, code) in [
        ("delete", json!([9]), "not_found"),
        ("restore", json!([9]), "not_kept"),
        ("restore", json!([9, 1]), "malformed"),
        ("newProduct", json!([draft("a")]), "unknown_message"),
        ("add", json!([]), "malformed"),
        ("add", json!([draft("a"), 1]), "malformed"),
        ("update", json!([1]), "malformed"),
        ("delete", json!(["1; drop table"]), "malformed"),
        ("delete", json!([null]), "malformed"),
    ] {
        let refused = node.ask("page", event, arguments.clone()).await;
        assert_eq!(refused["problem"]["code"], code, "{event} {arguments}");
    }
    // And the client is still there.
    let added = node.ask("page", "add", json!([draft("a")])).await;
    assert_eq!(added["revision"], 1);
    // A reader of Spanish is told in Spanish.
    let spanish = json!({"transports": ["polling"], "extraHeaders": {"Accept-Language": "es"}});
    node.open("pagina", &server.host, &spanish);
    node.until("pagina", "pulse").await;
    let refused = node.ask("pagina", "add", json!([{}])).await;
    let message = refused["problem"]["message"].as_str().expect("a text");
    assert!(message.starts_with("Corrige"), "{message}");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_retry_after_a_lost_acknowledgement_does_nothing_twice() {
    let server = Server::start();
    let mut node = SocketIo::start();
    let named = json!({"auth": {"page": "p1"}, "transports": ["websocket"]});
    node.open("page", &server.host, &named);
    node.until("page", "pulse").await;
    let add = json!([{"request": 7, "draft": draft("a")}]);
    let first = node.ask("page", "add", add.clone()).await;
    assert_eq!(first["revision"], 1);
    assert_eq!(node.ask("page", "add", add.clone()).await, first);
    // Over another connection, another transport, another start of the server, the other socket.
    let polling = json!({"auth": {"page": "p1"}, "transports": ["polling"]});
    node.open("again", &server.host, &polling);
    node.until("again", "pulse").await;
    assert_eq!(node.ask("again", "add", add.clone()).await, first);
    let mut client = Client::open(&server.host, "page=p1").await;
    client.add(7, &draft("a")).await;
    client.answer(7).await;
    client.until_revision(1).await;
    assert_eq!(client.catalog().len(), 1);
    let server = server.restart(Options::default()).await;
    node.open("later", &server.host, &named);
    node.until("later", "pulse").await;
    assert_eq!(node.ask("later", "add", add).await, first);
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_client_that_retries_by_itself_has_everything_done_once() {
    let server = Server::start();
    let mut node = SocketIo::start();
    let options = json!({"auth": {"page": "p1"}, "ackTimeout": 300, "retries": 50});
    node.open("page", &server.host, &options);
    node.until("page", "pulse").await;
    let mut calls = Vec::new();
    for number in 0..40 {
        let add = json!([{"request": number, "draft": draft(&format!("code {number}"))}]);
        calls.push(node.emit("page", "add", &add));
        if number % 8 == 0 {
            node.command("lose", "page", json!({}));
            node.until("page", "connect").await;
        }
    }
    for call in calls {
        assert_eq!(node.answer(call).await["type"], "done");
    }
    let mut client = server.client().await;
    client.until_revision(40).await;
    assert_eq!(client.catalog().len(), 40);
    assert_same(&mut node, "page", &mut client).await;
}

#[tokio::test]
#[ignore = "needs Node"]
async fn commands_of_a_client_are_done_in_their_order() {
    const COUNT: u64 = 300;
    let server = Server::start();
    let mut node = SocketIo::start();
    for (transport, code) in [("websocket", "a"), ("polling", "b")] {
        node.open(transport, &server.host, &json!({"transports": [transport]}));
        node.until(transport, "pulse").await;
        let added = node.ask(transport, "add", json!([draft(code)])).await;
        let (id, first) = (added["id"].clone(), added["revision"].as_u64());
        let first = first.expect("a revision");
        let calls: Vec<u64> = (1..=COUNT)
            .map(|stock| node.emit(transport, "update", &json!([id, {"stock": stock + 10}])))
            .collect();
        for (revision, call) in (first + 1..).zip(calls) {
            let answer = node.answer(call).await;
            assert_eq!(answer["revision"], revision, "{transport}");
        }
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_client_that_was_away_gets_only_what_it_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    let host = program.host.clone();
    program.http().add("a").await;
    let mut node = SocketIo::start();
    for transport in ["websocket", "polling"] {
        node.open(transport, &host, &json!({"transports": [transport]}));
        node.until(transport, "pulse").await;
    }
    program.kill();
    for transport in ["websocket", "polling"] {
        node.until(transport, "disconnect").await;
    }
    // What changes while they look for it where it was.
    let mut elsewhere = Program::start(&data);
    elsewhere.http().add("b").await;
    elsewhere.http().delete(1).await;
    elsewhere.kill();
    let again = Program::start_on(&data, &host);
    let mut client = Client::open(&again.host, "").await;
    client.until_revision(3).await;
    for transport in ["websocket", "polling"] {
        assert_same(&mut node, transport, &mut client).await;
        let state = node.state(transport).await;
        // The first list, and no other.
        assert_eq!(state.parts, 1, "{transport}");
    }
    // A position of another catalog is none.
    let other = Server::start();
    other.http().add("c").await;
    let at = node.state("websocket").await.position.expect("a position");
    let auth = json!({"catalog": at.catalog, "since": at.since, "digest": at.digest});
    node.open("guest", &other.host, &json!({"auth": auth}));
    let products = node.until("guest", "products").await;
    assert_eq!(products["products"][0]["code"], "c");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Node"]
async fn two_hundred_of_each_kind_see_one_order() {
    const CLIENTS: usize = 200;
    const WRITES: u64 = 120;
    let server = Server::start();
    let mut oracle = server.client().await;
    oracle.until_loaded().await;
    let mut node = SocketIo::start();
    let names: Vec<String> = (0..CLIENTS)
        .map(|number| format!("client {number}"))
        .collect();
    for (number, name) in names.iter().enumerate() {
        // Some poll, some upgrade.
        let transports = match number % 10 {
            0 => json!(["polling"]),
            1 => json!(["polling", "websocket"]),
            _ => json!(["websocket"]),
        };
        let options = json!({"quiet": true, "transports": transports});
        node.open(name, &server.host, &options);
    }
    for name in &names {
        node.until(name, "connect").await;
    }
    let mut others = Vec::new();
    for _ in 0..CLIENTS {
        others.push(server.client().await);
    }
    let over_http = tokio::spawn({
        let http = server.http();
        async move {
            for number in 0..WRITES {
                let id = http.add(&format!("h{number}")).await;
                if number % 3 == 0 {
                    http.delete(id).await;
                }
            }
        }
    });
    let mut calls = Vec::new();
    for number in 0..WRITES {
        let writer = &names[usize::try_from(number % 20).expect("small")];
        calls.push(node.emit(writer, "add", &json!([draft(&format!("s{number}"))])));
        oracle.add(number, &draft(&format!("w{number}"))).await;
    }
    // What the list was at each revision, as the other socket tells it.
    let mut history = HashMap::from([(0, view(&shared::Catalog::default()))]);
    let mut catalog = oracle.catalog().clone();
    let mut taken = 0;
    let last = 3 * WRITES + WRITES / 3;
    while oracle.revision().0 < last {
        assert!(oracle.step().await, "the oracle lost its connection");
        for change in &oracle.changes[taken..] {
            catalog.apply(catalog.revision().next(), [change.clone()]);
            history.insert(catalog.revision().0, view(&catalog));
        }
        taken = oracle.changes.len();
    }
    over_http.await.expect("a writer");
    for call in calls {
        assert_eq!(node.answer(call).await["type"], "done");
    }
    let mut compared = 0;
    for name in &names {
        let state = until_since(&mut node, name, last).await;
        assert!(
            state.views.is_sorted_by(|a, b| a.0 < b.0),
            "{name}: {:?}",
            state.views
        );
        for (revision, seen) in &state.views {
            assert_eq!(history.get(revision), Some(seen), "{name} at {revision}");
        }
        compared += state.views.len();
    }
    assert!(
        compared > CLIENTS * 3,
        "only {compared} lists were compared"
    );
    for client in &mut others {
        client.until_revision(last).await;
        assert_eq!(client.catalog(), oracle.catalog());
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_client_that_took_nothing_goes_on_where_it_was() {
    let timeouts = Timeouts {
        ping: Duration::from_millis(500),
        silent: Duration::from_secs(2),
        stalled: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let server = Server::start_with(Options {
        timeouts,
        ..Options::default()
    });
    let mut node = SocketIo::start();
    let options = json!({"transports": ["websocket"], "quiet": true});
    node.open("slow", &server.host, &options);
    node.until("slow", "connect").await;
    server.http().add("a").await;
    let mut client = server.client().await;
    client.until(|client| client.viewers == 2).await;
    node.command("pause", "slow", json!({}));
    node.until("slow", "paused").await;
    // More than the network has room for.
    let description = "x".repeat(2_000);
    for number in 0..6_000 {
        let patch = json!({"stock": number + 10, "description": description});
        client
            .send(&json!({"type": "update", "request": number, "id": 1, "patch": patch}))
            .await;
        if number % 50 == 0 {
            client.answer(number).await;
        }
    }
    // Each end takes the other for dead.
    node.until("slow", "disconnect").await;
    node.command("resume", "slow", json!({}));
    node.until("slow", "connect").await;
    client.until_revision(6_001).await;
    let state = until_since(&mut node, "slow", 6_001).await;
    assert!(state.views.is_sorted_by(|a, b| a.0 < b.0));
    assert_eq!(
        state.views.last().map(|(_, seen)| seen),
        Some(&view(client.catalog()))
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
#[ignore = "needs Node"]
async fn clients_that_take_nothing_cost_little_memory() {
    const CLIENTS: u64 = 30;
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&folder.path().join("a.db"));
    let mut client = Client::open(&program.host, "").await;
    client.add(0, &draft("a")).await;
    client.until_revision(1).await;
    let mut node = SocketIo::start();
    let options = json!({"transports": ["websocket"], "quiet": true});
    for number in 0..CLIENTS {
        let name = format!("slow {number}");
        node.open(&name, &program.host, &options);
        node.until(&name, "connect").await;
        node.command("pause", &name, json!({}));
        node.until(&name, "paused").await;
    }
    let description = "x".repeat(2_000);
    let mut write = async |numbers: std::ops::Range<u64>| {
        for number in numbers.clone() {
            let patch = json!({"stock": number + 10, "description": description});
            client
                .send(&json!({"type": "update", "request": number, "id": 1, "patch": patch}))
                .await;
            if number % 100 == 0 {
                client.answer(number).await;
            }
        }
        client.until_revision(numbers.end).await;
    };
    // What the server needs for the changes themselves is there after these.
    write(1..8_000).await;
    let before = program.memory_kib();
    write(8_000..16_000).await;
    let grown = program.memory_kib().saturating_sub(before);
    // A client has a few messages of 64 KiB, and what the protocol has begun to write.
    let limit = CLIENTS * 640;
    assert!(grown < limit, "{grown} KiB more, of {limit}");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_planned_stop_is_announced_and_clients_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("a.db");
    let mut program = Program::start(&data);
    let host = program.host.clone();
    let mut node = SocketIo::start();
    for (name, transport) in [("a", "websocket"), ("b", "websocket"), ("c", "polling")] {
        node.open(name, &host, &json!({"transports": [transport]}));
        node.until(name, "pulse").await;
    }
    let connected = program.wait_for_log("cliente conectado");
    assert!(connected.contains("transport=\"socket.io\""), "{connected}");
    let call = node.emit("a", "add", &json!([draft("a")]));
    node.answer(call).await;
    node.until_revision("c", 1).await;
    // One that is between two polls at the very moment finds nobody there with the next.
    sleep(Duration::from_millis(300)).await;
    program.signal("TERM");
    let mut times = Vec::new();
    for name in ["a", "b", "c"] {
        let closing = node.until(name, "closing").await;
        times.push(closing["retry_after_ms"].as_u64().expect("a time"));
        // Not `io server disconnect`, after which a client would stay away.
        let reason = node.until(name, "disconnect").await["reason"].clone();
        assert!(
            reason == "transport close" || reason == "transport error",
            "{name}: {reason}"
        );
    }
    assert!(times[0] != times[1] || times[1] != times[2], "{times:?}");
    assert_eq!(program.wait_for_exit().code(), Some(0));
    let again = Program::start_on(&data, &host);
    for name in ["a", "b", "c"] {
        node.until(name, "connect").await;
    }
    again.http().add("b").await;
    for name in ["a", "b", "c"] {
        node.until_revision(name, 2).await;
        assert_eq!(node.state(name).await.parts, 1, "{name}");
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn a_hello_that_can_not_be_read_says_so() {
    let server = Server::start();
    let mut node = SocketIo::start();
    for (number, auth) in [
        json!({"since": "x"}),
        json!({"page": ""}),
        json!({"digest": 5}),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("client {number}");
        node.open(
            &name,
            &server.host,
            &json!({"auth": auth, "transports": ["websocket"]}),
        );
        let error = node.until(&name, "connect_error").await;
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains("auth"), "{message}");
    }
    node.open("elsewhere", &format!("{}/other", server.host), &json!({}));
    let error = node.until("elsewhere", "connect_error").await;
    assert_eq!(error["message"], "Invalid namespace");
}

#[tokio::test]
#[ignore = "needs Node"]
async fn pages_of_other_sites_are_kept_out_unless_they_are_welcome() {
    let origin = "https://shop.example";
    let server = Server::start();
    let mut node = SocketIo::start();
    for transport in ["websocket", "polling"] {
        let headers = json!({"Origin": origin});
        let options = json!({"transports": [transport], "extraHeaders": headers});
        node.open(transport, &server.host, &options);
        node.until(transport, "connect_error").await;
        node.command("close", transport, json!({}));
    }
    let welcoming = Server::start_with(Options {
        origins: vec![origin.parse().expect("a header")],
        ..Options::default()
    });
    for transport in ["websocket", "polling"] {
        let name = format!("welcome {transport}");
        let headers = json!({"Origin": origin});
        let options = json!({"transports": [transport], "extraHeaders": headers});
        node.open(&name, &welcoming.host, &options);
        node.until(&name, "pulse").await;
        let added = node.ask(&name, "add", json!([draft(transport)])).await;
        assert_eq!(added["type"], "done");
    }
}

#[tokio::test]
#[ignore = "needs Node"]
async fn changes_come_from_every_door() {
    let server = Server::start();
    let mut node = SocketIo::start();
    node.join("page", &server.host).await;
    let mut client = server.client().await;
    client.until_loaded().await;
    let http = server.http();
    http.add("a").await;
    client.add(1, &draft("b")).await;
    client.until_revision(2).await;
    let commands = json!([{"type": "add", "draft": draft("c")}, {"type": "delete", "id": 1}]);
    let batch = json!({"commands": commands});
    let answer = http.send(Method::POST, "/api/products/batch", &batch).await;
    assert_eq!(answer.status(), 200);
    client.until_revision(4).await;
    assert_same(&mut node, "page", &mut client).await;
    let seen = node.state("page").await;
    assert!(
        seen.views.is_sorted_by(|a, b| a.0 < b.0),
        "{:?}",
        seen.views
    );
}

#[tokio::test]
#[ignore = "needs Node"]
async fn the_server_has_the_client_that_pages_load() {
    let server = Server::start();
    let answer = server.http().get("/socket.io/socket.io.js").await;
    assert_eq!(answer.status(), 200);
    let media_type = answer.headers()["content-type"].to_str().expect("a text");
    assert!(media_type.contains("javascript"), "{media_type}");
    let given = answer.bytes().await.expect("a body");
    let published = folder().join("node_modules/socket.io-client/dist/socket.io.min.js");
    let published = std::fs::read(published).expect("npm has installed it");
    assert!(given == published, "it is not what npm has");
}
