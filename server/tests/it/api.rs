//! `/api/products` as other programs use it.

use crate::support::{Server, draft};
use reqwest::Method;
use reqwest::header::{ALLOW, CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};

async fn json_of(response: reqwest::Response) -> Value {
    response.json().await.expect("JSON")
}

#[tokio::test]
async fn a_product_is_added_read_changed_replaced_and_deleted() {
    let server = Server::start();
    let http = server.http();

    let response = http.post(&draft("a")).await;
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()[LOCATION], "/api/products/1");
    let added = json_of(response).await;
    let expected = json!({
        "id": 1, "revision": 1, "title": "Product a", "description": "", "code": "a",
        "price": 19.99, "status": true, "stock": 5, "category": "tools", "thumbnails": [],
    });
    assert_eq!(added, expected);
    assert_eq!(json_of(http.get("/api/products/1").await).await, expected);

    let patch = json!({"stock": 0, "status": false});
    let response = http.send(Method::PATCH, "/api/products/1", &patch).await;
    assert_eq!(response.status(), 200);
    let patched = json_of(response).await;
    assert_eq!(patched["stock"], 0);
    assert_eq!(patched["status"], false);
    assert_eq!(patched["title"], "Product a");
    assert_eq!(patched["revision"], 2);

    let response = http.send(Method::PUT, "/api/products/1", &draft("b")).await;
    assert_eq!(response.status(), 200);
    let replaced = json_of(response).await;
    assert_eq!(replaced["code"], "b");
    assert_eq!(replaced["status"], true, "absent fields get their default");

    let response = http.delete(1).await;
    assert_eq!(response.status(), 204);
    assert_eq!(http.get("/api/products/1").await.status(), 404);
    assert_eq!(http.delete(1).await.status(), 404);
    assert_eq!(http.add("b").await, 5, "an id is never used again");
}

#[tokio::test]
async fn the_list_is_in_id_order_and_can_be_read_in_pages() {
    let server = Server::start();
    let http = server.http();
    for code in ["a", "b", "c"] {
        http.add(code).await;
    }
    let all = http.list().await;
    assert_eq!((&all["revision"], &all["count"]), (&json!(3), &json!(3)));
    assert_eq!(all["next"], Value::Null);
    let ids = |list: &Value| -> Vec<u64> {
        let products = list["products"].as_array().expect("a list");
        products.iter().filter_map(|p| p["id"].as_u64()).collect()
    };
    assert_eq!(ids(&all), [1, 2, 3]);
    let first = json_of(http.get("/api/products?limit=2").await).await;
    assert_eq!((ids(&first), &first["next"]), (vec![1, 2], &json!("2")));
    let rest = json_of(http.get("/api/products?limit=2&after=2").await).await;
    assert_eq!((ids(&rest), &rest["next"]), (vec![3], &Value::Null));
}

#[tokio::test]
async fn a_refusal_is_a_problem_document_that_names_every_field() {
    let server = Server::start();
    let body = json!({"title": "", "price": 1.999, "stock": -1, "category": "c", "colour": "red"});
    let response = server.http().post(&body).await;
    assert_eq!(response.status(), 422);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let problem = json_of(response).await;
    assert_eq!(problem["type"], "urn:vitrina:problem:invalid");
    assert_eq!(problem["status"], 422);
    let fields = problem["fields"].as_array().expect("a list");
    let mut named: Vec<_> = fields
        .iter()
        .map(|f| {
            (
                f["field"].as_str().unwrap_or(""),
                f["code"].as_str().unwrap_or(""),
            )
        })
        .collect();
    named.sort_unstable();
    let expected = [
        ("code", "required"),
        ("colour", "unknown"),
        ("price", "too_many_decimals"),
        ("stock", "negative"),
        ("title", "required"),
    ];
    assert_eq!(named, expected);
    let all = server.http().list().await;
    assert_eq!(all["count"], 0, "nothing was half-done");
}

