//! Programs that write products over HTTP: each one connection that is kept, one request at a time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use hdrhistogram::Histogram;

use crate::mark;
use crate::target::Target;

/// What the writers did.
pub struct Written {
    /// Products whose creation was answered.
    pub products: u64,
    /// From the first request to the last answer.
    pub time: Duration,
    /// From a request to its answer, in microseconds.
    pub delay: Histogram<u64>,
}

/// What is to be written.
#[derive(Clone)]
pub struct Work {
    /// Programs that write at the same time.
    pub writers: usize,
    /// Products a second over all writers; 0 is as many as they can.
    pub rate: u32,
    /// For how long.
    pub time: Duration,
    /// The numbers of the products that may be written.
    pub numbers: Range<u64>,
}

impl Work {
    /// The products with these numbers, as fast as can be.
    pub fn products(numbers: Range<u64>) -> Self {
        Self {
            writers: 32,
            rate: 0,
            time: Duration::MAX,
            numbers,
        }
    }
}

/// Writes.
pub fn write(target: &Target, work: &Work) -> anyhow::Result<Written> {
    let (address, path) = (target.address, target.kind.products_path());
    let next = Arc::new(AtomicU64::new(work.numbers.start));
    let start = Instant::now();
    let threads: Vec<_> = (0..work.writers)
        .map(|_| {
            let (next, work) = (next.clone(), work.clone());
            std::thread::spawn(move || {
                let mut writer = Writer::connect(address, path)?;
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
    stream: TcpStream,
    address: SocketAddr,
    path: &'static str,
    delay: Histogram<u64>,
}

impl Writer {
    fn connect(address: SocketAddr, path: &'static str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            address,
            path,
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
            self.post(number)?;
            let delay = u64::try_from(asked.elapsed().as_micros())?;
            self.delay.record(delay)?;
        }
    }

    fn post(&mut self, number: u64) -> anyhow::Result<()> {
        let body = mark::product(number);
        match post(&mut self.stream, self.address, self.path, &body)? {
            200 | 201 => Ok(()),
            status => bail!("product {number} was answered with {status}"),
        }
    }
}

/// Posts JSON and reads the whole answer; gives its status.
pub fn post(
    stream: &mut TcpStream,
    address: SocketAddr,
    path: &str,
    body: &str,
) -> anyhow::Result<u16> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
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
