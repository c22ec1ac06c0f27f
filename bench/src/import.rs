//! A file that is imported while pages watch.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::crowd::{self, Crowd, Visit};
use crate::mark;
use crate::run::SETTLE;
use crate::target::{Kind, Target};

/// Imports this many rows with and without pages that watch.
pub fn compare(rows: u64, connections: usize) -> anyhow::Result<()> {
    println!("{rows} rows, one JSON object a line\n");
    println!(
        "| pages | MiB of file | import s | rows/s | last page has all, s | missing | other order | \
         CPU s (user+system) | MiB before | peak MiB | MiB after |\n\
         |---|---|---|---|---|---|---|---|---|---|---|"
    );
    for connections in [0, connections] {
        measure(rows, connections)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown with a few digits")]
fn measure(rows: u64, connections: usize) -> anyhow::Result<()> {
    let target = Target::start(Kind::Vitrina)?;
    let crowd = Crowd::open(&Visit {
        address: target.address,
        path: target.kind.socket_path(),
        greeting: target.kind.greeting(),
        protocol: target.kind.protocol(),
        connections,
        at_once: crowd::GENTLY,
        goal: rows,
    })?;
    std::thread::sleep(SETTLE);
    let mut file = String::new();
    for number in 0..rows {
        writeln!(file, "{}", mark::product(number))?;
    }
    let memory = target.memory_kib("VmRSS")?;
    let (cpu, start, start_us) = (target.cpu()?, Instant::now(), mark::now_us());
    let answer = import(&target, &file)?;
    let time = start.elapsed();
    let wanted = format!(r#""added":{rows},"updated":0,"skipped":0,"refused":0"#);
    let last = answer.lines().rfind(|line| line.contains("finished"));
    ensure!(last.is_some_and(|line| line.contains(&wanted)), "{answer}");
    let expected = rows * connections as u64;
    crowd.wait_for(expected, Duration::from_mins(2));
    let cpu = target.cpu()?.since(cpu);
    let after = target.memory_kib("VmRSS")?;
    let seen = crowd.finish()?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    let last = if connections == 0 {
        "-".to_owned()
    } else {
        let us = seen.reached.max().saturating_sub(start_us);
        format!("{:.2}", Duration::from_micros(us).as_secs_f64())
    };
    println!(
        "| {connections} | {:.1} | {:.2} | {:.0} | {last} | {} | {} | {:.2} ({:.2}+{:.2}) | {:.1} | {:.1} | {:.1} |",
        mib(file.len() as u64 / 1024),
        time.as_secs_f64(),
        rows as f64 / time.as_secs_f64(),
        expected.saturating_sub(seen.deliveries),
        seen.differing,
        cpu.total().as_secs_f64(),
        cpu.user.as_secs_f64(),
        cpu.system.as_secs_f64(),
        mib(memory),
        mib(target.memory_kib("VmHWM")?),
        mib(after),
    );
    Ok(())
}

/// Sends the file, and reads the answer meanwhile.
pub fn import(target: &Target, file: &str) -> anyhow::Result<String> {
    let address = target.address;
    let mut stream = TcpStream::connect(address)?;
    let head = format!(
        "POST /api/products/import?progress=true HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
        file.len()
    );
    let mut reader = stream.try_clone()?;
    let reading = std::thread::spawn(move || {
        let mut answer = String::new();
        reader.read_to_string(&mut answer).map(|_| answer)
    });
    stream.write_all(head.as_bytes())?;
    stream.write_all(file.as_bytes())?;
    match reading.join() {
        Ok(answer) => Ok(answer?),
        Err(_) => anyhow::bail!("the reader failed"),
    }
}