#[tokio::test]
async fn a_code_belongs_to_one_product_whatever_its_case() {
    let server = Server::start();
    let http = server.http();
    http.add("Tool-1").await;
    let response = http.post(&draft("TOOL-1")).await;
    assert_eq!(response.status(), 409);
    let problem = json_of(response).await;
    assert_eq!(problem["code"], "code_taken");
    assert_eq!(problem["fields"][0]["field"], "code");
    // Its own code is not taken for the product itself, and free once it is gone.
    let patch = json!({"code": "tool-1"});
    let response = http.send(Method::PATCH, "/api/products/1", &patch).await;
    assert_eq!(response.status(), 200);
    http.delete(1).await;
    http.add("TOOL-1").await;
}

#[tokio::test]
async fn every_wrong_request_gets_a_clear_answer() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let long = "x".repeat(300 * 1024);
    // What is sent, as which media type, and what comes back.
    let cases = "
        POST   /api/products            application/json  {               400 malformed
        POST   /api/products            application/json  [1]             400 malformed
        POST   /api/products            application/json  \"\\ud800\"      400 malformed
        POST   /api/products            text/plain        {}              415 not_json
        POST   /api/products            application/json  LONG            413 too_large
        PATCH  /api/products/1          application/json  {\"price\":-1}    422 invalid
        PATCH  /api/products/9          application/json  {}              404 not_found
        PUT    /api/products/1          application/json  {}              422 invalid
        DELETE /api/products/9          application/json  {}              404 not_found
        DELETE /api/products/-1         application/json  {}              404 no_such_route
        GET    /api/products/x          application/json  {}              404 no_such_route
        GET    /api/products?limit=x    application/json  {}              422 invalid
        GET    /api/products?colour=red application/json  {}              422 invalid
        GET    /nothing                 application/json  {}              404 no_such_route
        PUT    /api/products            application/json  {}              405 wrong_method
    ";
    for case in cases.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = case.split_whitespace().collect();
        let [method, path, media_type, body, status, code] = words[..] else {
            panic!("{case}");
        };
        let body = body.replace("LONG", &long);
        let method: Method = method.parse().expect("a method");
        let request = http.request(method, path).header(CONTENT_TYPE, media_type);
        let response = request.body(body).send().await.expect("an answer");
        assert_eq!(response.status().as_str(), status, "{case}");
        assert_eq!(json_of(response).await["code"], code, "{case}");
    }
    let put = http.send(Method::PUT, "/api/products", &json!({})).await;
    let allowed = put.headers()[ALLOW].to_str().expect("a text");
    assert!(
        allowed.contains("GET") && allowed.contains("POST"),
        "{allowed}"
    );
    assert_eq!(http.get("/api/products/1").await.status(), 200);
}

#[tokio::test]
async fn refusals_speak_the_readers_language() {
    let server = Server::start();
    let request = server.http().request(Method::DELETE, "/api/products/9");
    let response = request.header("accept-language", "es-MX,en;q=0.5").send();
    let problem = json_of(response.await.expect("an answer")).await;
    assert_eq!(
        problem["detail"],
        "No existe el producto 9. Puede que lo hayan eliminado."
    );
}

#[tokio::test]
async fn a_page_of_another_site_can_change_nothing() {
    let server = Server::start();
    let http = server.http();
    let own = format!("http://{}", server.host);
    for (origin, status) in [
        ("http://evil.example", 403),
        ("null", 403),
        (own.as_str(), 201),
    ] {
        let request = http
            .request(Method::POST, "/api/products")
            .json(&draft(origin));
        let response = request.header("origin", origin).send().await;
        assert_eq!(response.expect("an answer").status(), status, "{origin}");
    }
}

