//! Every check and every test there is.

use std::process::Command;

use anyhow::bail;

use crate::dist;
use crate::run::{output, run, run_and_read};
use crate::tools::{self, cargo};
use crate::walls;

/// How long clients' connections rest: longer than a minute, after which much closes them.
const IDLE_SECONDS: &str = "62";

/// Runs all of them; what they need is installed first.
pub fn all() -> anyhow::Result<()> {
    tools::toolchain()?;
    tools::browser()?;
    tools::python()?;
    tools::node()?;
    tools::postgres()?;
    tools::proxies()?;
    tools::terminal()?;
    lints()?;
    walls::check()?;
    dependencies()?;
    dist::check()?;
    tools::tidy()?;
    every_test()?;
    // Once more as people run it: optimized, with views and client inside the binary. One look at each of
    // them shows that they are there.
    let as_people_run_it = [
        "browser::",
        "browser_axe::",
        "pages::",
        "crash::",
        "socketio",
    ];
    run(server_tests()
        .arg("--include-ignored")
        .args(as_people_run_it))?;
    // By itself, since it looks at how long others wait.
    let said = run_and_read(server_tests().args(["--nocapture", "rude::"]))?;
    if !said.contains("1 passed") {
        bail!("no rude client was there");
    }
    at_length("60", "60", &["soak::", "cluster_chaos::", "idle::"])
}

/// Puts connections of every kind under load for this many seconds, and compares each view.
pub fn soak(seconds: &str) -> anyhow::Result<()> {
    tools::node()?;
    at_length(seconds, "0", &["soak::"])
}

/// Lets so many things fail under several servers, and compares what is left.
pub fn chaos(faults: &str) -> anyhow::Result<()> {
    at_length("0", faults, &["cluster_chaos::"])
}

/// Runs tests that can go on for as long as one likes, side by side: they mostly wait.
fn at_length(seconds: &str, faults: &str, tests: &[&str]) -> anyhow::Result<()> {
    let mut command = server_tests();
    command
        .args(["--include-ignored", "--nocapture"])
        .args(tests);
    command.env("VITRINA_SOAK_SECONDS", seconds);
    command.env("VITRINA_IDLE_SECONDS", IDLE_SECONDS);
    run(command.env("VITRINA_CHAOS_FAULTS", faults))
}

/// The server's own tests, optimized; what is added chooses among them.
fn server_tests() -> Command {
    let mut command = cargo(&["test", "--locked", "--release", "--package", "vitrina"]);
    command.args(["--test", "it", "--"]);
    command
}

/// Runs the tests of every crate, those too that a plain `cargo test` leaves out since they need a
/// browser, Python, Node, PostgreSQL or a proxy, and fails when one of the latter did not run.
fn every_test() -> anyhow::Result<()> {
    let tests = ["test", "--locked", "--workspace"];
    let listed = output(cargo(&tests).args(["--", "--list", "--ignored"]))?;
    let left_out: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    if left_out.is_empty() {
        bail!("there are no tests that need a browser, Python, Node, PostgreSQL or a proxy");
    }
    let said = run_and_read(cargo(&tests).args(["--", "--include-ignored"]))?;
    let has_run = |name: &str| said.contains(&format!("test {name} ... ok"));
    if let Some(name) = left_out.iter().find(|name| !has_run(name)) {
        bail!("{name} did not run");
    }
    Ok(())
}

/// Looks at the crates that are used: their licences, those that are there twice, where they come
/// from.
fn dependencies() -> anyhow::Result<()> {
    let mut deny = cargo(&["deny", "check", "bans", "licenses", "sources"]);
    run(deny.env("PATH", tools::deny()?))
}

fn lints() -> anyhow::Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    let deny = ["--", "-D", "warnings"];
    run(cargo(&["clippy", "--locked", "--workspace", "--all-targets"]).args(deny))?;
    let wasm = [
        "--package",
        "client-wasm",
        "--target",
        "wasm32-unknown-unknown",
    ];
    run(cargo(&["clippy", "--locked"]).args(wasm).args(deny))?;
    let mut doc = cargo(&[
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
