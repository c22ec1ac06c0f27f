//! The project's own commands: `cargo xtask test`.

use std::process::Command;

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("test") => test(),
        _ => bail!("usage: cargo xtask test"),
    }
}

/// Every check and every test there is.
fn test() -> anyhow::Result<()> {
    cargo(&["fmt", "--check"])?;
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    cargo(&["test", "--workspace"])
}

fn cargo(args: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(args)
        .status()
        .context("can't run cargo")?;
    if !status.success() {
        bail!("cargo {} failed", args.join(" "));
    }
    Ok(())
}
