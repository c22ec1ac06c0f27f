//! The standard set of measurements, and the file that keeps the latest.

use std::fmt::Write;

use anyhow::Context;

use crate::run::{command, output, root, run, target};
use crate::tools::{self, cargo};

/// What is measured, and the arguments that do it.
const SET: [(&str, &str); 25] = [
    (
        "1,000 pages, 20 products a second",
        "run --connections 1000 --rate 20 --seconds 6",
    ),
    (
        "1,000 pages, 20 products a second, beside the yardstick alone",
        "run --targets limit,vitrina --connections 1000 --rate 20 --seconds 6 --rounds 5",
    ),
    (
        "5,000 pages, 20 products a second",
        "run --targets limit,vitrina,socket-io,socketioxide --connections 5000 --rate 20 --seconds 6",
    ),
    (
        "1,000 clients of Socket.IO, 20 products a second",
        "run --targets limit,vitrina-socketio,socketioxide,socket-io --connections 1000 --rate 20 --seconds 6 --rounds 3",
    ),
    (
        "5,000 clients of Socket.IO, 20 products a second",
        "run --targets limit,vitrina-socketio,socketioxide,socket-io --connections 5000 --rate 20 --seconds 6 --rounds 3",
    ),
    (
        "5,000 pages, 20 products a second, beside the yardstick alone",
        "run --targets limit,vitrina --connections 5000 --rate 20 --seconds 6 --rounds 3",
    ),
    (
        "15,000 pages, 20 products a second",
        "run --targets limit,vitrina --connections 15000 --rate 20 --seconds 10",
    ),
    (
        "1,000 pages, 32 writers flat out",
        "run --targets vitrina --connections 1000 --rate 0 --writers 32 --seconds 6 --rounds 4",
    ),
    (
        "1,000 pages, 32 writers over the socket flat out, with long messages packed and not",
        "run --targets vitrina,vitrina-packed --connections 1000 --rate 0 --writers 32 --over socket --seconds 6 --rounds 3",
    ),
    (
        "No page, 32 writers flat out",
        "run --targets vitrina,pocket-base --connections 0 --rate 0 --writers 32 --seconds 10",
    ),
    (
        "5,000 pages come back at once, with nothing",
        "storm --connections 5000 --products 10000",
    ),
    (
        "10,000 pages come back at once, with nothing",
        "storm --connections 10000 --products 10000",
    ),
    (
        "5,000 pages come back at once, having missed 100 changes",
        "storm --connections 5000 --products 10000 --missed 100",
    ),
    (
        "100 pages that read nothing, beside 1,000 that do",
        "slow --connections 1000 --slow 100 --rate 500 --seconds 10",
    ),
    (
        "Lists of 100,000 products",
        "list --products 100000 --connections 8 --seconds 2",
    ),
    (
        "Told that a name or a password is wrong",
        "sign-in --rounds 100",
    ),
    (
        "An import of 100,000 rows",
        "import --rows 100000 --connections 1000",
    ),
    (
        "Several servers on one PostgreSQL with a standby, no page, 32 writers flat out",
        "cluster --servers 1,2,3 --writers 32 --seconds 8",
    ),
    (
        "Several servers, 1,000 pages each, 20 products a second",
        "cluster --targets vitrina,socket-io-redis --servers 1,2,3 --connections 1000 --rate 20 --writers 3 --seconds 6",
    ),
    (
        "Three servers, 5,000 pages each, 5 products a second",
        "cluster --targets vitrina,socket-io-redis --servers 3 --connections 5000 --rate 5 --writers 3 --seconds 6",
    ),
    (
        "From a write on one server to the pages of another",
        "cluster --servers 2 --apart --connections 1000 --rate 20 --writers 1 --seconds 6",
    ),
    (
        "One of three servers is killed, and what they share",
        "losses",
    ),
    (
        "A start with 100,000 products",
        "start-up --products 100000",
    ),
    (
        "One and three servers, 5,000 pages each, 20 products a second",
        "cluster --targets vitrina --servers 1,3 --connections 5000 --rate 20 --writers 3 --seconds 6",
    ),
    (
        "Lists in Chromium, as Vitrina's page shows them and as others do on the same socket",
        "page",
    ),
];

/// Runs the set, prints it, and writes `bench/RESULTS.md`.
pub fn standard() -> anyhow::Result<()> {
    tools::postgres()?;
    tools::browser()?;
    let packages = ["--package", "vitrina", "--package", "bench"];
    run(cargo(&["build", "--locked", "--release"]).args(packages))?;
    let date = output(&mut command("date", &["-u", "+%Y-%m-%d"]))?;
    let kernel = output(&mut command("uname", &["-sm"]))?;
    let mut report = format!(
        "# Results\n\nBy `cargo xtask bench` on {date}: {}, {kernel}. `Limit` is a bare loop of \
         `write` over all sockets, which keeps nothing; `SocketIo` is Express with Socket.IO and \
         `Socketioxide` the same in Rust, their products in an array; `VitrinaSocketio` is Vitrina \
         for clients of Socket.IO; `PocketBase` keeps them in \
         SQLite, as Vitrina does, and sends server-sent events. Ratios are of CPU time for each \
         delivery, to the first line of the same round. The load comes from the same machine.\n",
        processor()?
    );
    for (title, arguments) in SET {
        let bench = target().join("release/vitrina-bench");
        let mut bench = command(bench.to_str().context("a path that is no text")?, &[]);
        let table = output(bench.args(arguments.split(' ')))?;
        println!("\n## {title}\n\n{table}");
        write!(
            report,
            "\n## {title}\n\n`vitrina-bench {arguments}`\n\n{table}\n"
        )?;
    }
    std::fs::write(root().join("bench/RESULTS.md"), report)?;
    Ok(())
}

/// How many processors of what kind.
fn processor() -> anyhow::Result<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo")?;
    let models: Vec<&str> = info
        .lines()
        .filter(|line| line.starts_with("model name"))
        .filter_map(|line| line.split_once(": "))
        .map(|(_, model)| model)
        .collect();
    let model = models.first().copied().unwrap_or("unknown");
    Ok(format!("{} × {model}", models.len()))
}
