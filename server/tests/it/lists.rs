//! Lists as other programs ask for them: filtered, sorted, in pages, and only when they changed.

use crate::support::{Server, draft};
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, LINK, VARY};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// A server with five products, which have ids 1 to 5.
async fn server() -> Server {
    let server = Server::start();
    for (title, code, category, price, stock, status) in [
        ("Lámpara de mesa", "LMP-1", "Iluminación", 49.9, 3, true),
        ("Mug", "MUG-1", "kitchen", 14.0, 0, false),
        ("árbol", "ARB-1", "jardín", 120.5, 3, true),
        ("Zebra rug", "RUG-1", "home", 14.0, 8, true),
        ("banana lamp", "LMP-2", "Iluminación", 25.0, 1, false),
    ] {
        let mut draft = draft(code);
        draft["title"] = json!(title);
        draft["category"] = json!(category);
        draft["price"] = json!(price);
        draft["stock"] = json!(stock);
        draft["status"] = json!(status);
        assert_eq!(server.http().post(&draft).await.status(), 201);
    }
    server
}

async fn json_of(response: Response) -> Value {
    response.json().await.expect("JSON")
}

fn ids(list: &Value) -> Vec<u64> {
    let products = list["products"].as_array().expect("a list");
    products.iter().filter_map(|p| p["id"].as_u64()).collect()
}

