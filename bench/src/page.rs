//! Lists in Chromium: Vitrina's page, and what others would write on the same socket.

use std::fmt::{self, Write as _};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use serde_json::{Value, json};
use testbed::{Chromium, Network, Window};
use tokio::time::sleep;

use crate::import::import;
use crate::peers;
use crate::target::{Kind as Server, Target};
use crate::wire::Wire;

/// How long something is waited for that a page shows.
const MAX_WAIT: Duration = Duration::from_mins(3);

/// What browsers call slow 3G: 400 kbit/s, 400 ms.
const SLOW: Network = Network {
    is_offline: false,
    latency_ms: 400,
    bytes_per_second: 50_000,
};

/// The list that is opened over a slow network.
const SLOW_PRODUCTS: u64 = 10_000;

/// How many changes come each second, and for how long.
const CHANGES_PER_SECOND: u64 = 1_000;
const CHANGES_TIME: Duration = Duration::from_secs(5);

/// The stock that the newest product has after the last change.
const LAST_STOCK: u64 = 777_777;

/// A page didn't show something in time.
#[derive(Debug)]
struct NeverCame(String);

impl fmt::Display for NeverCame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it never came: {}", self.0)
    }
}

impl std::error::Error for NeverCame {}

/// Which page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Vitrina's own.
    Vitrina,
    /// No library, and a row for each product: `peers/pages/src/plain.js`.
    Plain,
    /// React, with react-window: `peers/pages/src/react.jsx`.
    React,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Vitrina => "vitrina",
            Self::Plain => "plain",
            Self::React => "react",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Vitrina => "/realtimeproducts",
            Self::Plain => "/plain.html",
            Self::React => "/react.html",
        }
    }

    /// The rows that it shows.
    fn rows(self) -> &'static str {
        match self {
            Self::Vitrina => "[data-products] > [data-product]",
            Self::Plain => "tr",
            Self::React => ".row",
        }
    }

    /// Whether it has all of so many products.
    fn has_all(self, products: u64) -> String {
        match self {
            Self::Vitrina => {
                "document.getElementById('status')?.dataset.state === 'live'".to_owned()
            }
            Self::Plain | Self::React => format!("document.body?.dataset.count == {products}"),
        }
    }
}

/// What serves the other pages. Dropping it ends it.
struct Pages(Child, SocketAddr);

