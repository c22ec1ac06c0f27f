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
    // By itself but for tests that rest, since it looks at how long others wait.
    at_length("0", "0", &["rude::", "idle::"])?;
    at_length("60", "30", &["soak::", "cluster_chaos::"])
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

/// Tests that can go on for as long as one likes, and one that wants to be alone.
const AT_LENGTH: [&str; 4] = ["rude::", "idle::", "soak::", "cluster_chaos::"];

/// Runs some of these, side by side: they mostly wait.
fn at_length(seconds: &str, faults: &str, tests: &[&str]) -> anyhow::Result<()> {
    // Of the whole workspace, since a part of it would be built anew with other features of what it uses.
    let mut command = tests_of(&["--workspace"]);
    command
        .args(["--", "--include-ignored", "--nocapture"])
        .args(tests);
    command.env("VITRINA_SOAK_SECONDS", seconds);
    command.env("VITRINA_IDLE_SECONDS", IDLE_SECONDS);
    command.env("VITRINA_CHAOS_FAULTS", faults);
    let said = run_and_read(&mut command)?;
    if let Some(module) = tests
        .iter()
        .find(|module| !said.contains(&format!("test {module}")))
    {
        bail!("{module} did not run");
    }
    Ok(())
}

/// Tests, optimized, and with views and client inside the program as in the one that people run.
fn tests_of(what: &[&str]) -> Command {
    let mut command = cargo(&["test", "--locked", "--profile", "checked"]);
    command.args(what);
    command
}

/// Runs the tests of every crate, those too that a plain `cargo test` leaves out since they need a
/// browser, Python, Node, PostgreSQL or a proxy, and fails when one of the latter did not run.
fn every_test() -> anyhow::Result<()> {
    let listed = output(&mut tests_of(&["--workspace", "--", "--list", "--ignored"]))?;
    let is_at_length = |name: &str| AT_LENGTH.iter().any(|module| name.starts_with(module));
    let left_out: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| !is_at_length(name))
        .collect();
    if left_out.is_empty() {
        bail!("there are no tests that need a browser, Python, Node, PostgreSQL or a proxy");
    }
    let mut command = tests_of(&["--workspace", "--", "--include-ignored"]);
    for module in AT_LENGTH {
        command.args(["--skip", module]);
    }
    // They wait for browsers and servers, more than those need processors.
    let threads = 2 * std::thread::available_parallelism()?.get();
    command.env("RUST_TEST_THREADS", threads.to_string());
    let said = run_and_read(&mut command)?;
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
