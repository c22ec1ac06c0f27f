//! Every check and every test there is.

use crate::dist;
use crate::run::run;
use crate::tools::{self, cargo};

/// Runs all of them; what they need is installed first.
pub fn all() -> anyhow::Result<()> {
    tools::toolchain()?;
    tools::browser()?;
    tools::schemathesis()?;
    lints()?;
    dist::check()?;
    run(&mut cargo(&["test", "--workspace", "--locked"]))?;
    // Once more as people run it: optimized, with views and client inside the binary.
    run(&mut cargo(&[
        "test",
        "--locked",
        "--release",
        "--package",
        "vitrina",
        "--test",
        "browser",
        "--test",
        "pages",
        "--test",
        "crash",
    ]))?;
    soak("60")
}

/// Connections of every kind under load for so many seconds, each view compared.
pub fn soak(seconds: &str) -> anyhow::Result<()> {
    let mut soak = cargo(&["test", "--locked", "--release", "--package", "vitrina"]);
    soak.args(["--test", "soak", "--", "--nocapture"]);
    run(soak.env("VITRINA_SOAK_SECONDS", seconds))
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