#[tokio::test]
async fn what_was_read_can_be_put_back() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let read = json_of(http.get("/api/products/1").await).await;
    let mut changed = read.clone();
    changed["stock"] = json!(6);
    let response = http.send(Method::PUT, "/api/products/1", &changed).await;
    assert_eq!(response.status(), 200);
    assert_eq!(json_of(response).await["revision"], 2);
    // It says the revision that was read, which is another one by now.
    let late = http.send(Method::PUT, "/api/products/1", &read).await;
    assert_eq!(late.status(), 412);
    assert_eq!(json_of(late).await["code"], "changed");
    let late = http.request(Method::PUT, "/api/products/1").json(&read);
    let late = late.header("if-match", "\"2\"").send().await;
    assert_eq!(late.expect("an answer").status(), 412, "it says both");
    for (name, value, code) in [
        ("id", json!(2), "another"),
        ("id", json!("1"), "not_whole"),
        ("revision", json!(1.5), "not_whole"),
    ] {
        let mut wrong = read.clone();
        wrong[name] = value;
        let response = http.send(Method::PUT, "/api/products/1", &wrong).await;
        assert_eq!(response.status(), 422);
        let problem = json_of(response).await;
        assert_eq!(problem["fields"][0]["field"], name);
        assert_eq!(problem["fields"][0]["code"], code);
    }
}

#[tokio::test]
async fn a_name_that_is_there_twice_is_refused_by_name() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let twice = r#"{"title":"A","title":"B","code":"b","price":1,"stock":1,"category":"c"}"#;
    let batch = format!(r#"{{"commands":[{{"type":"add","draft":{twice}}}]}}"#);
    for (method, path, body) in [
        (Method::POST, "/api/products", twice),
        (Method::PUT, "/api/products/1", twice),
        (Method::PATCH, "/api/products/1", r#"{"stock":1,"stock":2}"#),
        (Method::POST, "/api/products/batch", &batch),
    ] {
        let request = http
            .request(method, path)
            .header(CONTENT_TYPE, "application/json");
        let response = request
            .body(body.to_owned())
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.status(), 400, "{path}");
        let detail = json_of(response).await["detail"].to_string();
        assert!(detail.contains("is there twice"), "{detail}");
        assert!(
            detail.contains("title") || detail.contains("stock"),
            "{detail}"
        );
    }
    assert_eq!(http.list().await["revision"], 1, "nothing was done");
}

#[tokio::test]
async fn codes_and_categories_that_look_the_same_are_the_same() {
    let server = Server::start();
    let http = server.http();
    let mut composed = draft("caf\u{e9}");
    composed["category"] = json!("t\u{e9}");
    assert_eq!(http.post(&composed).await.status(), 201);
    let mut decomposed = draft("CAFE\u{301}");
    decomposed["category"] = json!("te\u{301}");
    let taken = http.post(&decomposed).await;
    assert_eq!(json_of(taken).await["code"], "code_taken");
    decomposed["code"] = json!("other");
    assert_eq!(http.post(&decomposed).await.status(), 201);
    let categories = json_of(http.get("/api/categories").await).await;
    assert_eq!(
        categories["categories"],
        json!([{"category": "té", "count": 2}])
    );
    let list = json_of(http.get("/api/products?category=te%CC%81").await).await;
    assert_eq!(list["count"], 2);
}

#[tokio::test]
async fn a_price_that_can_be_read_in_two_ways_is_refused_wherever_it_is_text() {
    let server = Server::start();
    let http = server.http();
    let mut ambiguous = draft("a");
    ambiguous["price"] = json!("1,000");
    let problem = json_of(http.post(&ambiguous).await).await;
    assert_eq!(problem["fields"][0]["code"], "ambiguous");
    let problem = json_of(http.get("/api/products?min_price=1,000").await).await;
    assert_eq!(problem["fields"][0]["code"], "ambiguous");
    ambiguous["price"] = json!("1.234,50");
    assert_eq!(json_of(http.post(&ambiguous).await).await["price"], 1234.5);
}

#[tokio::test]
async fn streams_ask_proxies_not_to_hold_them_back() {
    let server = Server::start();
    let stream = server.http().get("/api/products/stream").await;
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    let import = server
        .http()
        .request(Method::POST, "/api/products/import?format=csv");
    let answer = import.body("title\n").send().await.expect("an answer");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
}
