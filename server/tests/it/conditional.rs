//! Requests with conditions, and answers that say by what they were chosen.

use crate::support::{Http, Server, draft};
use reqwest::header::{
    ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, VARY,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let problem: Value = response.json().await.expect("a problem");
    (status, problem["code"].as_str().unwrap_or("").to_owned())
}

async fn put(http: &Http, headers: &[(reqwest::header::HeaderName, &str)]) -> Response {
    let mut request = http
        .request(Method::PUT, "/api/products/1")
        .json(&draft("b"));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_product_that_should_not_be_there_is_spared() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    for tag in ["*", "\"1\"", "W/\"1\"", "\"1-gzip\""] {
        let refused = put(&http, &[(IF_NONE_MATCH, tag)]).await;
        assert_eq!(code(refused).await, (412, "is_there".to_owned()), "{tag}");
        for method in [Method::PATCH, Method::DELETE] {
            let request = http.request(method, "/api/products/1");
            let request = request.header(IF_NONE_MATCH, tag).json(&json!({}));
            let refused = request.send().await.expect("an answer");
            assert_eq!(code(refused).await, (412, "is_there".to_owned()), "{tag}");
        }
    }
    assert_eq!(http.list().await["products"][0]["code"], "a");
    let request = http.request(Method::DELETE, "/api/products/9");
    let missing = request.header(IF_NONE_MATCH, "*").send().await;
    let missing = missing.expect("an answer");
    assert_eq!(code(missing).await, (404, "not_found".to_owned()));
    assert_eq!(put(&http, &[(IF_NONE_MATCH, "\"7\"")]).await.status(), 200);
}

#[tokio::test]
async fn what_a_proxy_or_a_person_made_of_a_tag_is_told() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    for tag in ["W/\"1\"", "\"1-gzip\"", "\"1--gzip\"", "W/\"1-br\""] {
        let refused = put(&http, &[(IF_MATCH, tag)]).await;
        let problem: Value = refused.json().await.expect("a problem");
        assert_eq!(problem["code"], "weakened_tag", "{tag}");
        let detail = problem["detail"].as_str().expect("a text");
        assert!(detail.contains("If-Match: \"1\""), "{detail}");
    }
    for tag in ["1", "\"1", "'1'", "1, \"1\""] {
        let refused = put(&http, &[(IF_MATCH, tag)]).await;
        assert_eq!(code(refused).await, (400, "malformed".to_owned()), "{tag}");
    }
    let late = put(&http, &[(IF_MATCH, "\"9\"")]).await;
    assert_eq!(code(late).await, (412, "changed".to_owned()));
    assert_eq!(put(&http, &[(IF_MATCH, "\"1\"")]).await.status(), 200);
}

#[tokio::test]
async fn a_patch_of_another_kind_is_not_taken_for_one_that_merges() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let patch = async |media_type: &str, body: &str| {
        let request = http.request(Method::PATCH, "/api/products/1");
        let request = request.header(CONTENT_TYPE, media_type);
        request
            .body(body.to_owned())
            .send()
            .await
            .expect("an answer")
    };
    let other = [
        ("application/json-patch+json", "[]"),
        ("application/json-patch+json", "{\"stock\":1}"),
        ("application/vnd.api+json", "{\"stock\":1}"),
        ("text/plain", "{\"stock\":1}"),
    ];
    for (media_type, body) in other {
        let refused = patch(media_type, body).await;
        let accepted = refused.headers()["accept-patch"].clone();
        assert_eq!(accepted, "application/merge-patch+json, application/json");
        assert_eq!(
            code(refused).await,
            (415, "not_merge_patch".to_owned()),
            "{media_type}"
        );
    }
    for media_type in [
        "application/merge-patch+json",
        "application/json; charset=utf-8",
    ] {
        assert_eq!(patch(media_type, "{\"stock\":1}").await.status(), 200);
    }
}

#[tokio::test]
async fn answers_say_their_language_and_by_what_they_were_chosen() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let names = |response: &Response, name: &str| {
        let lines = response.headers().get_all(VARY).into_iter();
        let mut lines = lines.filter_map(|line| line.to_str().ok());
        lines.any(|line| line.to_lowercase().contains(name))
    };
    let in_spanish = async |method: Method, path: &str, body: Value| {
        let request = http.request(method, path).json(&body);
        let request = request.header(ACCEPT_LANGUAGE, "es");
        request.send().await.expect("an answer")
    };
    let batch = json!({"commands": [{"type": "delete", "id": 9}], "atomic": false});
    for (method, path, body) in [
        (Method::GET, "/api/nothing", json!({})),
        (Method::GET, "/api/products/9", json!({})),
        (Method::POST, "/api/products", json!({})),
        (Method::POST, "/api/products/batch", batch),
        (Method::POST, "/api/products/import", json!([{}])),
        (Method::GET, "/", json!({})),
    ] {
        let answer = in_spanish(method, path, body).await;
        assert_eq!(answer.headers()[CONTENT_LANGUAGE], "es", "{path}");
        assert!(names(&answer, "accept-language"), "{path}");
        assert!(names(&answer, "cookie"), "{path}");
    }
    for path in [
        "/api/products",
        "/api/products/1",
        "/api/categories",
        "/api/openapi.json",
    ] {
        let first = http.get(path).await;
        let tag = first.headers()[ETAG].clone();
        let again = http.request(Method::GET, path).header(IF_NONE_MATCH, tag);
        let again = again.send().await.expect("an answer");
        assert_eq!(again.status(), 304, "{path}");
        assert!(names(&again, "accept-encoding"), "{path}");
    }
    let twice = http.get("/api/products?category=a&category=b").await;
    assert_eq!(twice.status(), 422);
    // Whoever follows a link to a page is better off with a list.
    for path in ["/?page=1&page=2", "/realtimeproducts?lang=es&lang=en"] {
        assert_eq!(http.get(path).await.status(), 200, "{path}");
    }
    for path in [
        "/ws?since=1&since=2",
        "/api/products/stream?since=1&since=2",
    ] {
        assert_eq!(http.get(path).await.status(), 400, "{path}");
    }
}
