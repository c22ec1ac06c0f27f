//! Import and export: what a spreadsheet or another program gives, and what they get.

use crate::support::{Http, Server, draft};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// Imports; gives everything that was told.
pub async fn import(
    http: &Http,
    query: &str,
    media_type: &str,
    body: impl Into<reqwest::Body>,
) -> Vec<Value> {
    let request = http.request(Method::POST, &format!("/api/products/import{query}"));
    let response = request
        .header(CONTENT_TYPE, media_type)
        .body(body)
        .send()
        .await;
    let response = response.expect("an answer");
    assert_eq!(response.status(), 200);
    let text = response.text().await.expect("lines");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("JSON")
}

pub fn last(told: &[Value]) -> &Value {
    told.last().expect("an end")
}

#[tokio::test]
async fn csv_comes_in_every_common_form() {
    for (form, body) in [
        (
            "commas, any order, quotes",
            "code,title,price,stock,category\r\na,\"Lamp, \"\"big\"\"\",19.99,5,home\r\nb,Mug,\"3,5\",0,home\r\n",
        ),
        (
            "semicolons, decimal comma, a mark at the start",
            "\u{feff}Title;Code;Price;Stock;Category\nLamp, \"big\";a;19,99;5;home\nMug;b;3,50;0;home\n",
        ),
        (
            "tabs, and no line break at the end",
            "title\tcode\tprice\tstock\tcategory\nLamp, \"big\"\ta\t19.99\t5\thome\nMug\tb\t3.5\t0\thome",
        ),
    ] {
        let server = Server::start();
        let told = import(&server.http(), "", "text/csv", body).await;
        let expected = json!({"type": "finished", "revision": 2, "rows": 2, "added": 2, "updated": 0, "skipped": 0, "refused": 0});
        assert_eq!(*last(&told), expected, "{form}");
        let list = server.http().list().await;
        let of = |index: usize| {
            (
                list["products"][index]["title"].clone(),
                list["products"][index]["price"].clone(),
            )
        };
        assert_eq!(of(0), (json!("Lamp, \"big\""), json!(19.99)), "{form}");
        assert_eq!(of(1), (json!("Mug"), json!(3.5)), "{form}");
    }
}

#[tokio::test]
async fn a_client_can_ask_for_the_first_refused_rows_only() {
    let server = Server::start();
    let rows = "\n,,,,x".repeat(500);
    let csv = format!("title,code,price,stock,category{rows}\n");
    let told = import(&server.http(), "?most_refused=3", "text/csv", csv).await;
    let refused = told.iter().filter(|line| line["type"] == "row_refused");
    let lines: Vec<&Value> = refused.map(|line| &line["line"]).collect();
    assert_eq!(lines, [2, 3, 4]);
    assert_eq!(last(&told)["refused"], 500);
}

#[tokio::test]
async fn images_are_parted_by_spaces_or_bars() {
    let server = Server::start();
    let csv = "title,code,price,stock,category,thumbnails\nA,a,1,1,c,https://x.com/1|https://x.com/2|/3 /4|5\n";
    import(&server.http(), "", "text/csv", csv).await;
    let list = server.http().list().await;
    let images = json!(["https://x.com/1", "https://x.com/2", "/3", "/4|5"]);
    assert_eq!(list["products"][0]["thumbnails"], images);
}

#[tokio::test]
async fn a_bad_row_is_told_with_its_line_and_keeps_nobody_out() {
    let server = Server::start();
    let csv = "title,code,price,stock,category,status\nA,a,1,1,c,no\n,b,1.999,many,c,\n\"Two\nlines\",c,1,1,c,perhaps\nD,A,1,1,c,yes\nE,e,1,1,c,yes\n";
    let told = import(&server.http(), "", "text/csv", csv).await;
    let refused: Vec<_> = told
        .iter()
        .filter(|line| line["type"] == "row_refused")
        .collect();
    let lines: Vec<_> = refused.iter().map(|line| line["line"].as_u64()).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(6)]);
    let fields = refused[0]["problem"]["fields"].as_array().expect("fields");
    let fields: Vec<_> = fields
        .iter()
        .filter_map(|field| field["field"].as_str())
        .collect();
    assert_eq!(fields, ["price", "stock", "title"]);
    assert_eq!(refused[2]["problem"]["code"], "code_taken");
    assert_eq!(
        (&last(&told)["added"], &last(&told)["refused"]),
        (&json!(2), &json!(3))
    );
}

