//! `dist`: what trunk builds of the client. It is committed, so that `cargo run` needs no WASM
//! tools; so it must be what the sources give, to the byte, on every machine.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::run::{command, output, root, run, target};
use crate::tools;

/// Builds the committed files anew.
pub fn build_committed() -> anyhow::Result<()> {
    build(&root().join("dist"))
}

/// Builds elsewhere, and fails when the committed files are not what came out.
pub fn check() -> anyhow::Result<()> {
    let fresh = target().join("dist-check");
    build(&fresh)?;
    let (committed, fresh) = (files(&root().join("dist"))?, files(&fresh)?);
    let differing: Vec<&String> = committed
        .keys()
        .chain(fresh.keys())
        .filter(|name| committed.get(*name) != fresh.get(*name))
        .collect();
    if !differing.is_empty() {
        bail!("dist is stale: run cargo xtask dist ({differing:?})");
    }
    println!("dist is what the sources give");
    Ok(())
}

fn build(folder: &Path) -> anyhow::Result<()> {
    tools::wasm_target()?;
    let path = tools::client_tools()?;
    // The sources must be there before their folders can be named.
    run(&mut command("cargo", &["fetch", "--locked"]))?;
    std::fs::create_dir_all(folder)?;
    let mut trunk = command("trunk", &["build", "--release", "--locked", "--dist"]);
    trunk.arg(folder).current_dir(root().join("client-wasm"));
    trunk.env("PATH", path);
    trunk.env("CARGO_ENCODED_RUSTFLAGS", flags()?);
    // Of its own, since other flags would have everything else built again.
    trunk.env("CARGO_TARGET_DIR", target().join("dist-build"));
    // trunk takes `NO_COLOR=1` for a wrong value of its flag of that name.
    trunk.env_remove("NO_COLOR");
    run(&mut trunk)
}

/// Flags for the client, among them those that take this machine's folders out of what is built: panics name their
/// source file.
fn flags() -> anyhow::Result<OsString> {
    let mut flags: Vec<OsString> = Vec::new();
    let mut remap = |from: PathBuf, to: &str| {
        let mut flag = OsString::from("--remap-path-prefix=");
        flag.push(from);
        flag.push("=");
        flag.push(to);
        flags.push(flag);
    };
    let sources = cargo_home()?.join("registry/src");
    for registry in std::fs::read_dir(&sources).context("no sources were fetched")? {
        remap(registry?.path(), "/registry");
    }
    // Where the standard library's sources are installed, rustc names those.
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    let version = output(&mut command("rustc", &["-vV"]))?;
    let commit = version
        .lines()
        .find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("rustc names no commit")?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust");
    remap(library, &format!("/rustc/{commit}"));
    // Every browser that shows the page has it, and a search looks at sixteen letters at a time.
    flags.push("-Ctarget-feature=+simd128".into());
    Ok(flags.join(&OsString::from("\u{1f}")))
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::home_dir().context("there is no home folder")?;
    Ok(home.join(".cargo"))
}

fn files(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, std::fs::read(entry.path())?);
    }
    Ok(files)
}
