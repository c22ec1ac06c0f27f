//! A real server for each test, and what talks to it: HTTP, clients, the program itself.

pub mod browser;
pub mod camera;
pub mod client;
pub mod cluster;
#[cfg(target_os = "linux")]
pub mod faults;
pub mod front;
pub mod program;
pub mod proxy;
pub mod random;
pub mod raw;
pub mod script;
pub mod socketio;

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vitrina::Options;
use vitrina::journal::SqliteJournal;

pub use browser::{Browser, Key, Look};
pub use camera::film_of;
pub use client::Client;
pub use program::{Program, back_up};
pub use proxy::Proxy;
pub use random::Random;
pub use socketio::SocketIo;
pub use testbed::Postgres;

/// Long enough for any machine; a test that waits so long has failed.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// A server inside the test, on a free port, with its own data file.
pub struct Server {
    pub host: String,
    folder: TempDir,
    stop: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub fn start_with(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, options)
    }

    pub fn start_in(folder: TempDir, options: Options) -> Self {
        let journal = SqliteJournal::open(&data_file(&folder)).expect("a data file");
        let listener = vitrina::listen(([127, 0, 0, 1], 0).into()).expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let stop = CancellationToken::new();
        let running = tokio::spawn(vitrina::run(
            listener,
            journal,
            options,
            stop.clone(),
            |_| {},
        ));
        Self {
            host,
            folder,
            stop,
            running,
        }
    }

    /// Asks the server to stop, without waiting for it.
    pub fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    /// Waits until it has stopped; gives its folder.
    pub async fn stop(self) -> TempDir {
        self.stop.cancel();
        let stopped = tokio::time::timeout(TIMEOUT, self.running).await;
        let result = stopped.expect("stops in time").expect("doesn't panic");
        result.expect("stops well");
        self.folder
    }

    /// Stops it and starts another on the same data file.
    pub async fn restart(self, options: Options) -> Self {
        let folder = self.stop().await;
        Self::start_in(folder, options)
    }

    pub fn data_file(&self) -> PathBuf {
        data_file(&self.folder)
    }

    pub fn http(&self) -> Http {
        Http::of(&self.host)
    }

    /// A client that opens here and knows nothing yet.
    pub async fn client(&self) -> Client {
        Client::open(&self.host, "").await
    }
}

pub fn data_file(folder: &TempDir) -> PathBuf {
    folder.path().join("vitrina.db")
}

/// A program that speaks HTTP with a server.
#[derive(Clone)]
pub struct Http {
    base: String,
    client: reqwest::Client,
}

impl Http {
    pub fn of(host: &str) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            base: format!("http://{host}"),
            client: client.build().expect("a client"),
        }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Response {
        let request = self.request(Method::GET, path);
        request.send().await.expect("an answer")
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = self.request(method, path).json(body);
        request.send().await.expect("an answer")
    }

    pub async fn post(&self, body: &Value) -> Response {
        self.send(Method::POST, "/api/products", body).await
    }

    pub async fn delete(&self, id: u64) -> Response {
        let request = self.request(Method::DELETE, &format!("/api/products/{id}"));
        request.send().await.expect("an answer")
    }

    /// The whole list as the API gives it, all its clients in one. Nobody writes meanwhile.
    pub async fn list(&self) -> Value {
        let mut whole = Value::Null;
        let mut path = "/api/products".to_owned();
        loop {
            let response = self.get(&path).await;
            let mut list: Value = response.json().await.expect("JSON");
            if let Some(next) = list["next"].as_str() {
                path = format!("/api/products?after={next}");
            } else {
                path.clear();
            }
            if whole.is_null() {
                whole = list;
            } else {
                let more = list["products"].as_array_mut().expect("a list");
                let products = whole["products"].as_array_mut().expect("a list");
                products.append(more);
            }
            if path.is_empty() {
                return whole;
            }
        }
    }

    /// Adds a product and gives its id.
    pub async fn add(&self, code: &str) -> u64 {
        let response = self.post(&draft(code)).await;
        assert_eq!(response.status(), 201);
        let product: Value = response.json().await.expect("JSON");
        product["id"].as_u64().expect("an id")
    }
}

/// A product's fields with this code.
pub fn draft(code: &str) -> Value {
    json!({
        "title": format!("Product {code}"),
        "code": code,
        "price": 19.99,
        "stock": 5,
        "category": "tools",
    })
}
