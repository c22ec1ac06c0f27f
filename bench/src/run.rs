//! One run: targets in turn under the same load, and a table with their ratios.

use std::time::Duration;

use crate::count::Seen;
use crate::crowd::{Crowd, Visit};
use crate::medians::{self, Round};
use crate::target::{Cpu, Kind, Target};
use crate::writers::{self, Work, Written};

/// How long a server is left alone before its memory is read.
pub const SETTLE: Duration = Duration::from_secs(2);

struct Measured {
    connect_time: Duration,
    memory_before_kib: u64,
    memory_after_kib: u64,
    peak_kib: u64,
    cpu: Cpu,
    written: Written,
    seen: Seen,
}

/// Runs each target in turn, `rounds` times, and prints one line for each, and after several rounds
/// what they come to.
pub fn compare(
    targets: &[Kind],
    connections: usize,
    work: &Work,
    rounds: usize,
) -> anyhow::Result<()> {
    println!("{connections} connections, {work}\n");
    println!(
        "| target | writes/s | answer p50/p99 ms | expected | missing | other order | \
         delay p50/p99/p99.9/max ms | last page p99 ms | messages | bytes/page | \
         CPU µs/delivery, or /write without pages (user+system) | ratio | KiB/connection | \
         connects/s | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let has_pages = connections > 0;
    let mut compared = Vec::new();
    for _ in 0..rounds {
        let mut first = None;
        for kind in targets {
            let measured = measure(*kind, connections, work)?;
            let cost = measured.cost_us();
            let base = *first.get_or_insert(cost);
            let ratio = cost / base;
            println!("{}", measured.line(*kind, connections, ratio));
            compared.push(Round {
                kind: *kind,
                ratio,
                writes: measured.writes_per_second(),
                delay_ms: has_pages.then(|| measured.delay_p99_ms()),
                last_page_ms: has_pages.then(|| measured.last_page_ms()),
                page_kib: has_pages.then(|| measured.page_kib(connections)),
            });
        }
    }
    if rounds > 1 {
        println!("\n{}", medians::table(&compared));
    }
    Ok(())
}

fn measure(kind: Kind, connections: usize, work: &Work) -> anyhow::Result<Measured> {
    let target = Target::start(kind)?;
    // A server says where it is before all that it sets up at the start is there.
    std::thread::sleep(SETTLE);
    let memory_before_kib = target.memory_kib("VmRSS")?;
    let crowd = Crowd::open(&Visit::of_pages(kind, target.address, connections))?;
    let connect_time = crowd.connect_time;
    // What connecting left to do is done before anything is measured.
    std::thread::sleep(SETTLE);
    let memory_after_kib = target.memory_kib("VmRSS")?;
    let before = target.cpu()?;
    let written = writers::write(&target, work)?;
    let expected = written.products * connections as u64;
    crowd.wait_for(expected, Duration::from_secs(20));
    let cpu = target.cpu()?.since(before);
    Ok(Measured {
        connect_time,
        memory_before_kib,
        memory_after_kib,
        peak_kib: target.memory_kib("VmHWM")?,
        cpu,
        written,
        seen: crowd.finish()?,
    })
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn cost_us(&self) -> f64 {
        let units = self.seen.deliveries.max(self.written.products).max(1);
        self.cpu.total().as_secs_f64() * 1e6 / units as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn line(&self, kind: Kind, connections: usize, ratio: f64) -> String {
        let written = &self.written;
        let ms = |quantile| written.delay.value_at_quantile(quantile) as f64 / 1_000.0;
        let user = self.cpu.user.as_secs_f64() / self.cpu.total().as_secs_f64().max(1e-9);
        let cost = self.cost_us();
        format!(
            "| {kind:?} | {:.0} | {:.2}/{:.2} | {} | {cost:.2} ({:.2}+{:.2}) | {ratio:.2} | {} | {:.1} |",
            self.writes_per_second(),
            ms(0.5),
            ms(0.99),
            self.deliveries(connections),
            cost * user,
            cost * (1.0 - user),
            self.connections(connections),
            self.peak_kib as f64 / 1024.0,
        )
    }

    /// What the pages saw.
    fn deliveries(&self, connections: usize) -> String {
        if connections == 0 {
            return "- | - | - | - | - | - | -".to_owned();
        }
        let seen = &self.seen;
        let expected = self.written.products * connections as u64;
        format!(
            "{expected} | {} | {} | {} | {:.2} | {} | {}",
            expected.saturating_sub(seen.deliveries),
            seen.differing,
            seen.delays_ms(),
            self.last_page_ms(),
            seen.messages,
            seen.bytes / connections as u64,
        )
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn writes_per_second(&self) -> f64 {
        self.written.products as f64 / self.written.time.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn delay_p99_ms(&self) -> f64 {
        self.seen.delay.value_at_quantile(0.99) as f64 / 1_000.0
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn last_page_ms(&self) -> f64 {
        self.seen.last_delay.value_at_quantile(0.99) as f64 / 1_000.0
    }

    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn page_kib(&self, connections: usize) -> f64 {
        let grown = self.memory_after_kib.saturating_sub(self.memory_before_kib);
        grown as f64 / connections as f64
    }

    /// What the pages cost while nothing happens, and how fast they came.
    #[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
    fn connections(&self, connections: usize) -> String {
        if connections == 0 {
            return "- | -".to_owned();
        }
        format!(
            "{:.2} | {:.0}",
            self.page_kib(connections),
            connections as f64 / self.connect_time.as_secs_f64().max(1e-9),
        )
    }
}
