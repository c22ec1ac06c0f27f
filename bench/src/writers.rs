//! Programs that write products over HTTP or the socket: each one connection that is kept, one
//! request at a time.

use std::fmt;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::ValueEnum;
use hdrhistogram::Histogram;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::mark;
use crate::target::{Kind, Target};

/// What the writers did.
pub struct Written {
    /// Products whose creation was answered.
    pub products: u64,
    /// From the first request to the last answer.
    pub time: Duration,
    /// From a request to its answer, in microseconds.
    pub delay: Histogram<u64>,
}

/// How products are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// `POST` requests.
    Http,
    /// Vitrina's `add` messages, on a live connection that also gets every change.
    Socket,
}

/// What is to be written.
#[derive(Clone)]
pub struct Work {
    /// Programs that write at the same time.
    pub writers: usize,
    /// Products a second over all writers; 0 is as many as they can.
    pub rate: u32,
    /// How.
    pub over: Transport,
    /// For how long.
    pub time: Duration,
    /// The numbers of the products that may be written.
    pub numbers: Range<u64>,
    /// The body of the product with a number.
    pub product: fn(u64) -> String,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} writers, ", self.writers)?;
        match self.rate {
            0 => f.write_str("all the")?,
            rate => write!(f, "{rate}")?,
        }
        write!(f, " products/s, {} s", self.time.as_secs())
    }
}

impl Work {
    /// Products for so many seconds, with a mark of when each was asked for.
    pub fn marked(writers: usize, rate: u32, over: Transport, seconds: u64) -> Self {
        Self {
            writers,
            rate,
            over,
            time: Duration::from_secs(seconds),
            numbers: 0..u64::MAX,
            product: mark::product,
        }
    }

    /// The products with these numbers, as fast as can be.
    pub fn products(numbers: Range<u64>) -> Self {
        Self {
            writers: 32,
            rate: 0,
            over: Transport::Http,
            time: Duration::MAX,
            numbers,
            product: mark::product,
        }
    }
}

/// Writes.
pub fn write(target: &Target, work: &Work) -> anyhow::Result<Written> {
    write_to(&[target.address], target.kind, work)
}

/// Writes to several servers, each of which has as many writers.
pub fn write_to(addresses: &[SocketAddr], kind: Kind, work: &Work) -> anyhow::Result<Written> {
    if work.over == Transport::Socket && !matches!(kind, Kind::Vitrina | Kind::VitrinaPacked) {
        bail!("{kind:?} is written to over HTTP only");
    }
    let next = Arc::new(AtomicU64::new(work.numbers.start));
    let start = Instant::now();
    let threads: Vec<_> = (0..work.writers)
        .zip(addresses.iter().copied().cycle())
        .map(|(_, address)| {
            let (next, work) = (next.clone(), work.clone());
            std::thread::spawn(move || {
                let mut writer = Writer::connect(address, kind, work.over)?;
                writer.write(&next, &work, start)?;
                anyhow::Ok(writer.delay)
            })
        })
        .collect();
    let mut delay = Histogram::new(3)?;
    for thread in threads {
        match thread.join() {
            Ok(one) => delay.add(one?)?,
            Err(_) => bail!("a writer failed"),
        }
    }
    Ok(Written {
        products: delay.len(),
        time: start.elapsed(),
        delay,
    })
}

struct Writer {
    way: Way,
    delay: Histogram<u64>,
}

enum Way {
    Http {
        stream: TcpStream,
        address: SocketAddr,
        path: &'static str,
    },
    Socket(Box<WebSocket<TcpStream>>),
}

impl Writer {
    fn connect(address: SocketAddr, kind: Kind, over: Transport) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let way = match over {
            Transport::Http => Way::Http {
                stream,
                address,
                path: kind.products_path(),
            },
            Transport::Socket => {
                let url = format!("ws://{address}{}", kind.socket_path());
                let (socket, _) = tungstenite::client(url, stream)?;
                Way::Socket(Box::new(socket))
            }
        };
        Ok(Self {
            way,
            delay: Histogram::new(3)?,
        })
    }

    fn write(&mut self, next: &AtomicU64, work: &Work, start: Instant) -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let due = match work.rate {
                0 => start.elapsed(),
                rate => Duration::from_secs(number - work.numbers.start) / rate,
            };
            if due >= work.time || number >= work.numbers.end {
                return Ok(());
            }
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            let asked = Instant::now();
            self.add(number, &(work.product)(number))?;
            let delay = u64::try_from(asked.elapsed().as_micros())?;
            self.delay.record(delay)?;
        }
    }

    fn add(&mut self, number: u64, product: &str) -> anyhow::Result<()> {
        match &mut self.way {
            Way::Http {
                stream,
                address,
                path,
            } => match post(stream, *address, path, "", product)? {
                200 | 201 => Ok(()),
                status => bail!("product {number} was answered with {status}"),
            },
            Way::Socket(socket) => add(socket, number, product),
        }
    }
}

/// Sends an `add` and reads on to its answer.
fn add(socket: &mut WebSocket<TcpStream>, number: u64, product: &str) -> anyhow::Result<()> {
    let message = format!(r#"{{"type":"add","request":{number},"draft":{product}}}"#);
    socket.send(message.into())?;
    loop {
        if let Message::Text(text) = socket.read()? {
            // Neither snapshots nor changes begin so.
            if text.starts_with(r#"{"type":"done""#) {
                return Ok(());
            }
            if text.starts_with(r#"{"type":"refused""#) {
                bail!("product {number} was refused: {text}");
            }
        }
    }
}

/// Posts JSON, with more headers or none, and reads the whole answer; gives its status.
pub fn post(
    stream: &mut TcpStream,
    address: SocketAddr,
    path: &str,
    headers: &str,
    body: &str,
) -> anyhow::Result<u16> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::with_capacity(2_048);
    let mut buffer = [0; 2_048];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        answer.extend_from_slice(&buffer[..read]);
        if let Some(status) = status(&answer)? {
            return Ok(status);
        }
    }
}

/// The status of an answer that is whole.
fn status(answer: &[u8]) -> anyhow::Result<Option<u16>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(answer)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length: usize = match length {
        Some(length) => std::str::from_utf8(length.value)?.parse()?,
        // No Content: RFC 9110 section 15.3.5.
        None if status == 204 => 0,
        None => bail!("an answer without a length"),
    };
    Ok((answer.len() >= head + length).then_some(status))
}
