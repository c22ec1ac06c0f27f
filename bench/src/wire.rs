//! A wire that counts: what a browser is sent, whatever it is packed with. The socket leads to one
//! server and everything else to another, so that both are one origin.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most bytes of a request's head that are looked at.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The wire.
pub struct Wire {
    /// Where it begins.
    pub address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl Wire {
    /// Leads the socket to one server, and everything else to another.
    pub fn start(socket: SocketAddr, others: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let sent: Arc<AtomicU64> = Arc::default();
        let counted = sent.clone();
        std::thread::spawn(move || {
            for browser in listener.incoming().map_while(Result::ok) {
                let counted = counted.clone();
                std::thread::spawn(move || {
                    // A browser that goes away in the middle is not a failure.
                    let _ = join(browser, socket, others, &counted);
                });
            }
        });
        Ok(Self { address, sent })
    }

    /// How many bytes browsers were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Joins a browser's connection with the server that it is for.
fn join(
    mut browser: TcpStream,
    socket: SocketAddr,
    others: SocketAddr,
    sent: &AtomicU64,
) -> std::io::Result<()> {
    let mut head = vec![0; MAX_HEAD_BYTES];
    let length = browser.read(&mut head)?;
    let is_socket = head[..length].starts_with(b"GET /ws");
    let mut server = TcpStream::connect(if is_socket { socket } else { others })?;
    browser.set_nodelay(true)?;
    server.set_nodelay(true)?;
    server.write_all(&head[..length])?;
    let (mut from, mut to) = (browser.try_clone()?, server.try_clone()?);
    std::thread::spawn(move || {
        // Whoever ends first ends the other.
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = server.read(&mut buffer)?;
        if length == 0 {
            return browser.shutdown(Shutdown::Both);
        }
        browser.write_all(&buffer[..length])?;
        sent.fetch_add(length as u64, Ordering::Relaxed);
    }
}
