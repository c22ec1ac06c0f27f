//! Several servers that share one store: what they write together, and what a delivery costs when pages are
//! on all of them.

use std::net::SocketAddr;
use std::time::Duration;

use crate::crowd::{Crowd, Visit};
use crate::run::SETTLE;
use crate::store::Store;
use crate::target::{Cpu, Kind, Target};
use crate::writers::{self, Work};

/// Runs the same work with each number of servers, in turn, and prints one line for each. There are as
/// many pages at each server; writers are spread over all of them, or with `is_apart` write to the first
/// while the pages are at the others.
pub fn compare(
    targets: &[Kind],
    counts: &[usize],
    connections: usize,
    work: &Work,
    is_apart: bool,
    rounds: usize,
) -> anyhow::Result<()> {
    println!("{connections} pages a server, {work}\n");
    println!(
        "| target | servers | writes/s | answer p50/p99 ms | expected | missing | other order | \
         delay p50/p99/p99.9/max ms | CPU µs/delivery, or /write without pages (user+system) | \
         ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for _ in 0..rounds {
        let mut first = None;
        for kind in targets {
            for count in counts {
                let measured = measure(*kind, *count, connections, work, is_apart)?;
                let cost = measured.cost_us();
                let base = *first.get_or_insert(cost);
                println!("| {kind:?} {}", measured.line(*count, cost / base));
            }
        }
    }
    Ok(())
}

struct Measured {
    written: writers::Written,
    seen: Vec<crate::count::Seen>,
    expected: u64,
    cpu: Cpu,
}

fn measure(
    kind: Kind,
    count: usize,
    connections: usize,
    work: &Work,
    is_apart: bool,
) -> anyhow::Result<Measured> {
    let store = Store::start(kind)?;
    let url = store.url();
    let servers = Target::start_all(kind, &url, count)?;
    std::thread::sleep(SETTLE);
    let with_pages = &servers[usize::from(is_apart && count > 1)..];
    let mut crowds = Vec::new();
    for server in with_pages.iter().filter(|_| connections > 0) {
        crowds.push(Crowd::open(&Visit::of_pages(
            kind,
            server.address,
            connections,
        ))?);
    }
    std::thread::sleep(SETTLE);
    let before = cpu_of(&servers)?;
    let addresses: Vec<SocketAddr> = if is_apart {
        vec![servers[0].address]
    } else {
        servers.iter().map(|server| server.address).collect()
    };
    let written = writers::write_to(&addresses, kind, work)?;
    let expected = written.products * connections as u64;
    for crowd in &crowds {
        crowd.wait_for(expected, Duration::from_secs(20));
    }
    let cpu = cpu_of(&servers)?.since(before);
    let expected = expected * crowds.len() as u64;
    let seen = crowds.into_iter().map(Crowd::finish);
    Ok(Measured {
        written,
        seen: seen.collect::<anyhow::Result<_>>()?,
        expected,
        cpu,
    })
}

/// What all of them used.
fn cpu_of(servers: &[Target]) -> anyhow::Result<Cpu> {
    let mut all = Cpu::default();
    for server in servers {
        let cpu = server.cpu()?;
        all.user += cpu.user;
        all.system += cpu.system;
    }
    Ok(all)
}

impl Measured {
    fn deliveries(&self) -> u64 {
        self.seen.iter().map(|seen| seen.deliveries).sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn cost_us(&self) -> f64 {
        let units = self.deliveries().max(self.written.products).max(1);
        self.cpu.total().as_secs_f64() * 1e6 / units as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn line(&self, count: usize, ratio: f64) -> String {
        let written = &self.written;
        let ms = |quantile| written.delay.value_at_quantile(quantile) as f64 / 1_000.0;
        let user = self.cpu.user.as_secs_f64() / self.cpu.total().as_secs_f64().max(1e-9);
        let cost = self.cost_us();
        format!(
            "| {count} | {:.0} | {:.2}/{:.2} | {} | {cost:.2} ({:.2}+{:.2}) | {ratio:.2} |",
            written.products as f64 / written.time.as_secs_f64(),
            ms(0.5),
            ms(0.99),
            self.pages(),
            cost * user,
            cost * (1.0 - user),
        )
    }

    /// What the pages saw; the delays are those of the server where they were longest.
    fn pages(&self) -> String {
        let slowest = self
            .seen
            .iter()
            .max_by_key(|seen| seen.delay.value_at_quantile(0.99));
        let Some(slowest) = slowest else {
            return "- | - | - | -".to_owned();
        };
        format!(
            "{} | {} | {} | {}",
            self.expected,
            self.expected.saturating_sub(self.deliveries()),
            self.seen.iter().map(|seen| seen.differing).sum::<usize>(),
            slowest.delays_ms(),
        )
    }
}
