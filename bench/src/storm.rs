//! Pages that all come back at once, and what that costs the server: with nothing, to the whole
//! catalog, or with a revision, to what they missed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::crowd::{Crowd, Visit};
use crate::frame::Protocol;
use crate::mark;
use crate::target::{Kind, Target};
use crate::writers::{self, Work};

/// `connections` pages come back to `products`. With `missed` they have all but that many of them.
pub fn come_back(connections: usize, products: u64, missed: Option<u64>) -> anyhow::Result<()> {
    let mut target = Target::start(Kind::Vitrina)?;
    let known = products - missed.unwrap_or(0);
    writers::write(&target, &Work::products(0..known))?;
    let mut path = "/ws".to_owned();
    if missed.is_some() {
        path = format!("/ws?{}", position(target.address)?);
        writers::write(&target, &Work::products(known..products))?;
    }
    target.restart()?;
    ready(target.address)?;
    let goal = missed.unwrap_or(products);
    let (cpu, memory) = (target.cpu()?, target.memory_kib("VmRSS")?);
    let snapshots = target.snapshots();
    let start = mark::now_us();
    let crowd = Crowd::open(&Visit {
        address: target.address,
        path: &path,
        greeting: &[],
        protocol: Protocol::WebSocket,
        connections,
        at_once: connections,
        goal,
    })?;
    let expected = goal * connections as u64;
    crowd.wait_for(expected, Duration::from_mins(2));
    let cpu = target.cpu()?.since(cpu);
    let connect_time = crowd.connect_time;
    let seen = crowd.finish()?;
    let after = |us: u64| seconds(us.saturating_sub(start));
    println!("{connections} pages, {goal} of {products} products each\n");
    println!(
        "| missing | other order | connected s | half of the pages have all s | last page s | \
         CPU s (user+system) | CPU µs/page | snapshots encoded | MiB before | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} ({:.2}+{:.2}) | {:.0} | {} | {:.1} | {:.1} |",
        expected.saturating_sub(seen.deliveries),
        seen.differing,
        connect_time.as_secs_f64(),
        after(seen.reached.value_at_quantile(0.5)),
        after(seen.reached.max()),
        cpu.total().as_secs_f64(),
        cpu.user.as_secs_f64(),
        cpu.system.as_secs_f64(),
        cpu.total().as_secs_f64() * 1e6 / number(connections as u64),
        target.snapshots() - snapshots,
        number(memory) / 1024.0,
        number(target.memory_kib("VmHWM")?) / 1024.0,
    );
    Ok(())
}

/// Starts with this many products, and shows them to one page.
pub fn start_up(products: u64) -> anyhow::Result<()> {
    let mut target = Target::start(Kind::Vitrina)?;
    writers::write(&target, &Work::products(0..products))?;
    let start = Instant::now();
    target.restart()?;
    ready(target.address)?;
    let ready_time = start.elapsed();
    let cpu = target.cpu()?;
    let memory = target.memory_kib("VmRSS")?;
    let start = mark::now_us();
    let crowd = Crowd::open(&Visit {
        address: target.address,
        path: "/ws",
        greeting: &[],
        protocol: Protocol::WebSocket,
        connections: 1,
        at_once: 1,
        goal: products,
    })?;
    crowd.wait_for(products, Duration::from_mins(1));
    let seen = crowd.finish()?;
    println!("{products} products\n");
    println!(
        "| first answer s | CPU s | MiB then | missing | whole list on a page s | peak MiB |\n\
         |---|---|---|---|---|---|"
    );
    println!(
        "| {:.2} | {:.2} | {:.1} | {} | {:.2} | {:.1} |",
        ready_time.as_secs_f64(),
        cpu.total().as_secs_f64(),
        number(memory) / 1024.0,
        products.saturating_sub(seen.deliveries),
        seconds(seen.reached.max().saturating_sub(start)),
        number(target.memory_kib("VmHWM")?) / 1024.0,
    );
    Ok(())
}

/// Waits until the server answers a request.
fn ready(address: SocketAddr) -> anyhow::Result<()> {
    let answer = get(
        address,
        "/api/products?limit=1",
        "Connection: close\r\n",
        usize::MAX,
    )?;
    if !answer.starts_with("HTTP/1.1 200") {
        bail!("it answers with {answer}");
    }
    Ok(())
}

/// Where a page is that has all that a server has, as it says it when it comes back: by what a snapshot
/// and the pulse after it tell.
pub fn position(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = open(address, "/ws", Protocol::WebSocket.headers())?;
    let mut told = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            bail!("no pulse before the end");
        }
        told.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&told);
        let Some((_, pulse)) = text.split_once(r#"{"type":"pulse","#) else {
            continue;
        };
        if pulse.contains('}') {
            let catalog = member(&text, r#""catalog":""#)?;
            let revision = member(pulse, r#""revision":"#)?;
            let digest = member(pulse, r#""digest":""#)?;
            return Ok(format!(
                "catalog={catalog}&since={revision}&digest={digest}"
            ));
        }
    }
}

/// What follows this in a text of JSON: letters, digits and hyphens.
fn member<'a>(text: &'a str, name: &str) -> anyhow::Result<&'a str> {
    let (_, rest) = text
        .split_once(name)
        .with_context(|| format!("no {name}"))?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    Ok(&rest[..end.unwrap_or(rest.len())])
}

/// The answer of a server, up to about this many bytes.
pub fn get(address: SocketAddr, path: &str, headers: &str, most: usize) -> anyhow::Result<String> {
    let mut stream = open(address, path, headers)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    while answer.len() < most {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn open(address: SocketAddr, path: &str, headers: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
fn number(of: u64) -> f64 {
    of as f64
}
