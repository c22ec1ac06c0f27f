//! The example's page, in a real browser, beside the live page.

use std::path::PathBuf;

use crate::support::{Browser, Look, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A front as its README describes: the example's files under `/shop/`, everything else the server's.
async fn front(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass_on(stream, server.clone()));
        }
    });
    host
}

async fn pass_on(mut browser: TcpStream, server: String) {
    let mut head = [0; 512];
    // A browser's head is more than this, and the path is at its beginning.
    if browser.peek(&mut head).await.unwrap_or_default() == 0 {
        return;
    }
    let line = String::from_utf8_lossy(&head);
    let path = line.split(' ').nth(1).unwrap_or_default();
    if let Some(name) = path.strip_prefix("/shop/") {
        let sent = give(&mut browser, name).await;
        return sent.expect("the browser takes it");
    }
    if let Ok(mut server) = TcpStream::connect(server).await {
        // Either may end it as it likes.
        let _ = copy_bidirectional(&mut browser, &mut server).await;
    }
}

async fn give(browser: &mut TcpStream, name: &str) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(browser.read_u8().await?);
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/socketio");
    let (name, media_type) = match name {
        "" => ("index.html", "text/html"),
        name => (name, "text/javascript"),
    };
    let file = std::fs::read(folder.join(name))?;
    let length = file.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    browser.write_all(head.as_bytes()).await?;
    browser.write_all(&file).await
}

/// The rows of the example, from the top.
const ROWS: &str = "[...document.querySelectorAll('#list li span')].map(span => span.textContent)";

/// Fills the example's form in, in the order of its fields, and sends it.
async fn fill_in(page: &Browser, values: [&str; 5]) {
    let names = ["title", "code", "price", "stock", "category"];
    for (name, value) in names.into_iter().zip(values) {
        let field = format!("document.querySelector('[name={name}]')");
        page.value(&format!("{field}.value = '{value}'")).await;
    }
    page.value("document.querySelector('form button').click()")
        .await;
}

async fn until_rows(page: &Browser, wanted: &str) {
    page.until(&format!("JSON.stringify({ROWS}) === '{wanted}'"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Chromium"]
async fn the_example_and_the_live_page_see_what_the_other_does() {
    let server = Server::start();
    let host = front(server.host.clone()).await;
    let live = Browser::open(Look::Desktop).await;
    let page = Browser::open(Look::Phone).await;
    live.open_live(&server.host).await;
    page.goto(&host, "/shop/").await;
    page.until("document.getElementById('state').textContent.startsWith('Live')")
        .await;
    // From the example's form.
    fill_in(&page, ["Té verde", "T1", "3.5", "12", "Té"]).await;
    live.until_titles(&["Té verde"]).await;
    until_rows(&page, r#"["Té verde"]"#).await;
    page.until("document.querySelector('[name=title]').value === ''")
        .await;
    // From elsewhere.
    server.http().add("b").await;
    live.until_titles(&["Product b", "Té verde"]).await;
    until_rows(&page, r#"["Product b","Té verde"]"#).await;
    // What is refused says so, at the field.
    fill_in(&page, ["Other", "t1", "1", "1", "c"]).await;
    page.until("document.getElementById('problem').textContent.includes('t1')")
        .await;
    page.until("document.querySelector('[data-wrong] input').name === 'code'")
        .await;
    page.screenshot("socketio-example").await;
    // And away with the first.
    page.value("document.querySelectorAll('#list button')[1].click()")
        .await;
    live.until_titles(&["Product b"]).await;
    until_rows(&page, r#"["Product b"]"#).await;
    page.close().await;
    live.close().await;
}
