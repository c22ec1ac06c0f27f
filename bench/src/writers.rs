//! Programs that write products over HTTP: each one connection that is kept, one request at a time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;

use crate::mark;

/// What the writers did.
pub struct Written {
    /// Products whose creation was answered.
    pub products: u64,
    /// From the first request to the last answer.
    pub time: Duration,
    /// From a request to its answer, in microseconds.
    pub delay: Histogram<u64>,
}

/// Writes for some time: `rate` products a second over all writers, or as many as they can at 0.
pub fn write(
    address: SocketAddr,
    writers: usize,
    rate: u32,
    time: Duration,
) -> anyhow::Result<Written> {
    let next = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let threads: Vec<_> = (0..writers)
        .map(|_| {
            let next = next.clone();
            std::thread::spawn(move || {
                let mut writer = Writer::connect(address)?;
                writer.write(&next, rate, start, time)?;
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
    delay: Histogram<u64>,
}

impl Writer {
    fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            address,
            delay: Histogram::new(3)?,
        })
    }

    fn write(
        &mut self,
        next: &AtomicU64,
        rate: u32,
        start: Instant,
        time: Duration,
    ) -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let due = match rate {
                0 => start.elapsed(),
                rate => Duration::from_secs(number) / rate,
            };
            if due >= time {
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
        let request = format!(
            "POST /api/products HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let mut answer = Vec::with_capacity(2_048);
        let mut buffer = [0; 2_048];
        loop {
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                bail!("the server closed a writer's connection");
            }
            answer.extend_from_slice(&buffer[..read]);
            if let Some(status) = status(&answer)? {
                if status != 201 {
                    bail!(
                        "answered with {status}: {}",
                        String::from_utf8_lossy(&answer)
                    );
                }
                return Ok(());
            }
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
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?;
    let length: usize = std::str::from_utf8(length.value)?.parse()?;
    Ok((answer.len() >= head + length).then_some(response.code.unwrap_or_default()))
}
