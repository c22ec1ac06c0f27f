//! How long it takes to be told that a name or a password is wrong: if one took longer than the other, a stranger
//! could find out who is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};
use hdrhistogram::Histogram;

use crate::folder::folder;

/// Whoever is there, and their password.
const NAME: &str = "Ana";
const PASSWORD: &str = "correct horse battery";

/// What is compared; the first is what the others' times are of.
const ATTEMPTS: [(&str, &str, &str, &str); 3] = [
    (
        "somebody, wrong password",
        NAME,
        "another horse battery",
        "422",
    ),
    ("nobody", "Eva", "another horse battery", "422"),
    ("somebody, right password", NAME, PASSWORD, "303"),
];

/// All orders of the three.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
    [0, 2, 1],
    [2, 1, 0],
    [1, 0, 2],
];

/// Has each kind of attempt so many turns.
pub fn compare(rounds: u64) -> anyhow::Result<()> {
    let data = tempfile::tempdir_in(folder()?)?;
    let journal = data.path().join("bench.db");
    add_person(&journal)?;
    let (mut server, address) = start(&journal)?;
    let measured = measure(&address, rounds);
    server.kill()?;
    server.wait()?;
    let measured = measured?;
    println!("{rounds} rounds\n");
    println!("| who | p50 ms | p90 ms | times |");
    println!("|---|---|---|---|");
    let median = |times: &Histogram<u64>| times.value_at_quantile(0.5);
    let milliseconds = |micros: u64| f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1e3;
    let first = milliseconds(measured.first().map_or(1, median));
    for ((who, ..), times) in ATTEMPTS.iter().zip(&measured) {
        let usual = milliseconds(median(times));
        let late = milliseconds(times.value_at_quantile(0.9));
        println!("| {who} | {usual:.2} | {late:.2} | {:.2} |", usual / first);
    }
    Ok(())
}

fn measure(address: &str, rounds: u64) -> anyhow::Result<Vec<Histogram<u64>>> {
    let mut measured = vec![Histogram::new(3)?; ATTEMPTS.len()];
    for round in 0..rounds {
        // In another order each time: whatever one leaves to the next is everybody's.
        for index in ORDERS[usize::try_from(round)? % ORDERS.len()] {
            let (who, name, password, expected) = ATTEMPTS[index];
            let start = Instant::now();
            let status = sign_in(address, name, password)?;
            let micros = start.elapsed().as_micros();
            anyhow::ensure!(status == expected, "{who}: {status}");
            measured[index].record(u64::try_from(micros)?)?;
        }
    }
    Ok(measured)
}

fn add_person(journal: &Path) -> anyhow::Result<()> {
    let mut adding = Command::new(folder()?.join("vitrina"))
        .arg("--journal")
        .arg(journal)
        .args(["people", "add", NAME, "--role", "admin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("can't start Vitrina: cargo build --release first")?;
    let mut input = adding.stdin.take().context("no pipe")?;
    input.write_all(PASSWORD.as_bytes())?;
    drop(input);
    anyhow::ensure!(adding.wait()?.success(), "{NAME} can't be added");
    Ok(())
}

fn start(journal: &Path) -> anyhow::Result<(Child, String)> {
    let mut server = Command::new(folder()?.join("vitrina"))
        .arg("--journal")
        .arg(journal)
        .args(["--listen", "127.0.0.1:0", "--max-sign-ins", "0"])
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(server.stdout.take().context("no pipe")?).read_line(&mut line)?;
    let Some((_, rest)) = line.split_once("http://") else {
        bail!("it says no address: {line:?}");
    };
    let address = rest.split('/').next().unwrap_or_default();
    Ok((server, address.to_owned()))
}

/// Tries to sign in; gives the answer's status.
fn sign_in(address: &str, name: &str, password: &str) -> anyhow::Result<String> {
    let body = format!("name={name}&password={}", password.replace(' ', "+"));
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /signin HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1);
    Ok(status.context("no answer")?.to_owned())
}
