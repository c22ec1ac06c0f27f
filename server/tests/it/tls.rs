//! The port that is served with TLS: everything is as it is without, and a certificate that is renewed is taken
//! without dropping anybody.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::access::run;
use crate::support::{Program, TIMEOUT, data_file, draft, program};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use shared::{Mirror, ServerMessage};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

/// A server with a certificate of its own.
struct Sealed {
    program: Program,
    folder: TempDir,
}

fn files(folder: &Path) -> [PathBuf; 2] {
    ["cert.pem", "key.pem"].map(|name| folder.join(name))
}

/// Makes a certificate and its key.
fn make_certificate(folder: &Path) {
    let [certificate, key] = files(folder);
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
        ])
        .arg(key)
        .arg("-out")
        .arg(certificate)
        .output()
        .expect("openssl is installed by `cargo xtask test`");
    assert!(made.status.success(), "{made:?}");
}

impl Sealed {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        make_certificate(folder.path());
        let [certificate, key] = files(folder.path());
        let mut command = program::command(&data_file(&folder), "127.0.0.1:0");
        command
            .arg("--tls-cert")
            .arg(certificate)
            .arg("--tls-key")
            .arg(key)
            .args(flags);
        let program = Program::run(command);
        Self { program, folder }
    }

    /// A connection to somebody who has the certificate that lies there now.
    async fn try_connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let [certificate, _] = files(self.folder.path());
        let mut roots = RootCertStore::empty();
        let trusted = CertificateDer::from_pem_file(certificate).expect("a certificate");
        roots.add(trusted).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(&self.program.host).await?;
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
    }

    async fn connect(&self) -> TlsStream<TcpStream> {
        self.try_connect().await.expect("a connection")
    }

    /// Sends a request and gives all of the answer.
    async fn ask(&self, head: &str, body: &str) -> String {
        let mut stream = self.connect().await;
        let host = &self.program.host;
        let request = format!(
            "{head} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
             Origin: https://{host}\r\n{body}",
            body.split_once("\r\n\r\n")
                .map_or(0, |(_, body)| body.len())
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is taken");
        let mut answer = Vec::new();
        // Whether it ends well or not, what came is there.
        let _ = timeout(TIMEOUT, stream.read_to_end(&mut answer))
            .await
            .expect("it ends");
        String::from_utf8_lossy(&answer).into_owned()
    }

    async fn add(&self, code: &str) {
        let json = draft(code).to_string();
        let body = format!("Content-Type: application/json\r\n\r\n{json}");
        let answer = self.ask("POST /api/products", &body).await;
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    async fn live(&self) -> Page {
        let stream = self.connect().await;
        let url = format!("wss://{}/ws", self.program.host);
        let mut request = url.into_client_request().expect("a request");
        let origin = format!("https://{}", self.program.host)
            .parse()
            .expect("a header");
        request.headers_mut().insert("origin", origin);
        let (socket, _) = client_async(request, stream).await.expect("a connection");
        Page {
            socket,
            mirror: Mirror::default(),
        }
    }
}

#[test]
#[ignore = "needs Python; cargo xtask test runs it"]
fn http_2_is_spoken_with_who_wants_it() {
    let sealed = Sealed::start(&[]);
    let python = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../target/tools/python/bin/python"
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/http2.py");
    let url = format!("https://{}", sealed.program.host);
    let ran = Command::new(python).args([script, &url]).output();
    let ran = ran.expect("Python is installed by `cargo xtask test`");
    let said = String::from_utf8_lossy(&ran.stdout);
    let wrong = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(said.trim(), "HTTP/2", "{wrong}");
}

/// A live page over TLS.
struct Page {
    socket: WebSocketStream<TlsStream<TcpStream>>,
    mirror: Mirror,
}

impl Page {
    async fn next(&mut self) -> ServerMessage {
        loop {
            let next = timeout(TIMEOUT, self.socket.next())
                .await
                .expect("a message in time");
            if let Message::Text(text) = next.expect("it is there").expect("a message") {
                return serde_json::from_str(&text).expect("a message of the protocol");
            }
        }
    }

    async fn until_revision(&mut self, revision: u64) {
        while self.mirror.position().is_none() || self.mirror.catalog().revision().0 < revision {
            let message = self.next().await;
            self.mirror.take(message);
        }
    }
}

#[tokio::test]
#[ignore = "needs openssl; cargo xtask test runs it"]
async fn everything_is_as_it_is_without() {
    let shop = Sealed::start(&[]);
    let mut pages = Vec::new();
    for _ in 0..20 {
        pages.push(shop.live().await);
    }
    for number in 0..30 {
        shop.add(&format!("c{number}")).await;
    }
    let add = json!({"type": "add", "request": 1, "draft": draft("by-page")});
    pages[0]
        .socket
        .send(Message::text(add.to_string()))
        .await
        .expect("a connection");
    for page in &mut pages {
        page.until_revision(31).await;
        assert_eq!(page.mirror.catalog().len(), 31);
    }
    // A list that doesn't fit into any buffer on the way.
    let words = "many words ".repeat(150);
    let commands: Vec<Value> = (0..3_000)
        .map(|number| {
            let mut draft = draft(&format!("long{number}"));
            draft["description"] = json!(words);
            json!({"type": "add", "draft": draft})
        })
        .collect();
    let batch = json!({"commands": commands}).to_string();
    let body = format!("Content-Type: application/json\r\n\r\n{batch}");
    let answer = shop.ask("POST /api/products/batch", &body).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..300]);
    for page in &mut pages {
        page.until_revision(3_031).await;
    }
    let exported = shop
        .ask("GET /api/products/export?format=ndjson", "\r\n")
        .await;
    assert_eq!(exported.matches("\"code\":\"long").count(), 3_000);
    let mut late = shop.live().await;
    late.until_revision(3_031).await;
    assert_eq!(
        late.mirror.catalog().digest(),
        pages[0].mirror.catalog().digest()
    );
    // Nobody is answered who doesn't seal, and who begins and goes no further holds nobody up.
    let mut plain = TcpStream::connect(&shop.program.host)
        .await
        .expect("a connection");
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("it is taken");
    let mut answer = Vec::new();
    let _ = timeout(TIMEOUT, plain.read_to_end(&mut answer))
        .await
        .expect("it ends");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(
            TcpStream::connect(&shop.program.host)
                .await
                .expect("a connection"),
        );
    }
    shop.add("after").await;
    pages[0].until_revision(3_032).await;
}

