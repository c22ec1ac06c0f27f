//! What is lost when something is killed under three servers: one of them, or what they share.

use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::crowd::{Crowd, Visit};
use crate::mark;
use crate::run::SETTLE;
use crate::store::Store;
use crate::storm::{get, position};
use crate::target::{Kind, Target};
use crate::writers::post;

const SERVERS: usize = 3;

/// How long an answer is waited for before another server is asked.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    /// The server that is written to.
    Server,
    /// What the servers share.
    Store,
}

/// Kills something in the middle, for each target, and prints what was lost.
pub fn compare(
    targets: &[Kind],
    connections: usize,
    rate: u32,
    seconds: u64,
) -> anyhow::Result<()> {
    println!("{connections} pages at each of two servers that live on, {rate} products/s\n");
    println!(
        "| target | killed | acknowledged | in the list afterwards | deliveries expected | missing | \
         twice | longest time without an answer s | pages of the killed server are live at another s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for kind in targets {
        for victim in [Victim::Server, Victim::Store] {
            println!("{}", measure(*kind, victim, connections, rate, seconds)?);
        }
    }
    Ok(())
}

fn measure(
    kind: Kind,
    victim: Victim,
    connections: usize,
    rate: u32,
    seconds: u64,
) -> anyhow::Result<String> {
    let mut store = Store::start(kind)?;
    let url = store.url();
    let mut servers = Target::start_all(kind, &url, SERVERS)?;
    std::thread::sleep(SETTLE);
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let mut crowds = Vec::new();
    for address in &addresses[1..] {
        crowds.push(Crowd::open(&Visit::of_pages(kind, *address, connections))?);
    }
    std::thread::sleep(SETTLE);
    let time = Duration::from_secs(seconds);
    let writer = write(addresses.clone(), kind, rate, time);
    std::thread::sleep(time / 3);
    let moved = match victim {
        Victim::Server => {
            let path = match kind {
                Kind::Vitrina => &format!("/ws?{}", position(addresses[0])?),
                _ => kind.socket_path(),
            };
            drop(servers.remove(0));
            let seconds = move_pages(kind, addresses[1], path, connections)?;
            format!("{seconds:.2}")
        }
        Victim::Store => {
            store.kill()?;
            "-".to_owned()
        }
    };
    let Ok(written) = writer.join() else {
        bail!("the writer failed")
    };
    let written = written?;
    // What is late comes now.
    std::thread::sleep(2 * SETTLE);
    let count = count(addresses[1], kind)?;
    let (mut missing, mut twice) = (0, 0);
    for crowd in crowds {
        let seen = crowd.finish()?;
        for number in &written.acknowledged {
            let index = usize::try_from(*number)?;
            let times = seen.per_product.get(index).copied().unwrap_or(0);
            missing += connections.saturating_sub(times);
            twice += times.saturating_sub(connections);
        }
    }
    let acknowledged = written.acknowledged.len();
    Ok(format!(
        "| {kind:?} | {victim:?} | {acknowledged} | {count} | {} | {missing} | {twice} | {:.2} | {moved} |",
        acknowledged * connections * (SERVERS - 1),
        written.pause.as_secs_f64(),
    ))
}

/// Has as many pages as a server had come to another at once, and gives the seconds until all have a
/// product that was written since.
fn move_pages(
    kind: Kind,
    address: SocketAddr,
    path: &str,
    connections: usize,
) -> anyhow::Result<f64> {
    let start = mark::now_us();
    let crowd = Crowd::open(&Visit {
        path,
        at_once: connections,
        goal: 1,
        ..Visit::of_pages(kind, address, connections)
    })?;
    crowd.wait_until_reached(connections as u64, PATIENCE);
    let seen = crowd.finish()?;
    if seen.reached.len() < connections as u64 {
        bail!("{} of {connections} pages are live", seen.reached.len());
    }
    let time = Duration::from_micros(seen.reached.max().saturating_sub(start));
    Ok(time.as_secs_f64())
}

struct Written {
    /// The numbers of the products whose creation was answered.
    acknowledged: Vec<u64>,
    /// The longest time from one answer to the next.
    pause: Duration,
}

/// Writes in a thread of its own, as a program does that goes to the next server when one fails, and asks
/// again with the same key.
fn write(
    addresses: Vec<SocketAddr>,
    kind: Kind,
    rate: u32,
    time: Duration,
) -> JoinHandle<anyhow::Result<Written>> {
    std::thread::spawn(move || {
        let start = Instant::now();
        let mut written = Written {
            acknowledged: Vec::new(),
            pause: Duration::ZERO,
        };
        let mut at = 0;
        let mut stream = None;
        let mut answered = Instant::now();
        for number in 0.. {
            let due = Duration::from_secs(number) / rate;
            if due >= time {
                break;
            }
            std::thread::sleep(due.saturating_sub(start.elapsed()));
            let product = mark::product(number);
            let key = format!("Idempotency-Key: {number}\r\n");
            loop {
                let address = addresses[at % addresses.len()];
                let status = ask(&mut stream, address, kind, &product, &key);
                if matches!(status, Ok(200 | 201)) {
                    break;
                }
                if start.elapsed() > 4 * time {
                    bail!("product {number} is never answered: {status:?}");
                }
                stream = None;
                at += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
            written.acknowledged.push(number);
            written.pause = written.pause.max(answered.elapsed());
            answered = Instant::now();
        }
        Ok(written)
    })
}

/// One request, on the connection that is there or a new one.
fn ask(
    stream: &mut Option<TcpStream>,
    address: SocketAddr,
    kind: Kind,
    product: &str,
    key: &str,
) -> anyhow::Result<u16> {
    let stream = if let Some(stream) = stream {
        stream
    } else {
        let opened = TcpStream::connect(address)?;
        opened.set_nodelay(true)?;
        opened.set_read_timeout(Some(PATIENCE))?;
        stream.insert(opened)
    };
    post(stream, address, kind.products_path(), key, product)
}

/// How many products a server says that there are.
fn count(address: SocketAddr, kind: Kind) -> anyhow::Result<u64> {
    let path = format!("{}?limit=1", kind.products_path());
    let answer = get(address, &path, "Connection: close\r\n", usize::MAX)?;
    let (_, rest) = answer.split_once("\"count\":").context("no count")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
}
