//! Clients that stop in the middle, by the thousand and on every route: they are cut off, what they
//! cost comes back, and nobody else waits for them. Only of an optimized build.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use socket2::{Domain, Socket, Type};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Client, Http, Program, data_file, draft};

/// How many clients do each of the things.
const CLIENTS: usize = 100;

/// Products of 2 KB: more than the kernel keeps for a client that reads nothing.
const PRODUCTS: usize = 500;

/// The most memory that the server has for one of them.
const MAX_KIB: u64 = 160;

/// How long another client may wait, but for one time in 200: the machine has other things to do as
/// well.
const MAX_WAIT: Duration = Duration::from_millis(250);

/// Pages of which a little is still in use, afterwards.
const FRAGMENTS_KIB: u64 = 4 * 1024;

/// What the server has of files without clients: its own, what the kernel keeps of recent changes, and a connection or
/// two that rest.
const MAX_OWN_FILES: u64 = 80;

/// The server ends what does nothing for a minute; it looks from time to time.
const PATIENCE: Duration = Duration::from_secs(100);

/// What a client sends before it stops. It reads nothing.
fn stalls() -> Vec<String> {
    let head = |line: &str, more: &str| format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}");
    let mut stalls = vec!["G".to_owned(), head("GET /", "X-Slow: ")];
    let json = "Content-Type: application/json\r\n";
    for line in [
        "POST /api/products",
        "PUT /api/products/1",
        "PATCH /api/products/1",
        "DELETE /api/products/1",
    ] {
        // In the first byte of a body, and after more than there is room for without asking.
        let long = "x".repeat(20_000);
        stalls.push(head(line, &format!("{json}Content-Length: 100\r\n\r\n{{")));
        stalls.push(head(
            line,
            &format!("{json}Content-Length: 100000\r\n\r\n{long}"),
        ));
    }
    let long = "[".repeat(50_000);
    let batch = format!("{json}Content-Length: 30000000\r\n\r\n{long}");
    stalls.push(head("POST /api/products/batch", &batch));
    let csv = "Content-Type: text/csv\r\nContent-Length: 30000000\r\n\r\ntitle,code\n";
    stalls.push(head("POST /api/products/import", csv));
    let rows = "a,b\n".repeat(20_000);
    stalls.push(head("POST /api/products/import", &format!("{csv}{rows}")));
    for path in [
        "/",
        "/realtimeproducts",
        "/api/products",
        "/api/products?sort=-title",
        "/api/products/1",
        "/api/products/export?format=json",
        "/api/products/stream",
        "/api/categories",
        "/api/docs/swagger-ui-bundle.js",
        "/api/openapi.json",
        "/assets/client_bg.wasm",
        "/views/style.css",
        "/nowhere",
    ] {
        for encoding in ["", "Accept-Encoding: gzip, br\r\n"] {
            stalls.push(head(&format!("GET {path}"), &format!("{encoding}\r\n")));
        }
    }
    let socket = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stalls.push(head("GET /ws", socket));
    // In the middle of a frame, and of its head.
    stalls.push(head("GET /ws", &format!("{socket}\u{1}~")));
    stalls
}

/// Connects with a window so small that what isn't read soon waits in the server.
async fn stall(host: &str, sent: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    let address: std::net::SocketAddr = host.parse().expect("an address");
    // It goes on in the background.
    let _ = socket.connect(&address.into());
    let mut stream = TcpStream::from_std(socket.into()).expect("a socket");
    stream.writable().await.expect("a connection");
    // The server may have refused it meanwhile.
    let _ = stream.write_all(sent.as_bytes()).await;
    stream
}

async fn stall_all(host: &str, clients: usize) -> Vec<TcpStream> {
    let mut stalled = Vec::new();
    for sent in stalls() {
        for _ in 0..clients {
            stalled.push(stall(host, &sent).await);
        }
    }
    stalled
}

/// What the kernel says the program has.
#[derive(Debug)]
struct Usage {
    memory_kib: u64,
    threads: u64,
    files: u64,
}