impl Pages {
    fn start() -> anyhow::Result<Self> {
        let mut child = peers::pages()?.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("no pipe")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://");
        let address = address.with_context(|| format!("it says no address: {line:?}"))?;
        Ok(Self(child, address.parse()?))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Opens each page with lists of each size, in turn, and prints a line for each.
pub fn compare(pages: &[Kind], products: &[u64]) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let others = Pages::start()?;
    println!(
        "| products | page | first row ms, new and again | all ms, new and again | ratio | kB | \
         scrolling: frames/s, longest ms | {CHANGES_PER_SECOND} changes/s: frames/s, longest ms, \
         over 50 ms | a key in the search: until all is found, longest frame, ms | CPU s until all | MiB | \
         slow 3G: first row s, all s |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for &products in products {
        let target = Target::start(Server::Vitrina)?;
        fill(&target, products)?;
        let mut first = None;
        for &kind in pages {
            let own = if kind == Kind::Vitrina {
                target.address
            } else {
                others.1
            };
            let measured = match runtime.block_on(measure(kind, &target, own, products)) {
                Ok(measured) => measured,
                Err(error) if error.is::<NeverCame>() => {
                    println!("| {products} | {} | not within {MAX_WAIT:?} |", kind.name());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let base = *first.get_or_insert(measured.again.all);
            println!("{}", measured.line(kind, products, base));
        }
    }
    Ok(())
}

/// Fills a list with products of a shop's size.
fn fill(target: &Target, products: u64) -> anyhow::Result<()> {
    const WORDS: [&str; 8] = [
        "lamp", "mug", "chair", "table", "basket", "blanket", "kettle", "mirror",
    ];
    let mut file = String::new();
    for number in 1..=products {
        let word = |step: u64| WORDS[usize::try_from(number / step % 8).unwrap_or_default()];
        writeln!(
            file,
            "{{\"title\":\"{} {} {number}\",\"description\":\"A {} that goes with every {}.\",\
             \"code\":\"P-{number}\",\"price\":{}.5,\"stock\":{},\"category\":\"{}\"}}",
            word(1),
            word(8),
            word(1),
            word(64),
            number % 500,
            number % 90,
            word(512),
        )?;
    }
    let answer = import(target, &file)?;
    ensure!(
        answer.contains(&format!("\"added\":{products},")),
        "{answer}"
    );
    Ok(())
}

/// When a page showed something, in milliseconds after it was asked for.
#[derive(Clone, Copy)]
struct Shown {
    first: f64,
    all: f64,
}

struct Measured {
    new: Shown,
    again: Shown,
    bytes: u64,
    /// Frames a second and the longest frame in milliseconds, while it is scrolled.
    scrolling: (f64, f64),
    /// The same while products change, and how many frames took more than 50 ms.
    changing: (f64, f64, f64),
    /// How long a search takes at most, and its longest frame, in milliseconds; the other pages have none.
    searching: Option<(f64, f64)>,
    cpu: Duration,
    memory_kib: u64,
    slow: Option<Shown>,
}

impl Measured {
    fn line(&self, kind: Kind, products: u64, base: f64) -> String {
        let slow = self
            .slow
            .map(|shown| format!("{:.1}, {:.1}", shown.first / 1_000.0, shown.all / 1_000.0));
        let searching = self.searching;
        let searching = searching.map(|(found, frame)| format!("{found:.0}, {frame:.0}"));
        format!(
            "| {products} | {} | {:.0}, {:.0} | {:.0}, {:.0} | {:.2} | {} | {:.0}, {:.0} | \
             {:.0}, {:.0}, {} | {} | {:.2} | {} | {} |",
            kind.name(),
            self.new.first,
            self.again.first,
            self.new.all,
            self.again.all,
            self.again.all / base,
            self.bytes / 1_000,
            self.scrolling.0,
            self.scrolling.1,
            self.changing.0,
            self.changing.1,
            self.changing.2,
            searching.as_deref().unwrap_or("-"),
            self.cpu.as_secs_f64(),
            self.memory_kib / 1_024,
            slow.as_deref().unwrap_or("-"),
        )
    }
}

async fn measure(
    kind: Kind,
    target: &Target,
    own: SocketAddr,
    products: u64,
) -> anyhow::Result<Measured> {
    let wire = Wire::start(target.address, own)?;
    let browser = open(kind, products).await;
    let new = goto(&browser, kind, &wire).await?;
    let bytes = wire.sent();
    // The second time the browser has what can be kept.
    let before = renderer(&browser)?;
    let again = goto(&browser, kind, &wire).await?;
    let after = renderer(&browser)?;
    let is_same = before.process == after.process;
    let cpu = if is_same {
        after.cpu.saturating_sub(before.cpu)
    } else {
        after.cpu
    };
    sleep(Duration::from_secs(3)).await;
    let memory_kib = renderer(&browser)?.memory_kib;
    let scrolling = frames(&browser, "list.scrollTop += 900", Duration::from_secs(3)).await?;
    run(
        &browser,
        "document.getElementById('list').scrollTop = 0; return 1",
    )
    .await?;
    sleep(Duration::from_secs(1)).await;
    let address = target.address;
    let writing = std::thread::spawn(move || change(address, products));
    let changing = frames(&browser, "", CHANGES_TIME).await?;
    writing
        .join()
        .map_err(|_| anyhow::anyhow!("the writer failed"))??;
    let shows_last = format!(
        "[...document.querySelectorAll(\"{}\")].some(row => row.textContent.replace(/\\D/g, '')\
         .includes('{LAST_STOCK}'))",
        kind.rows()
    );
    until(&browser, &shows_last).await?;
    let searching = if kind == Kind::Vitrina {
        Some(search(&browser).await?)
    } else {
        None
    };
    drop(browser);
    let mut slow = None;
    if products == SLOW_PRODUCTS {
        let browser = open(kind, products).await;
        browser.set_network(&SLOW).await;
        slow = Some(goto(&browser, kind, &wire).await?);
    }
    Ok(Measured {
        new,
        again,
        bytes,
        scrolling: (scrolling[0], scrolling[1]),
        changing: (changing[0], changing[1], changing[2]),
        searching,
        cpu,
        memory_kib,
        slow,
    })
}

/// A browser that notes when a page shows its first row, and all.
async fn open(kind: Kind, products: u64) -> Chromium {
    let browser = Chromium::open(&Window {
        language: "en",
        is_dark: false,
        size: (1440, 900),
        is_phone: false,
        camera: None,
    })
    .await;
    let note = format!(
        "const marks = window.marks = {{}}; const look = () => {{ \
         if (!marks.first && document.querySelector('{}')) marks.first = performance.now(); \
         if (!marks.all && ({})) marks.all = performance.now(); \
         if (!marks.all) requestAnimationFrame(look) }}; requestAnimationFrame(look)",
        kind.rows(),
        kind.has_all(products)
    );
    browser.run_first(&note).await;
    browser
}

async fn goto(browser: &Chromium, kind: Kind, wire: &Wire) -> anyhow::Result<Shown> {
    let url = format!("http://{}{}", wire.address, kind.path());
    browser.client.goto(&url).await?;
    until(browser, "window.marks?.all").await?;
    let marks = run(browser, "return window.marks").await?;
    let mark = |name: &str| marks[name].as_f64().context("no mark");
    Ok(Shown {
        first: mark("first")?,
        all: mark("all")?,
    })
}

async fn run(browser: &Chromium, script: &str) -> anyhow::Result<Value> {
    Ok(browser.client.execute(script, Vec::new()).await?)
}

async fn until(browser: &Chromium, condition: &str) -> anyhow::Result<()> {
    let script = format!("return Boolean({condition})");
    let start = Instant::now();
    while run(browser, &script).await? != json!(true) {
        if start.elapsed() > MAX_WAIT {
            bail!(NeverCame(condition.to_owned()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Does something in each frame, for so long: frames a second, the longest of them in milliseconds, and
/// how many took more than 50 ms.
async fn frames(browser: &Chromium, step: &str, time: Duration) -> anyhow::Result<Vec<f64>> {
    let script = format!(
        "return new Promise(done => {{ const list = document.getElementById('list'); \
         let count = 0, longest = 0, long = 0, last; const start = performance.now(); \
         const frame = now => {{ if (last) {{ count += 1; longest = Math.max(longest, now - last); \
         long += now - last > 50 }} last = now; {step}; \
         if (now - start > {0}) done([count * 1000 / (now - start), longest, long]); \
         else requestAnimationFrame(frame) }}; requestAnimationFrame(frame) }})",
        time.as_millis()
    );
    Ok(serde_json::from_value(run(browser, &script).await?)?)
}

/// Types into the search, letter by letter (each finds fewer or more): how long it takes at most until all is found, and the longest frame, in
/// milliseconds.
async fn search(browser: &Chromium) -> anyhow::Result<(f64, f64)> {
    let script = "const [search, count] = ['search-text', 'filters'].map(id => document.getElementById(id)), \
         words = count.querySelector('[data-count]'), frame = () => new Promise(requestAnimationFrame); \
         let found = 0, longest = 0; \
         for (const text of ['m', 'mi', '', 'lamp', 'lamp mug', '']) { \
         await frame(); const before = words.textContent, start = performance.now(); let last = start; \
         search.value = text; search.dispatchEvent(new Event('input')); \
         do { await frame(); const now = performance.now(); longest = Math.max(longest, now - last); last = now } \
         while (words.textContent === before && last - start < 10_000); \
         found = Math.max(found, last - start) } return [found, longest]";
    Ok(serde_json::from_value(run(browser, script).await?)?)
}

/// Changes the newest products, in batches as a program would, and the newest once more at the end.
fn change(address: SocketAddr, products: u64) -> anyhow::Result<()> {
    const BATCH: u64 = 50;
    let mut stream = TcpStream::connect(address)?;
    let pause = Duration::from_millis(1_000 * BATCH / CHANGES_PER_SECOND);
    let start = Instant::now();
    let mut round = 0_u32;
    while start.elapsed() < CHANGES_TIME {
        let first = u64::from(round) * BATCH % products.min(1_000);
        let commands = (first..first + BATCH).map(|place| {
            json!({"type": "update", "id": products - place, "patch": {"stock": 1_000 + round}})
        });
        send(
            &mut stream,
            &json!({"commands": commands.collect::<Vec<Value>>()}),
        )?;
        round += 1;
        std::thread::sleep((start + pause * round).saturating_duration_since(Instant::now()));
    }
    let last = json!({"type": "update", "id": products, "patch": {"stock": LAST_STOCK}});
    send(&mut stream, &json!({"commands": [last]}))
}

/// Sends a batch and reads its answer.
fn send(stream: &mut TcpStream, batch: &Value) -> anyhow::Result<()> {
    let body = batch.to_string();
    let address = stream.peer_addr()?;
    write!(
        stream,
        "POST /api/products/batch HTTP/1.1\r\nHost: {address}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = stream.read(&mut buffer)?;
        ensure!(length > 0, "the server hung up");
        answer.extend_from_slice(&buffer[..length]);
        // The results are an array in an object.
        if answer.ends_with(b"]}") {
            break;
        }
    }
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}

/// The process that shows the page.
struct Renderer {
    process: PathBuf,
    cpu: Duration,
    memory_kib: u64,
}

/// Finds the browser's largest process that shows pages.
fn renderer(browser: &Chromium) -> anyhow::Result<Renderer> {
    let group = browser.process_group().to_string();
    let mut largest: Option<Renderer> = None;
    for process in std::fs::read_dir("/proc")?.flatten() {
        // Others come and go meanwhile.
        let Some(found) = look_at(&process.path(), &group) else {
            continue;
        };
        if largest
            .as_ref()
            .is_none_or(|largest| largest.memory_kib < found.memory_kib)
        {
            largest = Some(found);
        }
    }
    largest.context("no process shows the page")
}

/// A process of this group, where it shows pages (proc(5)).
fn look_at(process: &Path, group: &str) -> Option<Renderer> {
    /// `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux there is.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if fields.get(2) != Some(&group) {
        return None;
    }
    let command = std::fs::read(process.join("cmdline")).ok()?;
    if !String::from_utf8_lossy(&command).contains("--type=renderer") {
        return None;
    }
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let memory = std::fs::read_to_string(process.join("smaps_rollup")).ok()?;
    let own = memory.lines().find(|line| line.starts_with("Pss:"))?;
    Some(Renderer {
        process: process.to_owned(),
        cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND),
        memory_kib: own.split_whitespace().nth(1)?.parse().ok()?,
    })
}