#[tokio::test]
async fn taken_codes_are_refused_updated_or_skipped() {
    let csv = "title,code,price,stock,category\nNew,a,1,1,c\nNew,b,1,1,c\n";
    for (query, counts, title) in [
        ("", [1, 0, 0, 1], "Product a"),
        ("?on_duplicate=update", [1, 1, 0, 0], "New"),
        ("?on_duplicate=skip", [1, 0, 1, 0], "Product a"),
    ] {
        let server = Server::start();
        server.http().add("A").await;
        let path = "/api/products/1";
        let renamed = json!({"title": "Product a"});
        server.http().send(Method::PATCH, path, &renamed).await;
        let told = import(&server.http(), query, "text/csv", csv).await;
        let counted =
            ["added", "updated", "skipped", "refused"].map(|name| last(&told)[name].clone());
        assert_eq!(counted, counts.map(Value::from), "{query}");
        let list = server.http().list().await;
        assert_eq!(list["products"][0]["title"], title, "{query}");
    }
}

#[tokio::test]
async fn a_dry_run_tells_all_and_does_nothing() {
    let server = Server::start();
    let csv = "title,code,price,stock,category\nA,a,1,1,c\nB,A,1,1,c\n";
    let told = import(&server.http(), "?dry_run=true", "text/csv", csv).await;
    assert_eq!(
        (&last(&told)["added"], &last(&told)["refused"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(server.http().list().await["revision"], 0);
}

#[tokio::test]
async fn a_dry_run_tells_what_the_import_then_does() {
    // New, there already and equal, there and other; and the same again within the file.
    let rows = "New,n,1,1,c\nThere,There,1,1,c\nOther,o,9,1,c\nOther,O,9,1,c\nOther,O,8,1,c\n\
                New,N,1,1,c\nNew,n,1,1,c\nNew,n,2,1,c\n,x,1,1,c\nNew,n,1,1,c\n";
    let csv = format!("title,code,price,stock,category\n{rows}");
    for on_duplicate in ["refuse", "update", "skip"] {
        let server = Server::start();
        let before = "title,code,price,stock,category\nThere,There,1,1,c\nOther,o,1,1,c\n";
        import(&server.http(), "", "text/csv", before).await;
        let query = format!("?on_duplicate={on_duplicate}");
        let dry = format!("{query}&dry_run=true");
        let mut would = import(&server.http(), &dry, "text/csv", csv.clone()).await;
        let mut did = import(&server.http(), &query, "text/csv", csv.clone()).await;
        for told in [&mut would, &mut did] {
            told.retain(|line| line["type"] != "progress");
            let end = told.last_mut().and_then(Value::as_object_mut);
            end.expect("an end").remove("revision");
        }
        assert_eq!(would, did, "{on_duplicate}");
    }
}

#[tokio::test]
async fn what_cant_be_read_is_refused_with_a_hint() {
    let server = Server::start();
    let latin1 = b"title,code,price,stock,category\nL\xe1mpara,a,1,1,c\n".to_vec();
    let told = import(&server.http(), "", "text/csv", latin1).await;
    assert_eq!(
        (&last(&told)["type"], &last(&told)["line"]),
        (&json!("failed"), &json!(2))
    );
    assert_eq!(last(&told)["problem"]["code"], "not_utf8");
    let told = import(&server.http(), "", "text/csv", "title,colour\nA,red\n").await;
    assert_eq!(last(&told)["problem"]["fields"][0]["field"], "colour");
    let told = import(&server.http(), "", "application/json", "{\"a\": 1}").await;
    assert_eq!(last(&told)["type"], "failed");
    let request = server.http().request(Method::POST, "/api/products/import");
    let response = request
        .header(CONTENT_TYPE, "image/png")
        .body("x")
        .send()
        .await;
    assert_eq!(response.expect("an answer").status(), 415);
    let request = server
        .http()
        .request(Method::POST, "/api/products/import?on_duplicate=ask");
    let response = request
        .header(CONTENT_TYPE, "text/csv")
        .body("x")
        .send()
        .await;
    assert_eq!(response.expect("an answer").status(), 422);
    assert_eq!(server.http().list().await["revision"], 0);
}

#[tokio::test]
async fn a_row_without_end_is_read_no_further() {
    let server = Server::start();
    let endless = "x".repeat(3 * 1024 * 1024);
    for (media_type, begin) in [
        ("text/csv", "title,code,price,stock,category\nA,a,1,1,c\n"),
        (
            "application/json",
            "[{\"title\": \"A\", \"code\": \"b\", \"price\": 1, \"stock\": 1, \"category\": \"c\"}, {\"title\": \"",
        ),
        (
            "application/x-ndjson",
            "{\"title\": \"A\", \"code\": \"c\", \"price\": 1, \"stock\": 1, \"category\": \"c\"}\n{\"title\": \"",
        ),
    ] {
        let told = import(&server.http(), "", media_type, format!("{begin}{endless}")).await;
        assert_eq!(last(&told)["type"], "failed", "{media_type}");
        let message = last(&told)["problem"]["message"].as_str().expect("words");
        assert!(
            message.contains("a row has more than 1048576 bytes"),
            "{message}"
        );
    }
    assert_eq!(
        server.http().list().await["count"],
        3,
        "what came before is done"
    );
}

#[tokio::test]
async fn an_export_imported_elsewhere_gives_an_equal_catalog() {
    let server = Server::start();
    // More than one piece of an export and more than one group of an import.
    for number in 0..700 {
        let mut draft = draft(&format!("code {number}"));
        draft["title"] = json!(format!("Título «{number}», \"quoted\"; tab\u{2003}end"));
        draft["description"] = json!(format!("line one\nline two {}", "x".repeat(number % 300)));
        draft["price"] = json!(format!("{number}.05"));
        draft["status"] = json!(number % 3 == 0);
        draft["thumbnails"] = json!(["https://example.com/a,b.webp", "/c;d.webp"]);
        assert_eq!(server.http().post(&draft).await.status(), 201);
    }
    server.http().delete(3).await;
    let drafts = async |http: Http| {
        let mut list = http.list().await;
        let products = list["products"].as_array_mut().expect("a list");
        for product in products.iter_mut() {
            let product = product.as_object_mut().expect("a product");
            product.remove("id");
            product.remove("revision");
        }
        products.clone()
    };
    let expected = drafts(server.http()).await;
    for (format, media_type) in [
        ("csv", "text/csv"),
        ("json", "application/json"),
        ("ndjson", "application/x-ndjson"),
    ] {
        let export = server
            .http()
            .get(&format!("/api/products/export?format={format}"))
            .await;
        let disposition = export.headers()["content-disposition"]
            .to_str()
            .expect("ASCII");
        assert_eq!(
            disposition,
            format!("attachment; filename=\"products.{format}\"")
        );
        let file = export.bytes().await.expect("a file");
        let other = Server::start();
        let told = import(&other.http(), "", media_type, file).await;
        assert_eq!(last(&told)["added"], 699, "{format}");
        assert_eq!(drafts(other.http()).await, expected, "{format}");
    }
}

#[tokio::test]
async fn a_row_that_names_only_what_changes_updates_what_is_there() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let csv = "code,price\nA,2.50\nnew,1\n";
    for query in ["?on_duplicate=update&dry_run=true", "?on_duplicate=update"] {
        let told = import(&http, query, "text/csv", csv).await;
        assert_eq!(told[0]["line"], 3, "{query}");
        let fields = told[0]["problem"]["fields"].as_array().expect("fields");
        let missing: Vec<_> = fields.iter().map(|field| field["field"].clone()).collect();
        assert_eq!(missing, ["title", "stock", "category"], "{query}");
        assert_eq!(
            (&last(&told)["updated"], &last(&told)["refused"]),
            (&json!(1), &json!(1))
        );
    }
    let list = http.list().await;
    let product = &list["products"][0];
    assert_eq!(
        (&product["price"], &product["stock"]),
        (&json!(2.5), &json!(5))
    );
    // An empty cell takes away what can be done without.
    let described = json!({"description": "Some"});
    http.send(Method::PATCH, "/api/products/1", &described)
        .await;
    let csv = "code,description\na,\n";
    import(&http, "?on_duplicate=update", "text/csv", csv).await;
    assert_eq!(http.list().await["products"][0]["description"], "");
}

#[tokio::test]
async fn a_client_that_reads_nothing_before_it_has_sent_everything_gets_the_counts() {
    use std::fmt::Write;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const ROWS: u64 = 60_000;
    let server = Server::start();
    let mut file = String::from("title,code,price,stock,category\n");
    for row in 0..ROWS {
        writeln!(file, ",code {row},a lot,-1,").expect("a text");
    }
    let mut stream = tokio::net::TcpStream::connect(&server.host)
        .await
        .expect("a port");
    let head = format!(
        "POST /api/products/import HTTP/1.1\r\nHost: {}\r\nContent-Type: text/csv\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        server.host,
        file.len()
    );
    let sent = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(file.as_bytes()).await
    };
    let sent = tokio::time::timeout(crate::support::TIMEOUT, sent).await;
    sent.expect("it is read to its end").expect("a connection");
    let mut answer = String::new();
    let read = tokio::time::timeout(crate::support::TIMEOUT, stream.read_to_string(&mut answer));
    read.await.expect("it ends").expect("an answer");
    assert!(
        answer.contains(&format!("\"refused\":{ROWS}")),
        "no counts at the end"
    );
    assert!(answer.contains("\"type\":\"finished\""));
}

#[tokio::test]
async fn a_packed_file_is_unpacked_and_what_cannot_be_is_said() {
    let server = Server::start();
    // printf 'title,code,price,stock,category\nA,a,1,1,c\n' | gzip -n | xxd -p
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x2b\xc9\x2c\xc9\x49\xd5\x49\xce\x4f\x49\xd5\x29\x28\xca\x4c\x4e\xd5\x29\x2e\xc9\x4f\xce\xd6\x49\x4e\x2c\x49\x4d\xcf\x2f\xaa\xe4\x72\xd4\x49\xd4\x31\x04\xc2\x64\x2e\x00\x6c\xa0\x26\xed\x2a\x00\x00\x00";
    let send = async |encoding: &'static str, packed: Vec<u8>| {
        let request = server.http().request(Method::POST, "/api/products/import");
        let request = request.header(CONTENT_TYPE, "text/csv");
        let request = request.header("content-encoding", encoding);
        request.body(packed).send().await.expect("an answer")
    };
    let answer = send("gzip", packed.to_vec()).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.expect("a text").contains("\"added\":1"));
    // Of two members, as programs write that pack in parallel, both are read.
    let answer = send("X-GZIP", [packed, packed].concat()).await;
    let told = answer.text().await.expect("a text");
    assert!(told.contains("\"line\":3"), "{told}");
    let answer = send("gzip", [packed, b"more"].concat()).await;
    let told = answer.text().await.expect("a text");
    assert!(told.contains("\"failed\""), "{told}");
    for encoding in ["zstd", "gzip, gzip"] {
        let answer = send(encoding, packed.to_vec()).await;
        assert_eq!(answer.status(), 415, "{encoding}");
        let problem: Value = answer.json().await.expect("a problem");
        assert_eq!(problem["code"], "not_unpackable");
    }
}

