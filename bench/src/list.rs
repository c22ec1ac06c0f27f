//! Lists over HTTP: a page of them, searched, sorted, filtered, from a catalog of many products,
//! asked for by `wrk` on connections that are kept.

use std::fmt::Write;
use std::process::Command;

use anyhow::Context;

use crate::peers;
use crate::target::{Kind, Target};
use crate::writers::{self, Work};

/// Products of one answer.
const PAGE: &str = "50";

const NOUNS: [&str; 10] = [
    "Lámpara", "Chair", "Mesa", "Notebook", "Teapot", "Manta", "Shelf", "Reloj", "Cuchillo", "Rug",
];
const KINDS: [&str; 10] = [
    "de roble",
    "in linen",
    "pequeña",
    "for travel",
    "Aurora",
    "plegable",
    "in blue",
    "clásica",
    "with lid",
    "XL",
];
const WORDS: [&str; 10] = [
    "handmade",
    "ligera",
    "that lasts for years",
    "con dos años de garantía",
    "easy to clean",
    "hecha a mano",
    "from recycled wood",
    "para la cocina",
    "with a steel frame",
    "de algodón",
];

/// A question, as each server wants it asked: the parameters and their values.
struct Question {
    name: &'static str,
    vitrina: &'static [(&'static str, &'static str)],
    pocketbase: &'static [(&'static str, &'static str)],
}

const QUESTIONS: [Question; 6] = [
    Question {
        name: "first page",
        vitrina: &[],
        pocketbase: &[],
    },
    Question {
        name: "search, 1 in 5",
        vitrina: &[("q", "garantía")],
        pocketbase: &[("filter", "title~'garantía'||description~'garantía'")],
    },
    Question {
        name: "search, 1 in 500",
        vitrina: &[("q", "teapot aurora handmade")],
        pocketbase: &[(
            "filter",
            "(title~'teapot'||description~'teapot')&&(title~'aurora'||description~'aurora')\
             &&(title~'handmade'||description~'handmade')",
        )],
    },
    Question {
        name: "by price, dearest first",
        vitrina: &[("sort", "-price")],
        pocketbase: &[("sort", "-price")],
    },
    Question {
        name: "by title",
        vitrina: &[("sort", "title")],
        pocketbase: &[("sort", "title")],
    },
    Question {
        name: "one category, by price",
        vitrina: &[("category", "category 7"), ("sort", "price")],
        pocketbase: &[("filter", "category='category 7'"), ("sort", "price")],
    },
];

/// Asks each server each question for this many seconds.
pub fn compare(
    targets: &[Kind],
    products: u64,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<()> {
    println!("{products} products, {connections} connections, {seconds} s each\n");
    println!("| question | server | requests/s | p50 ms | p99 ms | CPU ms/request | times |");
    println!("|---|---|---|---|---|---|---|");
    let servers = targets
        .iter()
        .map(|kind| {
            let target = Target::start(*kind)?;
            let work = Work {
                product,
                ..Work::products(0..products)
            };
            writers::write(&target, &work)?;
            anyhow::Ok(target)
        })
        .collect::<Result<Vec<Target>, _>>()?;
    for question in &QUESTIONS {
        let mut first = None;
        for target in &servers {
            let measured = ask(target, question, connections, seconds)?;
            let first = *first.get_or_insert(measured.cost_ms);
            println!(
                "| {} | {:?} | {:.0} | {} | {} | {:.3} | {:.2} |",
                question.name,
                target.kind,
                measured.rate,
                measured.p50,
                measured.p99,
                measured.cost_ms,
                measured.cost_ms / first,
            );
        }
    }
    Ok(())
}

struct Measured {
    rate: f64,
    p50: String,
    p99: String,
    cost_ms: f64,
}

fn ask(
    target: &Target,
    question: &Question,
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Measured> {
    let path = target.kind.products_path();
    let (limit, parameters) = match target.kind {
        Kind::PocketBase => ("perPage", question.pocketbase),
        _ => ("limit", question.vitrina),
    };
    let mut url = format!("http://{}{path}?{limit}={PAGE}", target.address);
    for (name, value) in parameters {
        write!(url, "&{name}=")?;
        // Everything that needs no encoding may have one (RFC 3986 section 2.3).
        for byte in value.bytes() {
            write!(url, "%{byte:02X}")?;
        }
    }
    let before = target.cpu()?;
    let output = Command::new(peers::wrk()?)
        .args(["--latency", "--timeout", "20s", "-t", "1"])
        .args(["-c", &connections.to_string()])
        .args(["-d", &format!("{seconds}s"), &url])
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    let cpu = target.cpu()?.since(before);
    anyhow::ensure!(
        !said.contains("Non-2xx") && !said.contains("Socket errors"),
        "{url}: {said}"
    );
    let after = |name: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim)
            .with_context(|| format!("no {name} in {said}"))
    };
    let requests = said
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "));
    let (requests, _) = requests.with_context(|| format!("no requests in {said}"))?;
    let requests: f64 = requests.parse()?;
    Ok(Measured {
        rate: after("Requests/sec:")?.parse()?,
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
        cost_ms: cpu.total().as_secs_f64() * 1e3 / requests.max(1.0),
    })
}

/// `1.23ms`, `340.00us` or `1.02s`, as wrk says it, in milliseconds.
fn milliseconds(said: &str) -> anyhow::Result<String> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)];
    let parts = units
        .iter()
        .find_map(|(unit, factor)| Some((said.strip_suffix(unit)?, factor)));
    let (number, factor) = parts.with_context(|| format!("no time: {said}"))?;
    Ok(format!("{:.2}", number.parse::<f64>()? * factor))
}

/// A product of a shop that speaks Spanish and English. Numbers that follow each other have little
/// in common.
fn product(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let pick = |words: [&'static str; 10], digit: u32| {
        let index = mixed / 10_u64.pow(digit) % 10;
        words[usize::try_from(index).unwrap_or_default()]
    };
    let (noun, kind) = (pick(NOUNS, 0), pick(KINDS, 1));
    let (word, other) = (pick(WORDS, 2), pick(WORDS, 3));
    let (price, stock) = (mixed % 100_000, mixed % 500);
    let category = mixed / 7 % 40;
    format!(
        r#"{{"title":"{noun} {kind} {number}","description":"{noun} {kind}, {word}, {other}.","code":"shop-{number}","price":{}.{:02},"stock":{stock},"category":"category {category}","thumbnails":["https://example.com/images/product-{number}.webp"]}}"#,
        price / 100,
        price % 100,
    )
}
