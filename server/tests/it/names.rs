//! The names that are served, and the pages that may change something: nobody reaches the server by a
//! name of their own (DNS rebinding).

use reqwest::Method;

use crate::support::program::command;
use crate::support::raw::{problem, raw, request, status};
use crate::support::{Program, Server, data_file, draft};

const HANDSHAKE: [&str; 4] = [
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Origin: http://evil.example",
];

#[tokio::test]
async fn a_name_that_is_not_the_servers_is_served_nothing() {
    let server = Server::start();
    for line in [
        "GET /",
        "GET /realtimeproducts",
        "GET /api/products",
        "POST /api/products",
        "DELETE /api/products/1",
        "OPTIONS /api/products",
        "GET /nowhere",
    ] {
        let headers = ["Host: evil.example", "Origin: http://evil.example"];
        let answer = raw(&server.host, &request(line, &headers)).await;
        assert_eq!(status(&answer), 421, "{line}");
        let problem = problem(&answer);
        assert_eq!(problem["code"], "unknown_host");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("--host evil.example"), "{detail}");
    }
    let mut headers = vec!["Host: evil.example:80"];
    headers.extend(HANDSHAKE);
    let answer = raw(&server.host, &request("GET /ws", &headers)).await;
    assert_eq!(status(&answer), 421);
    // What the request line says counts more than the header.
    let absolute = request("GET http://evil.example/api/products", &["Host: localhost"]);
    assert_eq!(status(&raw(&server.host, &absolute).await), 421);
    for host in ["127.0.0.1", "localhost:8080", "[::1]:1", "10.1.2.3"] {
        let answer = raw(&server.host, &request("GET /", &[&format!("Host: {host}")])).await;
        assert_eq!(status(&answer), 200, "{host}");
    }
}

#[tokio::test]
async fn names_that_are_given_are_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut named = command(&data_file(&folder), "127.0.0.1:0");
    named.args([
        "--host",
        "Shop.Example,tienda-ñ.example",
        "--host",
        "other.example",
    ]);
    let program = Program::run(named);
    for (host, expected) in [
        ("shop.example", 200),
        ("SHOP.example:443", 200),
        ("xn--tienda--b0a.example", 200),
        ("other.example", 200),
        ("localhost", 200),
        ("www.shop.example", 421),
    ] {
        let answer = raw(
            &program.host,
            &request("GET /", &[&format!("Host: {host}")]),
        )
        .await;
        assert_eq!(status(&answer), expected, "{host}");
    }
    // Elsewhere than on loopback every name is served, unless some are given.
    for (names, expected) in [(&[][..], 200), (&["--host", "shop.example"], 421)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut open = command(&data_file(&folder), "0.0.0.0:0");
        open.args(["--editing", "open"]);
        open.args(names);
        let program = Program::run(open);
        let port = program.host.rsplit_once(':').expect("a port").1;
        let host = format!("127.0.0.1:{port}");
        let answer = raw(&host, &request("GET /", &["Host: any.example"])).await;
        assert_eq!(status(&answer), expected, "{names:?}");
    }
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let server = Server::start();
    for headers in [
        &[][..],
        &["Host: localhost", "Host: localhost"],
        &["Host: a b"],
        &["Host:"],
    ] {
        let answer = raw(&server.host, &request("GET /api/products", headers)).await;
        assert_eq!(status(&answer), 400, "{headers:?}: {answer}");
    }
}

#[tokio::test]
async fn the_scheme_of_a_page_counts_where_it_is_known() {
    let server = Server::start();
    let own = format!("http://{}", server.host);
    for (name, value, expected) in [
        ("x-forwarded-proto", "http", 201),
        ("x-forwarded-proto", "https", 403),
        ("sec-fetch-site", "same-origin", 201),
        ("sec-fetch-site", "cross-site", 403),
    ] {
        let request = server.http().request(Method::POST, "/api/products");
        let request = request.json(&draft(&format!("{name} {value}")));
        let request = request.header("origin", &own).header(name, value);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), expected, "{name}: {value}");
    }
}
