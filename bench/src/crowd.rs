//! Many live connections in one thread, at as little cost as the kernel allows: one epoll, one
//! shared read buffer, a few dozen bytes each.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::target::Kind;
use crate::{frame, mark};

/// Connections that may be on their way at a time: less than a listener's backlog.
const AT_ONCE: usize = 256;

/// What all connections saw.
pub struct Seen {
    /// Products that arrived, each counted once for each connection.
    pub deliveries: u64,
    /// Connections whose products came in another order than the first one's, or not at all.
    pub differing: usize,
    /// From the request to the connection, in microseconds.
    pub delay: Histogram<u64>,
    /// The same for the last connection of each product.
    pub last_delay: Histogram<u64>,
    /// Messages, where a message may carry several products.
    pub messages: u64,
}

/// The crowd, connected and waiting.
pub struct Crowd {
    thread: JoinHandle<anyhow::Result<Seen>>,
    stop: Arc<AtomicBool>,
    deliveries: Arc<AtomicU64>,
    /// How long it took until every connection was live.
    pub connect_time: Duration,
}

struct Connection {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    is_open: bool,
    count: u64,
    /// The numbers seen, folded in their order.
    order: u64,
}

impl Crowd {
    /// Opens so many connections to a server's socket.
    pub fn open(address: SocketAddr, kind: Kind, connections: usize) -> anyhow::Result<Self> {
        let start = Instant::now();
        let poll = Poll::new()?;
        let mut members = Members {
            poll,
            greeting: kind.greeting(),
            connections: Vec::with_capacity(connections),
            buffer: vec![0; 256 * 1024],
            count: Count {
                seen: Seen {
                    deliveries: 0,
                    differing: 0,
                    delay: Histogram::new(3)?,
                    last_delay: Histogram::new(3)?,
                    messages: 0,
                },
                connections,
                per_product: Vec::new(),
            },
        };
        members.connect(address, kind.socket_path(), connections)?;
        let connect_time = start.elapsed();
        let stop = Arc::new(AtomicBool::new(false));
        let deliveries = Arc::new(AtomicU64::new(0));
        let (stopped, counted) = (stop.clone(), deliveries.clone());
        let thread = std::thread::Builder::new()
            .name("crowd".to_owned())
            .spawn(move || members.watch(&stopped, &counted))?;
        Ok(Self {
            thread,
            stop,
            deliveries,
            connect_time,
        })
    }

    /// Deliveries so far.
    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Ordering::Relaxed)
    }

    /// Closes every connection and gives what they saw.
    pub fn finish(self) -> anyhow::Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(seen) => seen,
            Err(_) => bail!("the crowd failed"),
        }
    }
}

struct Members {
    poll: Poll,
    /// What each connection sends when it is open.
    greeting: &'static [u8],
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    count: Count,
}

impl Members {
    fn connect(&mut self, address: SocketAddr, path: &str, wanted: usize) -> anyhow::Result<()> {
        let hello = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut events = Events::with_capacity(1_024);
        let mut open = 0;
        let deadline = Instant::now() + Duration::from_mins(1);
        while open < wanted {
            while self.connections.len() < wanted && self.connections.len() - open < AT_ONCE {
                let mut stream = TcpStream::connect(address)?;
                let token = Token(self.connections.len());
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll
                    .registry()
                    .register(&mut stream, token, interest)?;
                self.connections.push(Connection {
                    stream,
                    rest: Vec::new(),
                    is_open: false,
                    count: 0,
                    order: 0,
                });
            }
            if Instant::now() > deadline {
                bail!("only {open} of {wanted} connections opened in a minute");
            }
            self.poll.poll(&mut events, Some(Duration::from_secs(1)))?;
            for event in &events {
                let index = event.token().0;
                if event.is_writable() && !self.connections[index].is_open {
                    let stream = &mut self.connections[index].stream;
                    stream
                        .write_all(hello.as_bytes())
                        .context("a connection failed")?;
                    let token = event.token();
                    let registry = self.poll.registry();
                    registry.reregister(stream, token, Interest::READABLE)?;
                }
                if event.is_readable() && self.read(index)? {
                    open += 1;
                }
            }
        }
        Ok(())
    }

