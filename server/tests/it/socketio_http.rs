//! Socket.IO's address, for those who know the protocol only in part, or only too well.

use std::time::{Duration, Instant};

use crate::support::raw::{problem, raw, request, status};
use crate::support::{Http, Server, draft};
use futures_util::{SinkExt, StreamExt};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};
use vitrina::{MAX_COMMAND_BYTES, Options, Timeouts};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

async fn ask(http: &Http, method: Method, query: &str) -> Response {
    let request = http.request(method, &format!("/socket.io/{query}"));
    request.send().await.expect("an answer")
}

/// Opens a session that polls, and gives its address.
async fn open(http: &Http) -> String {
    let answer = http.get(POLLING).await;
    assert_eq!(answer.status(), 200);
    let packet = answer.text().await.expect("a packet");
    let open: Value = serde_json::from_str(&packet[1..]).expect("JSON");
    format!("{POLLING}&sid={}", open["sid"].as_str().expect("a name"))
}

async fn post(http: &Http, path: &str, packets: String) -> Response {
    let request = http.request(Method::POST, path).body(packets);
    request.send().await.expect("an answer")
}

/// Opens a session that polls, and joins.
async fn join(http: &Http) -> String {
    let path = open(http).await;
    assert_eq!(post(http, &path, "40".to_owned()).await.status(), 200);
    path
}

/// A bare WebSocket.
async fn socket(host: &str) -> WebSocketStream<TcpStream> {
    let url = format!("ws://{host}/socket.io/?EIO=4&transport=websocket");
    let stream = TcpStream::connect(host).await.expect("a port");
    let request = url.into_client_request().expect("a request");
    let (socket, _) = client_async(request, stream).await.expect("a socket");
    socket
}

/// Waits until nobody but the one that looks is connected.
async fn until_alone(server: &Server) {
    let mut client = server.client().await;
    client.until(|client| client.viewers == 1).await;
}

#[tokio::test]
async fn a_request_that_is_none_of_the_protocol_says_so() {
    let server = Server::start();
    let http = server.http();
    for (method, query, code) in [
        (Method::GET, "?EIO=3&transport=polling", 5),
        (Method::GET, "?transport=polling", 5),
        (Method::GET, "?EIO=4", 0),
        (Method::GET, "?EIO=4&transport=pigeon", 0),
        (
            Method::GET,
            "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
            1,
        ),
        (
            Method::GET,
            "?EIO=4&transport=polling&sid=..%2f%26transport=x",
            1,
        ),
        (Method::GET, "?EIO=4&transport=polling&sid=", 1),
        (
            Method::GET,
            "?EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAA",
            1,
        ),
        (Method::POST, "?EIO=4&transport=polling", 2),
        (Method::DELETE, "?EIO=4&transport=polling", 2),
        (Method::PUT, "?EIO=4&transport=websocket", 2),
    ] {
        let answer = ask(&http, method.clone(), query).await;
        assert_eq!(answer.status(), 400, "{method} {query}");
        let said: Value = answer.json().await.expect("JSON");
        assert_eq!(said["code"], code, "{method} {query}: {said}");
        assert!(said["message"].is_string());
    }
    for query in [
        "?EIO=4&transport=websocket",
        "?EIO=4&EIO=4&transport=polling",
    ] {
        let answer = ask(&http, Method::GET, query).await;
        assert_eq!(answer.status(), 400, "{query}");
        let said: Value = answer.json().await.expect("JSON");
        assert_eq!(said["code"], "malformed", "{query}");
    }
    until_alone(&server).await;
}