#[tokio::test]
async fn every_filter_and_every_order_gives_its_products() {
    let server = server().await;
    for (query, expected) in [
        ("sort=title", vec![3, 5, 1, 2, 4]),
        ("sort=-title", vec![4, 2, 1, 5, 3]),
        ("sort=price", vec![2, 4, 5, 1, 3]),
        ("sort=-price", vec![3, 1, 5, 4, 2]),
        ("sort=stock", vec![2, 5, 1, 3, 4]),
        ("sort=code", vec![3, 1, 5, 2, 4]),
        ("sort=category", vec![4, 1, 5, 3, 2]),
        ("sort=-id", vec![5, 4, 3, 2, 1]),
        ("category=Iluminaci%C3%B3n", vec![1, 5]),
        ("status=false", vec![2, 5]),
        ("min_price=25&max_price=49.90", vec![1, 5]),
        ("q=LAMP", vec![1, 5]),
        ("q=lampara%20mesa", vec![1]),
        ("q=%C3%81RBOL", vec![3]),
        ("q=iluminacion%20lmp-2", vec![5]),
        ("q=nothing", vec![]),
        ("q=lamp&status=true&sort=-price", vec![1]),
    ] {
        let response = server.http().get(&format!("/api/products?{query}")).await;
        assert_eq!(response.status(), 200, "{query}");
        let list = json_of(response).await;
        assert_eq!(ids(&list), expected, "{query}");
        assert_eq!(list["count"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn the_pages_of_every_order_are_the_whole_list() {
    let server = server().await;
    let http = server.http();
    for sort in ["id", "-id", "title", "-title", "price", "-price", "stock"] {
        let whole = json_of(http.get(&format!("/api/products?sort={sort}")).await).await;
        let mut path = format!("/api/products?sort={sort}&limit=2");
        let mut paged = Vec::new();
        loop {
            let response = http.get(&path).await;
            let link = response.headers().get(LINK).cloned();
            let list = json_of(response).await;
            assert_eq!(list["count"], 5);
            paged.extend(ids(&list));
            let Some(link) = link else {
                assert_eq!(list["next"], Value::Null);
                break;
            };
            let link = link.to_str().expect("ASCII");
            let (next, _) = link.split_once(">; rel=\"next\"").expect("a next");
            assert!(link.ends_with("rel=\"first\""), "{link}");
            path = next.trim_start_matches('<').to_owned();
        }
        assert_eq!(paged, ids(&whole), "{sort}");
    }
}

#[tokio::test]
async fn a_cursor_outlives_its_product() {
    let server = server().await;
    let http = server.http();
    let first = json_of(http.get("/api/products?sort=price&limit=2").await).await;
    assert_eq!(ids(&first), [2, 4]);
    assert_eq!(http.delete(4).await.status(), 204);
    let next = first["next"].as_str().expect("a cursor");
    let path = format!("/api/products?sort=price&limit=2&after={next}");
    assert_eq!(ids(&json_of(http.get(&path).await).await), [5, 1]);
}

#[tokio::test]
async fn what_cant_be_read_is_named_all_at_once() {
    let server = Server::start();
    let path = "/api/products?limit=x&sort=colour&status=maybe&min_price=cheap&colour=red";
    let response = server.http().get(path).await;
    assert_eq!(response.status(), 422);
    let problem = json_of(response).await;
    let fields = problem["fields"].as_array().expect("fields");
    let failed: Vec<_> = fields
        .iter()
        .map(|field| (field["field"].as_str(), field["code"].as_str()))
        .collect();
    let expected = [
        ("limit", "not_whole"),
        ("sort", "not_one_of"),
        ("status", "not_a_bool"),
        ("min_price", "not_a_number"),
        ("colour", "unknown"),
    ];
    assert_eq!(
        failed,
        expected.map(|(field, code)| (Some(field), Some(code)))
    );
    let message = fields[1]["message"].as_str().expect("words");
    assert!(message.contains("-price"), "{message}");
    let response = server.http().get("/api/products?sort=title&after=7").await;
    let problem = json_of(response).await;
    assert_eq!(problem["fields"][0]["code"], "not_a_cursor");
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let server = server().await;
    let http = server.http();
    for (stock, path) in (100..).zip(["/api/products", "/api/categories", "/api/products/1"]) {
        let response = http.get(path).await;
        let tag = response.headers()[ETAG].clone();
        let ask = |tag: &reqwest::header::HeaderValue| {
            let request = http.request(Method::GET, path);
            request.header(IF_NONE_MATCH, tag.clone()).send()
        };
        let again = ask(&tag).await.expect("an answer");
        assert_eq!(again.status(), 304, "{path}");
        assert_eq!(again.headers()[ETAG], tag);
        assert!(again.bytes().await.expect("a body").is_empty());
        let patch = json!({"stock": stock});
        http.send(Method::PATCH, "/api/products/1", &patch).await;
        assert_eq!(ask(&tag).await.expect("an answer").status(), 200, "{path}");
    }
}

#[tokio::test]
async fn categories_come_with_their_counts() {
    let server = server().await;
    let answer = json_of(server.http().get("/api/categories").await).await;
    assert_eq!(
        answer,
        json!({"revision": 5, "categories": [
            {"category": "home", "count": 1},
            {"category": "Iluminación", "count": 2},
            {"category": "jardín", "count": 1},
            {"category": "kitchen", "count": 1},
        ]})
    );
}

#[tokio::test]
async fn the_cursor_of_an_odd_title_is_json_and_leads_on() {
    let server = Server::start();
    let http = server.http();
    let titles = [
        "a \"quoted\" title",
        "a \\ back",
        "a {\"next\":1}",
        "zürich &?#",
    ];
    for (code, title) in titles.iter().enumerate() {
        let mut product = draft(&code.to_string());
        product["title"] = json!(title);
        assert_eq!(http.post(&product).await.status(), 201);
    }
    let mut after = String::new();
    for expected in titles {
        let mut query = vec![("sort", "title"), ("limit", "1")];
        if !after.is_empty() {
            query.push(("after", &after));
        }
        let query = serde_urlencoded::to_string(&query).expect("a query");
        let list = json_of(http.get(&format!("/api/products?{query}")).await).await;
        assert_eq!(list["products"][0]["title"], expected);
        after = list["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(after, "");
}

#[tokio::test]
async fn long_lists_are_compressed_for_those_who_take_that() {
    let server = Server::start();
    let http = server.http();
    for number in 0..500 {
        let mut product = draft(&number.to_string());
        product["description"] = json!(format!("{number} ").repeat(500));
        assert_eq!(http.post(&product).await.status(), 201);
    }
    for path in [
        "/api/products",
        "/api/products?sort=-title",
        "/api/products/export",
    ] {
        let plain = http.get(path).await;
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        assert_eq!(plain.headers()[VARY], "accept-encoding");
        let plain = plain.bytes().await.expect("a body");
        assert!(plain.len() > 500_000);
        let request = http.request(Method::GET, path);
        let packed = request.header(ACCEPT_ENCODING, "br, gzip").send().await;
        let packed = packed.expect("an answer");
        assert_eq!(packed.headers()[CONTENT_ENCODING], "gzip");
        let packed = packed.bytes().await.expect("a body");
        assert!(packed.len() < plain.len() / 4, "{}", packed.len());
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&*packed);
        std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("gzip");
        assert!(unpacked == plain, "{path}");
        let request = http.request(Method::GET, path);
        let refused = request.header(ACCEPT_ENCODING, "gzip;q=0").send().await;
        let refused = refused.expect("an answer");
        assert!(!refused.headers().contains_key(CONTENT_ENCODING));
    }
}

#[tokio::test]
async fn lists_follow_every_change() {
    let server = Server::start();
    let http = server.http();
    let titles = async |query: &str| -> Vec<String> {
        let list = http.get(&format!("/api/products?{query}")).await;
        let list: Value = list.json().await.expect("JSON");
        let products = list["products"].as_array().expect("products").iter();
        let titles = products.map(|product| product["title"].as_str().unwrap_or_default());
        titles.map(str::to_owned).collect()
    };
    let mut ids = Vec::new();
    for (code, title) in [("a", "Árbol"), ("b", "Balón"), ("c", "Cuadro")] {
        let mut draft = draft(code);
        draft["title"] = json!(title);
        let product: Value = http.post(&draft).await.json().await.expect("JSON");
        ids.push(product["id"].as_u64().expect("an id"));
        // Each is found at once, in its place.
        assert_eq!(titles(&format!("q={title}")).await, [title]);
    }
    assert_eq!(titles("sort=-title").await, ["Cuadro", "Balón", "Árbol"]);
    let path = format!("/api/products/{}", ids[1]);
    let fields = json!({"title": "Zapato", "price": 1, "status": false, "category": "ropa"});
    http.send(Method::PATCH, &path, &fields).await;
    assert_eq!(titles("q=balon").await, [""; 0]);
    assert_eq!(titles("q=zapato").await, ["Zapato"]);
    assert_eq!(titles("sort=title").await, ["Árbol", "Cuadro", "Zapato"]);
    assert_eq!(titles("sort=price").await[0], "Zapato");
    assert_eq!(titles("status=false").await, ["Zapato"]);
    assert_eq!(titles("category=ropa").await, ["Zapato"]);
    assert_eq!(titles("category=Ropa").await, [""; 0]);
    let path = format!("/api/products/{}", ids[0]);
    let gone = http.request(Method::DELETE, &path).send().await;
    assert_eq!(gone.expect("an answer").status(), 204);
    assert_eq!(titles("sort=-title").await, ["Zapato", "Cuadro"]);
    // The rules count words of all fields together, none across two of them.
    assert_eq!(titles("q=cuadro+c").await, ["Cuadro"]);
    assert_eq!(titles("q=cuadroc").await, [""; 0]);
}

#[tokio::test]
async fn a_search_finds_what_people_write_otherwise() {
    let server = Server::start();
    let http = server.http();
    for (code, title) in [
        ("1", "Straße"),
        ("2", "Łódź"),
        ("3", "Smørrebrød"),
        ("4", "ΣΊΣΥΦΟΣ"),
        ("5", "ısparta"),
        ("6", "がく"),
        ("7", "cafe\u{301}"),
    ] {
        let mut product = draft(code);
        product["title"] = serde_json::json!(title);
        assert_eq!(http.post(&product).await.status(), 201);
    }
    for (words, found) in [
        ("STRASSE", vec![1]),
        ("lodz", vec![2]),
        ("smorrebrod", vec![3]),
        ("σίσυφος", vec![4]),
        ("ISPARTA", vec![5]),
        ("がく", vec![6]),
        ("かく", vec![]),
        ("CAFÉ", vec![7]),
    ] {
        let query = serde_urlencoded::to_string([("q", words)]).expect("a query");
        let response = http.get(&format!("/api/products?{query}")).await;
        let list: serde_json::Value = response.json().await.expect("JSON");
        let products = list["products"].as_array().expect("a list");
        let ids: Vec<_> = products
            .iter()
            .filter_map(|product| product["id"].as_u64())
            .collect();
        assert_eq!(ids, found, "{words}");
    }
}