    fn watch(mut self, stop: &AtomicBool, deliveries: &AtomicU64) -> anyhow::Result<Seen> {
        let mut events = Events::with_capacity(4_096);
        while !stop.load(Ordering::Relaxed) {
            self.poll
                .poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                self.read(event.token().0)?;
            }
            deliveries.store(self.count.seen.deliveries, Ordering::Relaxed);
        }
        let first = self.connections.first().map(|one| (one.count, one.order));
        self.count.seen.differing = self
            .connections
            .iter()
            .filter(|one| Some((one.count, one.order)) != first)
            .count();
        Ok(self.count.seen)
    }

    /// Reads what came; tells whether the connection was opened by it.
    fn read(&mut self, index: usize) -> anyhow::Result<bool> {
        let mut opened = false;
        loop {
            let connection = &mut self.connections[index];
            let kept = connection.rest.len();
            if self.buffer.len() < kept + 64 * 1024 {
                self.buffer.resize(kept + 256 * 1024, 0);
            }
            self.buffer[..kept].copy_from_slice(&connection.rest);
            let room = self.buffer.len() - kept;
            let read = match connection.stream.read(&mut self.buffer[kept..]) {
                Ok(0) => bail!("the server closed connection {index}"),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(opened),
                Err(error) => return Err(error).context("a connection was lost"),
            };
            let bytes = &self.buffer[..kept + read];
            let mut taken = 0;
            if !connection.is_open
                && let Some(end) = opening(bytes)?
            {
                connection.is_open = true;
                connection.stream.write_all(self.greeting)?;
                opened = true;
                taken = end;
            }
            if connection.is_open {
                taken += self.count.take(connection, &bytes[taken..])?;
            }
            connection.rest.clear();
            connection.rest.extend_from_slice(&bytes[taken..]);
            if connection.rest.is_empty() {
                connection.rest.shrink_to_fit();
            }
            // Less than there was room for: all is read, and another call would only say so.
            if read < room {
                break;
            }
        }
        Ok(opened)
    }
}

/// Whether the server's answer to the handshake is there. The client speaks first after it, or
/// the server does at once: what follows is kept.
fn opening(bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    if !bytes.starts_with(b"HTTP/1.1 101") {
        bail!("no WebSocket: {}", String::from_utf8_lossy(&bytes[..end]));
    }
    Ok(Some(end + 4))
}

/// Counts what arrives.
struct Count {
    seen: Seen,
    connections: usize,
    /// For each product: how many connections have it.
    per_product: Vec<usize>,
}

impl Count {
    /// Takes the whole frames at the start of some bytes; gives how many bytes they were.
    fn take(&mut self, connection: &mut Connection, bytes: &[u8]) -> anyhow::Result<usize> {
        let mut taken = 0;
        let now = mark::now_us();
        while let Some(frame) = frame::first(&bytes[taken..]) {
            taken += frame.length;
            match frame.opcode {
                frame::PING => connection.stream.write_all(&frame::PONG)?,
                frame::TEXT => self.count(connection, frame.payload, now)?,
                _ => {}
            }
        }
        Ok(taken)
    }

    fn count(
        &mut self,
        connection: &mut Connection,
        message: &[u8],
        now: u64,
    ) -> anyhow::Result<()> {
        let before = connection.count;
        for mark in mark::find(message) {
            connection.count += 1;
            connection.order = connection.order.wrapping_mul(31).wrapping_add(mark.number);
            let delay = now.saturating_sub(mark.asked_us);
            self.seen.delay.record(delay)?;
            let index = usize::try_from(mark.number)?;
            if self.per_product.len() <= index {
                self.per_product.resize(index + 1, 0);
            }
            self.per_product[index] += 1;
            if self.per_product[index] == self.connections {
                self.seen.last_delay.record(delay)?;
            }
            self.seen.deliveries += 1;
        }
        self.seen.messages += u64::from(connection.count > before);
        Ok(())
    }
}