#[tokio::test]
async fn names_and_sites_that_are_not_known_are_kept_out() {
    let server = Server::start();
    let host = format!("Host: {}", server.host);
    for path in [POLLING, "/socket.io?EIO=4&transport=polling"] {
        let line = format!("GET {path}");
        let foreign = request(&line, &[&host, "Origin: https://evil.example"]);
        let answer = raw(&server.host, &foreign).await;
        assert_eq!(status(&answer), 403);
        assert_eq!(problem(&answer)["code"], "foreign_origin");
        let answer = raw(&server.host, &request(&line, &["Host: evil.example"])).await;
        assert_eq!(status(&answer), 421);
        let own = request(&line, &[&host, &format!("Origin: http://{}", server.host)]);
        assert_eq!(status(&raw(&server.host, &own).await), 200);
    }
    let welcoming = Server::start_with(Options {
        origins: vec!["https://shop.example".parse().expect("a header")],
        ..Options::default()
    });
    let host = format!("Host: {}", welcoming.host);
    let welcome = request(
        &format!("GET {POLLING}"),
        &[&host, "Origin: https://shop.example"],
    );
    let answer = raw(&welcoming.host, &welcome).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("access-control-allow-origin: https://shop.example"));
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_the_session_goes_on() {
    let server = Server::start();
    let http = server.http();
    let path = join(&http).await;
    let answer = post(&http, &path, "4".repeat(MAX_COMMAND_BYTES + 1)).await;
    assert_eq!(answer.status(), 413);
    let add = format!("420{}", json!(["add", draft("a")]));
    assert_eq!(post(&http, &path, add).await.status(), 200);
    let mut told = String::new();
    while !told.contains("\"type\":\"done\"") {
        told += &http.get(&path).await.text().await.expect("packets");
    }
    // A frame that is too long ends its connection.
    let mut socket = socket(&server.host).await;
    socket.send(Message::text("40")).await.expect("a socket");
    let long = Message::text("4".repeat(MAX_COMMAND_BYTES + 1));
    // It may be cut off in the middle.
    let _ = socket.send(long).await;
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn as_many_clients_come_as_there_is_room_for() {
    let server = Server::start_with(Options {
        max_clients: 2,
        ..Options::default()
    });
    let http = server.http();
    let _first = open(&http).await;
    let _second = socket(&server.host).await;
    let answer = http.get(POLLING).await;
    assert_eq!(answer.status(), 503);
    let said: Value = answer.json().await.expect("JSON");
    assert_eq!(said["code"], "too_many_pages");
}

#[tokio::test]
async fn sessions_that_only_poll_are_limited_and_others_come_in() {
    let server = Server::start_with(Options {
        max_clients: 40,
        ..Options::default()
    });
    let http = server.http();
    let mut opened = 0;
    while http.get(POLLING).await.status() == 200 {
        opened += 1;
        assert!(opened < 40, "there is no limit");
    }
    assert_eq!(opened, 10);
    let mut socket = socket(&server.host).await;
    socket.send(Message::text("40")).await.expect("a socket");
    let first = socket.next().await.expect("a packet").expect("a packet");
    assert!(first.to_string().starts_with('0'), "{first}");
    // Nobody joined, so that they end by themselves.
    drop(socket);
    until_alone(&server).await;
    assert_eq!(http.get(POLLING).await.status(), 200);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let timeouts = Timeouts {
        ping: Duration::from_millis(500),
        silent: Duration::from_secs(1),
        stalled: Duration::from_secs(1),
        ..Timeouts::default()
    };
    let server = Server::start_with(Options {
        timeouts,
        ..Options::default()
    });
    let http = server.http();
    // One whose network is full, one whose network is not, and one that never polls.
    let description = "x".repeat(2_000);
    let mut client = server.client().await;
    for number in 0..4_000 {
        let mut draft = draft(&format!("code {number}"));
        draft["description"] = json!(description);
        client.add(number, &draft).await;
        if number % 100 == 0 {
            client.answer(number).await;
        }
    }
    client.until_revision(4_000).await;
    let mut full = socket(&server.host).await;
    full.send(Message::text("40")).await.expect("a socket");
    let mut idle = socket(&server.host).await;
    idle.send(Message::text("40")).await.expect("a socket");
    while let Some(Ok(packet)) = idle.next().await {
        if packet.to_string().starts_with("42[\"pulse\"") {
            break;
        }
    }
    join(&http).await;
    // One pulse says that they have come; a later one that they are gone.
    let later = client.pulses + 2;
    client
        .until(|client| client.pulses >= later && client.viewers == 1)
        .await;
    // It took only what its network had taken.
    let mut taken = 0;
    while let Some(Ok(packet)) = full.next().await {
        taken += packet.len();
    }
    assert!(taken < 8_000_000, "it was told all: {taken} bytes");
}

/// A WebSocket for a session that polls.
async fn upgrade(host: &str, path: &str) -> WebSocketStream<TcpStream> {
    let url = format!("ws://{host}{}", path.replace("polling", "websocket"));
    let stream = TcpStream::connect(host).await.expect("a port");
    let request = url.into_client_request().expect("a request");
    let (socket, _) = client_async(request, stream).await.expect("a socket");
    socket
}

#[tokio::test]
async fn an_upgrade_that_breaks_off_leaves_nobody_behind() {
    let server = Server::start();
    let http = server.http();
    for packets in [&[][..], &["2probe"], &["nonsense"], &["2probe", "nonsense"]] {
        let path = join(&http).await;
        let mut socket = upgrade(&server.host, &path).await;
        for packet in packets {
            socket.send(Message::text(*packet)).await.expect("a socket");
        }
        if packets.first() == Some(&"2probe") {
            let answer = socket.next().await.expect("a packet").expect("a packet");
            assert_eq!(answer.to_string(), "3probe");
        }
        drop(socket);
        until_alone(&server).await;
        // Nor does it wait for anybody: it begins again.
        assert_eq!(http.get(&path).await.status(), 400, "{packets:?}");
    }
    // A second one for a client that has one changes nothing.
    let path = join(&http).await;
    let mut own = upgrade(&server.host, &path).await;
    for packet in ["2probe", "5"] {
        own.send(Message::text(packet)).await.expect("a socket");
    }
    let mut told = String::new();
    while !told.contains("\"pulse\"") {
        told = own
            .next()
            .await
            .expect("a packet")
            .expect("a packet")
            .to_string();
    }
    let mut second = upgrade(&server.host, &path).await;
    while let Some(Ok(_)) = second.next().await {}
    let mut client = server.client().await;
    client.until(|client| client.viewers == 2).await;
    http.add("a").await;
    while !told.contains("\"changes\"") {
        told = own
            .next()
            .await
            .expect("a packet")
            .expect("a packet")
            .to_string();
    }
    drop((own, client));
    until_alone(&server).await;
    // Two at a time are one too many.
    let path = join(&http).await;
    let mut first = upgrade(&server.host, &path).await;
    let mut second = upgrade(&server.host, &path).await;
    for socket in [&mut first, &mut second] {
        let _ = socket.send(Message::text("2probe")).await;
        let _ = socket.send(Message::text("5")).await;
    }
    drop((first, second));
    until_alone(&server).await;
}

#[tokio::test]
async fn many_commands_in_one_request_are_done_in_order() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let path = join(&http).await;
    let packets: Vec<String> = (0..5_000)
        .map(|number| format!("42{number}{}", json!(["update", 1, {"stock": number + 10}])))
        .collect();
    let body = packets.join("\x1e");
    let posting = tokio::spawn({
        let (http, path) = (http.clone(), path.clone());
        async move { post(&http, &path, body).await.status() }
    });
    let mut answers = 0;
    while answers < 5_000 {
        let payload = http.get(&path).await.text().await.expect("packets");
        for packet in payload.split('\x1e') {
            if let Some(answer) = packet.strip_prefix("43") {
                let number: u64 = answer
                    .split('[')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .expect("a number");
                assert_eq!(number, answers);
                answers += 1;
            } else if packet == "2" {
                // Taken once there is room for it, which is made by polling.
                let (http, path) = (http.clone(), path.clone());
                tokio::spawn(async move { post(&http, &path, "3".to_owned()).await });
            }
        }
    }
    assert_eq!(posting.await.expect("an answer"), 200);
    let mut client = server.client().await;
    client.until_revision(5_001).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_keeps_no_server_from_stopping() {
    let server = Server::start();
    server.http().add("a").await;
    let mut flooding = socket(&server.host).await;
    flooding.send(Message::text("40")).await.expect("a socket");
    let mut sent = 0;
    let flood = async {
        loop {
            sent += 1;
            let update = json!(["update", 1, {"stock": sent, "title": ""}]);
            if flooding
                .send(Message::text(format!("42{sent}{update}")))
                .await
                .is_err()
            {
                break;
            }
        }
    };
    let _ = timeout(Duration::from_secs(2), flood).await;
    let half_open = open(&server.http()).await;
    let probing = join(&server.http()).await;
    let probing = upgrade(&server.host, &probing).await;
    let stop = Instant::now();
    server.stop().await;
    let time = stop.elapsed();
    assert!(time < Duration::from_secs(8), "it took {time:?}");
    drop((flooding, half_open, probing));
}

/// The ids of the products that are in these packets: of the list's parts, and of what was added since.
fn ids(packets: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    for packet in packets.split('\x1e') {
        let Some(event) = packet.strip_prefix("42") else {
            continue;
        };
        let event: Value = serde_json::from_str(event).expect("an event");
        let parts = event[1]["products"].as_array().into_iter().flatten();
        let changes = event[1]["changes"].as_array().into_iter().flatten();
        let products = parts.chain(changes.map(|change| &change["added"]));
        ids.extend(products.map(|product| product["id"].as_u64().expect("an id")));
    }
    ids
}

#[tokio::test]
async fn nothing_is_left_out_while_the_transport_changes() {
    let server = Server::start();
    // The largest that there can be.
    let mut draft = draft("large");
    draft["description"] = json!("🦀".repeat(2_000));
    let image = format!("/{}", "🦀".repeat(1_990));
    draft["thumbnails"] = json!(vec![image; 10]);
    for number in 0..24 {
        draft["code"] = json!(format!("code {number}"));
        assert_eq!(server.http().post(&draft).await.status(), 201);
    }
    let http = server.http();
    let path = join(&http).await;
    let mut told = Vec::new();
    // As much as may wait for a client is there after a while.
    tokio::time::sleep(Duration::from_millis(300)).await;
    while told.is_empty() {
        told = ids(&http.get(&path).await.text().await.expect("packets"));
    }
    let mut socket = upgrade(&server.host, &path).await;
    for packet in ["2probe", "5"] {
        socket.send(Message::text(packet)).await.expect("a socket");
    }
    while told.len() < 24 {
        let packet = socket.next().await.expect("a packet").expect("a packet");
        told.extend(ids(&packet.to_string()));
    }
    // The latest may come after the list, as a change.
    told.sort_unstable();
    assert_eq!(told, (1..=24).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_name_that_is_too_long_for_a_namespace_is_not_repeated() {
    let server = Server::start();
    let http = server.http();
    let path = join(&http).await;
    let short = post(&http, &path, "40/elsewhere,".to_owned()).await;
    assert_eq!(short.status(), 200);
    let long = post(&http, &path, format!("40/{},", "x".repeat(1_000))).await;
    assert_eq!(long.status(), 400);
    let told = http.get(&path).await.text().await.expect("packets");
    assert!(
        told.contains("44/elsewhere,") && told.len() < 1_000,
        "{told}"
    );
}

#[tokio::test]
async fn a_closed_socket_gives_its_place_back_at_once() {
    let server = Server::start_with(Options {
        max_clients: 20,
        ..Options::default()
    });
    for _ in 0..200 {
        let socket = socket(&server.host).await;
        // Reset: nothing can be told to it any more.
        socket.get_ref().set_zero_linger().expect("a socket");
        drop(socket);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    until_alone(&server).await;
}

#[tokio::test]
async fn two_polls_at_a_time_end_a_session() {
    let server = Server::start();
    let http = server.http();
    let path = join(&http).await;
    let mut told = String::new();
    while !told.contains("\"pulse\"") {
        told += &http.get(&path).await.text().await.expect("packets");
    }
    let refused = loop {
        let waiting = tokio::spawn({
            let (http, path) = (http.clone(), path.clone());
            async move { http.get(&path).await.status() }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Another pulse may have come meanwhile, and answered it.
        if !waiting.is_finished() {
            break http.get(&path).await;
        }
    };
    assert_eq!(refused.status(), 400);
    until_alone(&server).await;
}

#[tokio::test]
async fn whatever_a_client_sends_the_server_goes_on() {
    // Those that it lets stay leave no later than they would answer a ping.
    let timeouts = Timeouts {
        ping: Duration::from_millis(500),
        silent: Duration::from_secs(1),
        ..Timeouts::default()
    };
    let server = Server::start_with(Options {
        timeouts,
        ..Options::default()
    });
    let deep = format!("42[\"add\",{}", "[".repeat(100_000));
    let many = format!("42[\"add\"{}]", ",0".repeat(50_000));
    let attachments = "451-[\"add\",{\"_placeholder\":true,\"num\":0}]";
    for packets in [
        &["7"][..],
        &[""],
        &["4"],
        &["2probe"],
        &["40", "7"],
        &["40", "42"],
        &["40", "42["],
        &["40", "42[]"],
        &["40", "42[5]"],
        &["40", "42{}"],
        &["40", "4299999999999999999999[\"add\",{}]"],
        &["40", "40", "40"],
        &["40", "41", "40", "41"],
        &["41"],
        &["42[\"add\",{}]"],
        &["40{\"since\":", "40"],
        &["40/elsewhere,", "42/elsewhere,[\"add\",{}]"],
        &["40", attachments],
        &["40", "4510000-[\"add\"]"],
        &["40", "431[]", "461-1[]"],
        &["40", "42[\"add\",{\"title\":\"\\ud800\"}]"],
        &["40", &deep],
        &["40", &many],
    ] {
        let mut socket = socket(&server.host).await;
        for packet in packets {
            // It may have ended by then.
            let _ = socket.send(Message::text(*packet)).await;
        }
        let _ = socket.send(Message::binary(vec![0; 100])).await;
        let listen = async { while let Some(Ok(_)) = socket.next().await {} };
        // Those that did nothing wrong stay.
        let _ = timeout(Duration::from_millis(50), listen).await;
        let mut http = server.http();
        let path = open(&http).await;
        // The session may be gone by the second.
        let _ = post(&http, &path, packets.join("\x1e")).await;
        http = server.http();
        assert_eq!(
            http.get("/api/products").await.status(),
            200,
            "{packets:.60?}"
        );
    }
    let mut client = server.client().await;
    client.until_loaded().await;
    assert!(client.codes().is_empty());
    until_alone(&server).await;
}

#[tokio::test]
async fn a_client_that_asks_much_and_reads_nothing_is_read_no_further() {
    let server = Server::start();
    server.http().add("a").await;
    let mut socket = socket(&server.host).await;
    socket.send(Message::text("40")).await.expect("a socket");
    // Who asks before the namespace has them is no client of it (Socket.IO protocol 5, "Connection to a namespace").
    loop {
        let packet = timeout(Duration::from_secs(20), socket.next()).await;
        let Ok(Some(Ok(Message::Text(packet)))) = packet else {
            panic!("not connected: {packet:?}");
        };
        if packet.starts_with("40{") {
            break;
        }
    }
    let mut sent = 0_u64;
    let flood = async {
        loop {
            let update = json!(["update", 1, {"stock": sent % 2}]);
            let packet = Message::text(format!("42{sent}{update}"));
            if socket.send(packet).await.is_err() {
                break;
            }
            sent += 1;
        }
    };
    let _ = timeout(Duration::from_secs(3), flood).await;
    // Others don't notice, and all that it is told once it reads is in order.
    server.http().add("b").await;
    let mut next = 0;
    let mut is_done = false;
    while !is_done {
        let packet = timeout(Duration::from_secs(20), socket.next()).await;
        let Ok(Some(Ok(Message::Text(packet)))) = packet else {
            panic!("after {next} of {sent}: {packet:?}");
        };
        if let Some(answer) = packet.strip_prefix("43") {
            let number = answer.split('[').next().and_then(|n| n.parse().ok());
            assert_eq!(number, Some(next), "{packet}");
            next += 1;
            is_done = next >= sent.min(1_000);
        }
    }
    assert!(sent > 1_000, "only {sent}");
    drop(socket);
    until_alone(&server).await;
}
