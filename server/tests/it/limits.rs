//! What one address or person may take, and that nobody else is worse off for it; and what every answer says to
//! browsers.

use crate::access::Shop;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use crate::support::{Client, Http, TIMEOUT, draft};
use reqwest::header::RETRY_AFTER;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A proxy on this machine is trusted, so that a test can come from anywhere.
const PROXY: [&str; 2] = ["--trusted-proxy", "127.0.0.1"];

const ONE: &str = "203.0.113.5";
const OTHER: &str = "198.51.100.7";

fn open(flags: &[&str]) -> Shop {
    Shop::open(&[&PROXY[..], flags].concat())
}

async fn from(shop: &Shop, address: &str, method: Method, path: &str) -> Response {
    let request = shop
        .http()
        .request(method, path)
        .header("x-forwarded-for", address);
    request.json(&draft("a")).send().await.expect("an answer")
}

async fn live(shop: &Shop, address: &str) -> Option<Client> {
    let headers = [("x-forwarded-for", address)];
    Client::try_open(&shop.program.host, "", &headers)
        .await
        .ok()
}

async fn refused(response: Response) -> u64 {
    assert_eq!(response.status(), 429);
    let after = response.headers()[RETRY_AFTER].to_str().expect("a text");
    let after = after.parse().expect("a number of seconds");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], "too_often");
    let detail = body["detail"].as_str().expect("a text");
    assert!(detail.contains(&format!("{after} s")), "{detail}");
    after
}

#[tokio::test]
async fn requests_of_one_address_are_counted_and_those_of_others_are_not() {
    let shop = open(&["--max-requests", "30"]);
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(from(&shop, ONE, Method::GET, "/api/products").await);
    }
    let answered = statuses
        .iter()
        .filter(|answer| answer.status() == 200)
        .count();
    assert!((30..35).contains(&answered), "{answered}");
    let wait = refused(statuses.pop().expect("an answer")).await;
    assert!((1..=3).contains(&wait), "{wait}");
    // Nothing of it is worked on, whatever it is.
    for path in [
        "/",
        "/realtimeproducts",
        "/assets/client.js",
        "/api/history",
    ] {
        refused(from(&shop, ONE, Method::GET, path).await).await;
    }
    assert!(live(&shop, ONE).await.is_none());
    assert_eq!(
        from(&shop, OTHER, Method::GET, "/api/products")
            .await
            .status(),
        200
    );
    assert_eq!(
        shop.http().get("/api/products").await.status(),
        200,
        "nor the machine itself"
    );
    // Once it is due the next one is taken.
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    assert_eq!(
        from(&shop, ONE, Method::GET, "/api/products")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_person_is_counted_wherever_they_come_from() {
    let shop = open(&["--max-requests", "20"]);
    let token = shop.token("till", "editor").await;
    let mut statuses = Vec::new();
    for number in 0..30 {
        let address = format!("203.0.113.{number}");
        let request = shop.http().request(Method::GET, "/api/products");
        let request = request
            .header("x-forwarded-for", address)
            .bearer_auth(&token);
        statuses.push(request.send().await.expect("an answer").status().as_u16());
    }
    assert!(
        statuses[..20].iter().all(|status| *status == 200),
        "{statuses:?}"
    );
    assert_eq!(statuses[29], 429);
}

#[tokio::test]
async fn commands_are_counted_over_every_door() {
    let shop = open(&["--max-commands", "10"]);
    let mut client = live(&shop, ONE).await.expect("a connection");
    for number in 1..=9 {
        client.add(number, &draft(&format!("c{number}"))).await;
        client.answer(number).await;
    }
    let rows = json!([draft("x"), draft("y"), draft("z")]);
    let import = shop.http().request(Method::POST, "/api/products/import");
    let import = import
        .header("x-forwarded-for", ONE)
        .json(&rows)
        .send()
        .await
        .expect("an answer");
    let told = import.text().await.expect("a text");
    assert!(
        told.contains("\"added\":3"),
        "a file is one command: {told}"
    );
    client.add(10, &draft("c10")).await;
    let (_, problem) = client.refusal().await;
    assert_eq!(problem.code, "too_often");
    refused(from(&shop, ONE, Method::POST, "/api/products").await).await;
    // Reading goes on, and others write.
    assert_eq!(
        from(&shop, ONE, Method::GET, "/api/products")
            .await
            .status(),
        200
    );
    assert_eq!(
        from(&shop, OTHER, Method::POST, "/api/products")
            .await
            .status(),
        201
    );
    let list = shop.http().list().await;
    assert_eq!(list["count"], 13, "what was refused was not done");
}

#[tokio::test]
async fn an_address_has_as_many_connections_as_it_may() {
    let shop = open(&["--max-connections", "3"]);
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(live(&shop, ONE).await.expect("a connection"));
    }
    assert!(live(&shop, ONE).await.is_none());
    refused(from(&shop, ONE, Method::GET, "/api/products/stream").await).await;
    // A page is told by a code that says to come again.
    let origin = format!("http://{}", shop.program.host);
    let headers = [("x-forwarded-for", ONE), ("origin", &*origin)];
    let mut page = Client::try_open(&shop.program.host, "", &headers)
        .await
        .expect("a connection");
    page.until_closed().await;
    assert_eq!((page.closed, page.told.len()), (Some(1013), 0));
    assert!(live(&shop, OTHER).await.is_some());
    // Those that are there stay, and one that goes makes room.
    clients[0].add(1, &draft("a")).await;
    clients[0].answer(1).await;
    drop(clients.pop());
    let mut again = None;
    while again.is_none() {
        again = live(&shop, ONE).await;
    }
    let events = from(&shop, OTHER, Method::GET, "/api/products/stream").await;
    assert_eq!(events.status(), 200);
}