#[tokio::test]
async fn a_spreadsheet_runs_nothing_of_an_export_and_nothing_is_lost() {
    let server = Server::start();
    let http = server.http();
    let mut risky = draft("-1+1");
    risky["title"] = json!("=HYPERLINK(\"http://evil.example\")");
    risky["description"] = json!("'@SUM(A1)");
    risky["category"] = json!("+tools");
    risky["thumbnails"] = json!(["https://x.example/a|/b.png", "/c"]);
    assert_eq!(http.post(&risky).await.status(), 201);
    let csv = http.get("/api/products/export?bom=true").await;
    let csv = csv.bytes().await.expect("a file");
    assert!(csv.starts_with(b"\xef\xbb\xbf"));
    let text = String::from_utf8_lossy(&csv).into_owned();
    for cell in ["\"'=HYPERLINK(", ",''@SUM(A1),", ",'-1+1,", ",'+tools,"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    let other = Server::start();
    import(&other.http(), "", "application/csv", csv).await;
    let products = async |http: Http| http.list().await["products"].clone();
    assert_eq!(products(other.http()).await, products(http).await);
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_is_told_why_its_file_ended_early() {
    use std::io::{Read as _, Write as _};
    let server = Server::start();
    let host = server.host.clone();
    let sent = tokio::task::spawn_blocking(move || {
        let mut socket = std::net::TcpStream::connect(&host).expect("a connection");
        let body = format!("title,colour\n{}", "A,b\n".repeat(2_100_000));
        let head = format!(
            "POST /api/products/import HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: text/csv\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all(head.as_bytes())?;
        socket.write_all(body.as_bytes())?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = sent.await.expect("a thread").expect("an answer");
    assert!(
        answer.contains("\"failed\"") && answer.contains("colour"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_update_that_is_wrong_is_told_only_what_is_wrong_with_it() {
    let server = Server::start();
    let http = server.http();
    http.add("a").await;
    let file = "code,price,stock\na,5,\nnew,5,\n";
    let told = import(&http, "?on_duplicate=update", "text/csv", file).await;
    let fields = |line: &Value| {
        let fields = line["problem"]["fields"].as_array().expect("fields");
        let names = fields.iter().map(|field| field["field"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(fields(&told[0]), ["stock"]);
    assert_eq!(fields(&told[1]), ["title", "stock", "category"]);
}

#[tokio::test]
async fn columns_are_told_and_can_be_said() {
    let server = Server::start();
    let http = server.http();
    let import = async |query: &str, file: &'static str| -> Vec<Value> {
        let path = format!("/api/products/import?{query}");
        let request = http
            .request(Method::POST, &path)
            .header(CONTENT_TYPE, "text/csv");
        let answer = request.body(file).send().await.expect("an answer");
        let text = answer.text().await.expect("a text");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect()
    };
    let told = import(
        "",
        "Nombre;SKU;Precio;Cantidad;Rubro;Tags\nTaza;T-1;9,90;4;cocina;x\n",
    )
    .await;
    assert_eq!(told[0]["type"], "columns");
    assert_eq!(
        told[0]["columns"][0],
        json!({"name": "Nombre", "field": "title"})
    );
    assert_eq!(
        told[0]["columns"][5],
        json!({"name": "Tags", "field": null})
    );
    assert_eq!(told[1]["added"], 1);
    let odd = "title,code,Worth,stock,category,Colour\nMug,M-1,14.00,2,kitchen,blue\n";
    let told = import("", odd).await;
    assert_eq!(told[0]["type"], "failed");
    let fields = told[0]["problem"]["fields"].as_array().expect("a list");
    let unknown: Vec<&Value> = fields.iter().map(|field| &field["field"]).collect();
    assert_eq!(unknown, ["Worth", "Colour"]);
    let said = "columns=%7B%22Worth%22%3A%22price%22%2C%22Colour%22%3Anull%7D";
    let told = import(said, odd).await;
    assert_eq!(told[1]["added"], 1, "{told:?}");
    // Only the code and what changes.
    let told = import("on_duplicate=update", "Referencia,pvp\nM-1,15.00\n").await;
    assert_eq!(told[1]["updated"], 1, "{told:?}");
    let list = http.list().await;
    assert_eq!(
        (&list["products"][1]["price"], &list["products"][1]["stock"]),
        (&json!(15), &json!(2))
    );
}