#[tokio::test]
#[ignore = "needs openssl; cargo xtask test runs it"]
async fn a_session_is_kept_to_encrypted_connections() {
    let shop = Sealed::start(&["--viewing", "people", "--editing", "people"]);
    let data = data_file(&shop.folder);
    let added = run(
        &data,
        &["people", "add", "ana", "--role", "admin"],
        "the horse of ana\n",
    );
    assert!(added.status.success());
    let form = "name=ana&password=the+horse+of+ana";
    let body = format!("Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}");
    let signed_in = async {
        loop {
            let answer = shop.ask("POST /signin", &body).await;
            if answer.starts_with("HTTP/1.1 303") {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let answer = timeout(TIMEOUT, signed_in).await.expect("it knows them");
    let cookie = answer
        .split("__Host-vitrina-session=")
        .nth(1)
        .expect("a cookie");
    let (secret, attributes) = cookie.split_once(';').expect("attributes");
    assert!(
        attributes
            .lines()
            .next()
            .is_some_and(|line| line.contains("Secure")),
        "{answer}"
    );
    let cookie = format!("Cookie: __Host-vitrina-session={secret}\r\n\r\n");
    let me = shop.ask("GET /api/me", &cookie).await;
    assert!(me.contains("\"name\":\"ana\""), "{me}");
}

#[tokio::test]
#[ignore = "needs openssl; cargo xtask test runs it"]
async fn a_renewed_certificate_is_taken_and_nobody_is_dropped() {
    let mut shop = Sealed::start(&[]);
    let mut page = shop.live().await;
    page.until_revision(0).await;
    // Written by halves it is not taken.
    let [certificate, _] = files(shop.folder.path());
    let whole = std::fs::read(&certificate).expect("a file");
    std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\n").expect("a file");
    shop.program.wait_for_log("the certificate can't be used");
    std::fs::write(&certificate, whole).expect("a file");
    shop.program.wait_for_log("the certificate was read anew");
    shop.add("before").await;
    make_certificate(shop.folder.path());
    // The one that lies there now is another than the server's, until it has read it.
    let renewed = async {
        while shop.try_connect().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(TIMEOUT, renewed).await.expect("it is taken");
    shop.add("after").await;
    page.until_revision(2).await;
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    let wrong = folder.path().join("wrong.pem");
    std::fs::write(&wrong, "nothing of the kind").expect("a file");
    let wrong = wrong.to_str().expect("UTF-8");
    let refused = |flags: &[&str], words: &str| {
        let output = run(
            &data,
            &[&["serve", "--listen", "127.0.0.1:0"], flags].concat(),
            "",
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{said}");
    };
    refused(&["--tls-cert", wrong, "--tls-key", wrong], "wrong.pem");
    refused(
        &["--tls-cert", "/nowhere.pem", "--tls-key", wrong],
        "can't use /nowhere.pem",
    );
    refused(&["--tls-cert", wrong], "--tls-key");
}
