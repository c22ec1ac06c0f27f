//! One server follows another on a port that stays open, as systemd keeps it: nobody is refused in between.

use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Client, Http, Program, TIMEOUT, data_file, draft};
use rustix::io::{FdFlags, fcntl_setfd};
use tokio::sync::Barrier;
use tokio::time::timeout;

/// How many pages are there; each comes back after every restart.
const PAGES: usize = 1_000;

/// Starts the program on a port that is open already, as systemd does (`sd_listen_fds(3)`).
fn start(listener: &TcpListener, data: &Path) -> Program {
    let script = format!(
        "exec 3<&{}; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"",
        listener.as_raw_fd()
    );
    // Of the shells that there are it reads numbers of more than one digit.
    let mut command = Command::new("bash");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_vitrina"), "--data"])
        .arg(data);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Program::run(command)
}

/// Comes back until it is in step again, as pages do: a connection that had just begun is cut by the next stop.
async fn come_back(client: Client, host: &str) -> Client {
    let query = client.mirror.position().expect("a position").to_query();
    let mut mirror = client.mirror;
    mirror.interrupt();
    loop {
        if let Ok(mut client) = Client::try_open(host, &query, &[]).await {
            client.mirror = mirror.clone();
            while client.pulses == 0 && client.step().await {}
            if client.pulses > 0 {
                return client;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_fails_while_one_server_follows_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = data_file(&folder);
    // With room for all that come back at once, as systemd gives it.
    let listener = vitrina::listen(([127, 0, 0, 1], 0).into()).expect("a port");
    let listener = listener.into_std().expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    fcntl_setfd(&listener, FdFlags::empty()).expect("it is passed on");
    let mut program = start(&listener, &data);
    assert_eq!(program.host, host);
    let is_over = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (host, is_over, written) = (host.clone(), is_over.clone(), written.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    // Each comes by a connection of its own, as from as many programs.
                    let answer = Http::of(&host)
                        .post(&draft(&format!("w{writer}-{number}")))
                        .await;
                    assert_eq!(answer.status(), 201);
                    written.fetch_add(1, Ordering::Relaxed);
                    let read = Http::of(&host).get("/api/products?limit=1").await;
                    assert_eq!(read.status(), 200);
                }
            })
        })
        .collect();
    let are_there = Arc::new(Barrier::new(PAGES + 1));
    let pages: Vec<_> = (0..PAGES)
        .map(|_| {
            let (host, is_over) = (host.clone(), is_over.clone());
            let is_there = are_there.clone();
            tokio::spawn(async move {
                let mut client = Client::open(&host, "").await;
                client.until_loaded().await;
                is_there.wait().await;
                let mut longest = Duration::ZERO;
                let mut returns = 0;
                while !is_over.load(Ordering::Relaxed) {
                    // A pulse comes every few seconds.
                    if client.step().await {
                        continue;
                    }
                    let gone = Instant::now();
                    client = come_back(client, &host).await;
                    longest = longest.max(gone.elapsed());
                    returns += 1;
                }
                (client.revision().0, longest, returns)
            })
        })
        .collect();
    timeout(TIMEOUT, are_there.wait())
        .await
        .expect("all are there");
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        program.signal("TERM");
        // The next one takes the data file as soon as this one lets go of it; who comes meanwhile waits.
        assert!(program.wait_for_exit().success());
        program = start(&listener, &data);
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        timeout(TIMEOUT, writer)
            .await
            .expect("it ends")
            .expect("no request failed");
    }
    // Wakes the pages, which see that it is over.
    Http::of(&host).add("last").await;
    let mut longest = Duration::ZERO;
    for page in pages {
        let page = timeout(TIMEOUT, page).await.expect("it ends");
        let (_, took, returns) = page.expect("it came back each time");
        assert!(returns > 0);
        longest = longest.max(took);
    }
    println!("{PAGES} pages were away for {longest:?} at most");
    let list = Http::of(&host).list().await;
    assert_eq!(list["count"], written.load(Ordering::Relaxed) + 1);
}
