//! A stretch of network between a server and its database, or before some servers: it can be cut, and it
//! can fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// Passes on what comes to its port.
pub struct Proxy {
    pub port: u16,
    /// Counts how often all connections were cut.
    cuts: watch::Sender<u64>,
    is_silent: Arc<AtomicBool>,
}

impl Proxy {
    /// A stretch that leads to the first of these ports that takes connections.
    pub async fn start(ports: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let cuts = watch::Sender::new(0);
        let is_silent = Arc::new(AtomicBool::new(false));
        let (cut, silent) = (cuts.clone(), is_silent.clone());
        let ports: Arc<[u16]> = ports.into();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mut cut, silent) = (cut.subscribe(), silent.clone());
                let ports = ports.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = cut.changed() => {}
                        () = pass(stream, &ports, &silent) => {}
                    }
                });
            }
        });
        Self {
            port,
            cuts,
            is_silent,
        }
    }

    /// Ends every connection.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Passes nothing on, without a word, until it does again.
    pub fn set_silent(&self, is_silent: bool) {
        self.is_silent.store(is_silent, Ordering::Relaxed);
    }
}

async fn pass(from: TcpStream, ports: &[u16], is_silent: &AtomicBool) {
    let mut to = None;
    for port in ports {
        to = TcpStream::connect(("127.0.0.1", *port)).await.ok();
        if to.is_some() {
            break;
        }
    }
    let Some(to) = to else { return };
    let (mut from_read, mut from_write) = from.into_split();
    let (mut to_read, mut to_write) = to.into_split();
    tokio::select! {
        () = copy(&mut from_read, &mut to_write, is_silent) => {}
        () = copy(&mut to_read, &mut from_write, is_silent) => {}
    }
}

async fn copy(
    from: &mut tokio::net::tcp::OwnedReadHalf,
    to: &mut tokio::net::tcp::OwnedWriteHalf,
    is_silent: &AtomicBool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count) = from.read(&mut buffer).await
        && count > 0
    {
        while is_silent.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(10)).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
