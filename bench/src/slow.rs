//! Pages that read nothing, beside a crowd that reads: what they cost, and whether the crowd
//! waits for them.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

use crate::crowd::{Crowd, Visit};
use crate::frame::Protocol;
use crate::run::SETTLE;
use crate::target::{Kind, Target};
use crate::writers::{self, Work};

/// Measures the crowd's delays alone and beside `slow` pages that read nothing, in turn.
pub fn compare(connections: usize, slow: usize, work: &Work, rounds: usize) -> anyhow::Result<()> {
    println!(
        "{connections} pages that read, {} products/s, {} s\n",
        work.rate,
        work.time.as_secs()
    );
    println!(
        "| slow pages | missing | other order | delay p50/p99/p99.9/max ms | server's memory grew, MiB | in the kernel's send queue, KiB/slow page (most) |\n|---|---|---|---|---|---|"
    );
    for _ in 0..rounds {
        for slow in [0, slow] {
            measure(connections, slow, work)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
fn measure(connections: usize, slow: usize, work: &Work) -> anyhow::Result<()> {
    let target = Target::start(Kind::Vitrina)?;
    let crowd = Crowd::open(&Visit::of_pages(target.kind, target.address, connections))?;
    let deaf: Vec<_> = (0..slow)
        .map(|_| deaf_page(target.address))
        .collect::<Result<_, _>>()?;
    std::thread::sleep(SETTLE);
    let before = target.memory_kib("VmRSS")?;
    let written = writers::write(&target, work)?;
    let expected = written.products * connections as u64;
    crowd.wait_for(expected, Duration::from_secs(20));
    let grown = target.memory_kib("VmRSS")?.saturating_sub(before);
    let queued = deaf
        .iter()
        .map(|page| queued_bytes(target.address, page.local_addr()?))
        .collect::<anyhow::Result<Vec<u64>>>()?;
    let seen = crowd.finish()?;
    let most = queued.iter().max().copied().unwrap_or_default();
    println!(
        "| {slow} | {} | {} | {} | {:.1} | {:.0} |",
        expected.saturating_sub(seen.deliveries),
        seen.differing,
        seen.delays_ms(),
        grown as f64 / 1_024.0,
        most as f64 / 1_024.0,
    );
    Ok(())
}

/// A page that asks for the list and never reads.
fn deaf_page(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let headers = Protocol::WebSocket.headers();
    let request = format!("GET /ws HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// What the kernel holds that was written on the server's side of a connection and not yet taken
/// by the other: `tx_queue` of `/proc/net/tcp` (proc(5)).
fn queued_bytes(server: SocketAddr, page: SocketAddr) -> anyhow::Result<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let port = |address: SocketAddr| format!(":{:04X}", address.port());
    let (server, page) = (port(server), port(page));
    let queue = table.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let is_it = fields.next()?.ends_with(&server) && fields.next()?.ends_with(&page);
        let queues = fields.nth(1).filter(|_| is_it)?;
        u64::from_str_radix(queues.split(':').next()?, 16).ok()
    });
    queue.context("a slow page was closed")
}