/// Connections that say nothing are counted as well, where it is not the machine's own.
#[tokio::test]
async fn an_address_has_as_many_silent_connections_as_it_may() {
    let shop = Shop::open_on(
        "0.0.0.0:0",
        &["--editing", "open", "--max-connections", "3"],
    );
    let own = own_address();
    let port = shop.program.host.rsplit(':').next().expect("a port");
    let host = format!("{own}:{port}");
    let connect = async || TcpStream::connect(&host).await.expect("a connection");
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(connect().await);
    }
    // One too many is closed at once.
    let mut byte = [0];
    let read = timeout(TIMEOUT, connect().await.read(&mut byte)).await;
    assert!(matches!(read, Ok(Ok(0) | Err(_))), "{read:?}");
    // The machine itself has room.
    let local = Http::of(&format!("127.0.0.1:{port}"));
    assert_eq!(local.get("/healthz").await.status(), 200);
    silent.clear();
    let again = async {
        while !is_answered(&host).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, again).await.expect("there is room again");
}

/// An address of this machine that others reach it by.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    // Nothing is sent: it only chooses a way.
    socket.connect("192.0.2.1:9").expect("a network");
    socket.local_addr().expect("an address").ip()
}

async fn is_answered(host: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(host).await else {
        return false;
    };
    let request = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).await.is_ok()
        && stream.read_to_string(&mut answer).await.is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[tokio::test]
async fn there_are_as_many_viewers_as_there_may_be() {
    let shop = open(&["--max-viewers", "2"]);
    let clients = [live(&shop, ONE).await, live(&shop, OTHER).await];
    assert!(clients.iter().all(Option::is_some));
    assert!(live(&shop, ONE).await.is_none());
    let refused = from(&shop, OTHER, Method::GET, "/api/products/stream").await;
    assert_eq!(refused.status(), 503);
    drop(clients);
    let again = async { while live(&shop, ONE).await.is_none() {} };
    timeout(TIMEOUT, again).await.expect("there is room again");
}

#[tokio::test]
async fn it_is_said_how_many_sign_ins_may_fail() {
    let shop = open(&["--max-sign-ins", "2"]);
    let sign_in = async || {
        let form = [("name", "Ana"), ("password", "wrong horse")];
        let request = shop.http().request(Method::POST, "/signin");
        let request = request.header("x-forwarded-for", ONE).form(&form);
        request.send().await.expect("an answer").status().as_u16()
    };
    let answers = [sign_in().await, sign_in().await, sign_in().await];
    assert_eq!(answers, [422, 422, 429]);
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_may_do() {
    let shop = Shop::open(&["--editing", "people"]);
    shop.http().get("/").await;
    for (method, path, status, is_kept) in [
        (Method::GET, "/", 200, false),
        (Method::GET, "/realtimeproducts", 200, false),
        (Method::GET, "/signin", 200, false),
        (Method::GET, "/account", 303, false),
        (Method::GET, "/people", 303, false),
        (Method::GET, "/welcome", 404, false),
        (Method::POST, "/signout", 303, false),
        (Method::GET, "/api/me", 200, false),
        (Method::POST, "/api/tickets", 401, false),
        (Method::GET, "/api/products", 200, false),
        (Method::POST, "/api/products", 401, false),
        (Method::GET, "/api/history", 200, false),
        (Method::GET, "/api/products/stream", 200, false),
        (Method::GET, "/api/products/export", 200, false),
        (Method::GET, "/api/openapi.json", 200, false),
        (Method::GET, "/api/docs/", 200, false),
        (Method::GET, "/healthz", 200, false),
        (Method::GET, "/nothing", 404, false),
        (Method::DELETE, "/", 405, false),
        (Method::GET, "/socket.io/", 400, false),
        (Method::GET, "/ws", 400, false),
        (Method::GET, "/favicon.svg", 200, true),
        (Method::GET, "/assets/client.js", 200, true),
        (Method::GET, "/views/style.css", 200, true),
    ] {
        let answer = shop
            .http()
            .request(method.clone(), path)
            .send()
            .await
            .expect("an answer");
        let what = format!("{method} {path}");
        assert_eq!(answer.status(), status, "{what}");
        let headers = answer.headers();
        let text = |name: &str| {
            headers
                .get(name)
                .map_or("", |value| value.to_str().unwrap_or_default())
        };
        assert!(
            text("content-security-policy").contains("default-src 'none'"),
            "{what}"
        );
        assert!(
            text("content-security-policy").contains("frame-ancestors 'none'"),
            "{what}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(text(name), value, "{what}: {name}");
        }
        assert!(
            ["no-referrer", "same-origin"].contains(&text("referrer-policy")),
            "{what}"
        );
        assert!(!text("permissions-policy").is_empty(), "{what}");
        for unwanted in ["server", "x-powered-by", "access-control-allow-origin"] {
            assert!(!headers.contains_key(unwanted), "{what}: {unwanted}");
        }
        let cache = text("cache-control");
        assert!(!cache.is_empty(), "{what} says nothing to caches");
        let is_private = cache.contains("no-store") || cache.contains("no-cache");
        assert!(is_kept || is_private, "{what}: {cache}");
        for set in headers.get_all("set-cookie") {
            let set = set.to_str().expect("a text");
            assert!(
                set.contains("HttpOnly") && set.contains("SameSite=Lax"),
                "{what}: {set}"
            );
        }
    }
}
