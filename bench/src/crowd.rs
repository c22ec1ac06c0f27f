//! Many live connections in one thread, at as little cost as the kernel allows: one epoll, one
//! shared read buffer, a few dozen bytes each.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::count::{Count, Has, Seen};
use crate::frame::Protocol;
use crate::subscriber::Subscriber;
use crate::target::Kind;
use crate::{frame, mark};

/// Least room for one read: the second-level cache of one processor holds it.
const READ_BYTES: usize = 128 * 1024;

/// Connections that may be on their way at a time, where connecting is not what is measured: less
/// than the smallest backlog a listener commonly has, 128.
pub const GENTLY: usize = 100;

/// Rest between two looks at what came. A network interface keeps what comes for about as long
/// before it interrupts anybody. Without, each delivery would wake this thread, often on the very
/// processor that the server is sending on, and how often is chance: the same server cost between
/// 0.9 and 1.4 of the yardstick. The rest is part of the delays that are measured.
const REST: Duration = Duration::from_micros(200);

/// Who comes, and how.
pub struct Visit<'a> {
    /// The server's address.
    pub address: SocketAddr,
    /// What its socket is asked for, with its query.
    pub path: &'a str,
    /// What each connection sends when it is open.
    pub greeting: &'static [u8],
    /// How the server speaks on it.
    pub protocol: Protocol,
    /// How many connections.
    pub connections: usize,
    /// How many of them may be on their way at a time.
    pub at_once: usize,
    /// The products after which a connection has all that is measured.
    pub goal: u64,
}

impl Visit<'static> {
    /// Pages that come to a server and are to get what is written from then on.
    pub fn of_pages(kind: Kind, address: SocketAddr, connections: usize) -> Self {
        Self {
            address,
            path: kind.socket_path(),
            greeting: kind.greeting(),
            protocol: kind.protocol(),
            connections,
            at_once: GENTLY,
            goal: 0,
        }
    }
}

/// The crowd, connected and waiting.
pub struct Crowd {
    thread: JoinHandle<anyhow::Result<Seen>>,
    stop: Arc<AtomicBool>,
    progress: Arc<Progress>,
    /// How long it took until every connection was live.
    pub connect_time: Duration,
}

/// What is there so far.
#[derive(Default)]
struct Progress {
    deliveries: AtomicU64,
    /// The connections that have all that is measured.
    reached: AtomicU64,
}

struct Connection {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    is_open: bool,
    has: Has,
}

impl Crowd {
    /// Opens the connections to a server's socket.
    pub fn open(visit: &Visit<'_>) -> anyhow::Result<Self> {
        let start = Instant::now();
        let mut members = Members {
            poll: Poll::new()?,
            greeting: visit.greeting,
            protocol: visit.protocol,
            subscriber: match visit.protocol {
                Protocol::WebSocket => None,
                Protocol::Events => Some(Subscriber::connect(visit.address)?),
            },
            connections: Vec::with_capacity(visit.connections),
            buffer: vec![0; 2 * READ_BYTES],
            count: Count::new(visit.connections, visit.goal)?,
        };
        members.connect(visit)?;
        let connect_time = start.elapsed();
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Arc::new(Progress::default());
        let (stopped, counted) = (stop.clone(), progress.clone());
        let thread = std::thread::Builder::new()
            .name("crowd".to_owned())
            .spawn(move || members.watch(&stopped, &counted))?;
        Ok(Self {
            thread,
            stop,
            progress,
            connect_time,
        })
    }

    /// Waits until this many products were delivered, but not without an end.
    pub fn wait_for(&self, deliveries: u64, patience: Duration) {
        wait(&self.progress.deliveries, deliveries, patience);
    }

    /// Waits until so many connections have all that is measured, but not without an end.
    pub fn wait_until_reached(&self, connections: u64, patience: Duration) {
        wait(&self.progress.reached, connections, patience);
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

fn wait(number: &AtomicU64, wanted: u64, patience: Duration) {
    let end = Instant::now() + patience;
    while number.load(Ordering::Relaxed) < wanted && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
}

struct Members {
    poll: Poll,
    /// What each connection sends when it is open.
    greeting: &'static [u8],
    protocol: Protocol,
    /// Tells a server of events what each connection wants.
    subscriber: Option<Subscriber>,
    connections: Vec<Connection>,
    buffer: Vec<u8>,
    count: Count,
}

impl Members {
    fn connect(&mut self, visit: &Visit<'_>) -> anyhow::Result<()> {
        let Visit {
            address,
            path,
            connections: wanted,
            at_once,
            ..
        } = *visit;
        let headers = visit.protocol.headers();
        let hello = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
        let mut events = Events::with_capacity(1_024);
        let mut open = 0;
        let deadline = Instant::now() + Duration::from_mins(1);
        while open < wanted {
            while self.connections.len() < wanted && self.connections.len() - open < at_once {
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
                    has: Has::default(),
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

    fn watch(mut self, stop: &AtomicBool, progress: &Progress) -> anyhow::Result<Seen> {
        let mut events = Events::with_capacity(4_096);
        while !stop.load(Ordering::Relaxed) {
            self.poll
                .poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                self.read(event.token().0)?;
            }
            let Progress {
                deliveries,
                reached,
            } = progress;
            deliveries.store(self.count.deliveries(), Ordering::Relaxed);
            reached.store(self.count.reached(), Ordering::Relaxed);
            std::thread::sleep(REST);
        }
        let all: Vec<&Has> = self.connections.iter().map(|one| &one.has).collect();
        Ok(self.count.finish(&all))
    }

    /// Reads what came; tells whether the connection was opened by it.
    fn read(&mut self, index: usize) -> anyhow::Result<bool> {
        let mut opened = false;
        loop {
            let connection = &mut self.connections[index];
            let kept = connection.rest.len();
            if self.buffer.len() < kept + READ_BYTES {
                self.buffer.resize(kept + 2 * READ_BYTES, 0);
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
                && let Some(end) = opening(self.protocol, bytes)?
            {
                if let Some(subscriber) = &mut self.subscriber {
                    subscriber.subscribe(&bytes[end..])?;
                }
                connection.is_open = true;
                connection.stream.write_all(self.greeting)?;
                opened = true;
                taken = end;
            }
            if connection.is_open {
                taken += take(self.protocol, &mut self.count, connection, &bytes[taken..])?;
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

/// Takes the whole frames at the start of some bytes; gives how many bytes they were.
fn take(
    protocol: Protocol,
    count: &mut Count,
    connection: &mut Connection,
    bytes: &[u8],
) -> anyhow::Result<usize> {
    let mut taken = 0;
    let now = mark::now_us();
    while let Some(frame) = protocol.first(&bytes[taken..]) {
        taken += frame.length;
        match frame.opcode {
            frame::PING => connection.stream.write_all(&frame::PONG)?,
            frame::TEXT | frame::BINARY => count.take(&mut connection.has, &frame, now)?,
            _ => {}
        }
    }
    Ok(taken)
}

/// Whether the server's answer to the handshake is there, and where it ends. What follows it is
/// kept; a server of events says who it takes the connection for before it is open.
fn opening(protocol: Protocol, bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let wanted: &[u8] = match protocol {
        Protocol::WebSocket => b"HTTP/1.1 101",
        Protocol::Events => b"HTTP/1.1 200",
    };
    if !bytes.starts_with(wanted) {
        bail!("refused: {}", String::from_utf8_lossy(&bytes[..end]));
    }
    let end = end + 4;
    let is_open = protocol == Protocol::WebSocket || protocol.first(&bytes[end..]).is_some();
    Ok(is_open.then_some(end))
}