fn usage(program: &Program) -> Usage {
    Usage {
        memory_kib: program.memory_kib(),
        threads: program.count("task"),
        files: program.count("fd"),
    }
}

/// Another client, who asks and changes something all the time. Returns how long it waited each
/// time, the longest first.
async fn other(host: String, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let http = Http::of(&host);
    let mut client = Client::open(&host, "").await;
    client.until_loaded().await;
    let mut waits = Vec::new();
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for path in ["/api/products/1", "/api/products?q=product&limit=10"] {
            let start = Instant::now();
            assert_eq!(http.get(path).await.status(), 200);
            waits.push(start.elapsed());
        }
        // Now and then: changes are retained, and so cost what no client does.
        if round % 10 == 0 {
            let start = Instant::now();
            let patch = json!({"stock": round});
            let patch = json!({"type": "update", "request": round, "id": 1, "patch": patch});
            client.send(&patch).await;
            client.answer(round).await;
            waits.push(start.elapsed());
        }
        sleep(Duration::from_millis(20)).await;
    }
    waits.sort_unstable_by(|a, b| b.cmp(a));
    waits
}

/// Runs another client beside this test, which has enough to do.
fn start_other(host: &str, stop: &Arc<AtomicBool>) -> JoinHandle<Vec<Duration>> {
    let (host, stop) = (host.to_owned(), stop.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(other(host, stop))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_stop_in_the_middle_cost_nobody_anything() {
    rlimit::increase_nofile_limit(u64::MAX).expect("files");
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&data_file(&folder));
    let http = program.http();
    // A short one for the other client, whose changes are retained.
    http.add("a").await;
    for number in 0..PRODUCTS {
        let mut product = draft(&number.to_string());
        product["description"] = json!("x".repeat(2_000));
        assert_eq!(http.post(&product).await.status(), 201);
    }
    // A rehearsal: what it leaves in caches, pools and stacks is no client's.
    let stop = Arc::new(AtomicBool::new(false));
    let rehearsing = start_other(&program.host, &stop);
    let first = stall_all(&program.host, CLIENTS).await;
    sleep(Duration::from_secs(3)).await;
    drop(first);
    stop.store(true, Ordering::Relaxed);
    rehearsing.join().expect("it is served");
    until(|| program.count("fd") < MAX_OWN_FILES).await;
    // Until it has given back what it does not need.
    sleep(Duration::from_secs(25)).await;
    let before = usage(&program);

    let stop = Arc::new(AtomicBool::new(false));
    let other = start_other(&program.host, &stop);
    let stalled = stall_all(&program.host, CLIENTS).await;
    sleep(Duration::from_secs(5)).await;
    let during = usage(&program);
    let clients = stalled.len() as u64;
    let grown = during.memory_kib.saturating_sub(before.memory_kib);
    println!("{clients} clients: {before:?}, then {during:?}");
    assert!(grown < clients * MAX_KIB, "{grown} KiB for {clients}");
    assert!(during.threads < before.threads + 30, "{during:?}");
    // They are all still there, and reading nothing, when the server has let go of them.
    until(|| program.count("fd") < before.files + 8).await;
    stop.store(true, Ordering::Relaxed);
    let waits = other.join().expect("it is served");
    let (longest, usual) = (waits[0], waits[waits.len() / 200]);
    println!(
        "of {} waits the longest was {longest:?}, 1 in 200 was {usual:?}",
        waits.len()
    );
    println!("then {:?}", usage(&program));
    assert!(usual < MAX_WAIT, "another client waited for {usual:?}");
    // Within a tenth, and what small things that live on keep of pages that are else free.
    let most = before.memory_kib * 11 / 10 + FRAGMENTS_KIB;
    until(|| program.memory_kib() <= most).await;
    until(|| program.count("task") <= before.threads + 1).await;
    println!("afterwards {:?}", usage(&program));
    drop(stalled);
    assert_eq!(http.get("/api/categories").await.status(), 200);
}

async fn until(holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "the server keeps them");
        sleep(Duration::from_millis(200)).await;
    }
}
