//! Programs that building the client and testing need. Each is installed where it is missing, and
//! only there.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use crate::run::{command, output, root, run, target};

const TRUNK: &str = "0.21.14";
const BOLERO: &str = "0.13.5";
const DENY: &str = "0.20.2";
const MUTANTS: &str = "27.1.0";

/// What the checks need of the toolchain that `rust-toolchain.toml` names.
pub fn toolchain() -> anyhow::Result<()> {
    let installed = output(&mut command(
        "rustup",
        &["component", "list", "--installed"],
    ))?;
    for component in ["clippy", "rustfmt"] {
        if !installed.contains(component) {
            run(&mut command("rustup", &["component", "add", component]))?;
        }
    }
    wasm_target()
}

/// The target the client is built for.
pub fn wasm_target() -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let installed = output(&mut command("rustup", &["target", "list", "--installed"]))?;
    if installed.lines().any(|line| line == TARGET) {
        return Ok(());
    }
    run(&mut command("rustup", &["target", "add", TARGET]))
}

/// The `PATH` on which trunk finds itself and wasm-bindgen.
pub fn client_tools() -> anyhow::Result<std::ffi::OsString> {
    cargo_tool("trunk", "trunk", TRUNK, &["--no-default-features"])?;
    // The program and the library must be the same release.
    let wasm_bindgen = locked_version("wasm-bindgen")?;
    cargo_tool("wasm-bindgen", "wasm-bindgen-cli", &wasm_bindgen, &[])?;
    path()
}

/// The `PATH` on which cargo finds `cargo mutants`.
pub fn mutants() -> anyhow::Result<std::ffi::OsString> {
    cargo_tool("cargo-mutants", "cargo-mutants", MUTANTS, &[])?;
    path()
}

/// The `PATH` on which cargo finds `cargo bolero`.
pub fn bolero() -> anyhow::Result<std::ffi::OsString> {
    let libfuzzer = ["--no-default-features", "--features", "libfuzzer"];
    cargo_tool("cargo-bolero", "cargo-bolero", BOLERO, &libfuzzer)?;
    path()
}

/// The `PATH` on which cargo finds `cargo deny`.
pub fn deny() -> anyhow::Result<std::ffi::OsString> {
    cargo_tool("cargo-deny", "cargo-deny", DENY, &[])?;
    path()
}

/// Debian's Chromium and the program that drives it.
pub fn browser() -> anyhow::Result<()> {
    if works("chromium", &["--version"]) && works("chromedriver", &["--version"]) {
        return Ok(());
    }
    debian(&["chromium", "chromium-driver"])
}

/// Makes requests of the API's description, and the clients that people write in Python; in an environment
/// of its own.
pub fn python() -> anyhow::Result<()> {
    let python = folder().join("python");
    let wanted = root().join("server/tests/clients/requirements.txt");
    let installed = python.join("requirements.txt");
    let read = |path| std::fs::read_to_string(path).ok();
    let is_there = read(&wanted).is_some() && read(&installed) == read(&wanted);
    let runs = Command::new(python.join("bin/schemathesis"))
        .arg("--version")
        .output();
    if is_there && runs.is_ok_and(|ran| ran.status.success()) {
        return Ok(());
    }
    if !works("python3", &["-c", "import ensurepip, venv"]) {
        debian(&["python3", "python3-venv"])?;
    }
    run(command("python3", &["-m", "venv", "--clear"]).arg(&python))?;
    let pip = python.join("bin/pip");
    let mut install = Command::new(pip);
    install.args(["install", "--quiet", "--disable-pip-version-check"]);
    run(install.arg("--requirement").arg(&wanted))?;
    // Written last: what is there is whole.
    std::fs::copy(&wanted, &installed)?;
    Ok(())
}

/// What tests have in Node: the client of Socket.IO, and other clients and tools.
pub fn node() -> anyhow::Result<()> {
    if !works("node", &["--version"]) || !works("npm", &["--version"]) {
        debian(&["nodejs", "npm"])?;
    }
    let is_new = "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)";
    anyhow::ensure!(
        works("node", &["-e", is_new]),
        "the tests need Node 20 or newer"
    );
    for folder in ["socketio", "clients"] {
        let folder = root().join("server/tests").join(folder);
        // Fails when a package is missing or of another version than asked for.
        if output(command("npm", &["ls"]).current_dir(&folder)).is_err() {
            let install = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
            run(command("npm", &install).current_dir(&folder))?;
        }
    }
    Ok(())
}

/// The shells for which there are completions, what renders manual pages, and what opens data files.
pub fn terminal() -> anyhow::Result<()> {
    let shells = works("zsh", &["--version"]) && works("fish", &["--version"]);
    if shells && works("groff", &["--version"]) && works("sqlite3", &["--version"]) {
        return Ok(());
    }
    debian(&["zsh", "fish", "groff-base", "sqlite3"])
}

/// Debian's balancer.
pub fn haproxy() -> anyhow::Result<()> {
    if works("haproxy", &["-v"]) {
        return Ok(());
    }
    debian(&["haproxy"])
}

/// The proxies that people put in front, of Debian.
pub fn proxies() -> anyhow::Result<()> {
    haproxy()?;
    if works("nginx", &["-v"]) && works("caddy", &["version"]) {
        return Ok(());
    }
    debian(&["nginx-light", "caddy"])?;
    // Their packages start them, on a port that everybody reaches.
    if std::path::Path::new("/run/systemd/system").exists() {
        run(&mut command(
            "systemctl",
            &["disable", "--now", "nginx", "caddy"],
        ))?;
    }
    Ok(())
}

/// Debian's PostgreSQL, and what the tests do with it.
pub fn postgres() -> anyhow::Result<()> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut programs = versions
        .flatten()
        .map(|version| version.path().join("bin/initdb"));
    let is_there = programs.any(|program| program.exists());
    if is_there && works("pkill", &["--version"]) && works("openssl", &["version"]) {
        return Ok(());
    }
    debian(&["postgresql", "procps", "openssl"])
}

fn works(program: &str, arguments: &[&str]) -> bool {
    output(&mut command(program, arguments)).is_ok()
}

/// Installs packages of Debian.
fn debian(packages: &[&str]) -> anyhow::Result<()> {
    run(&mut command("apt-get", &["update"]))?;
    let mut install = command("apt-get", &["install", "-y", "--no-install-recommends"]);
    run(install
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Installs a program from the crates registry, unless this very version is there already.
fn cargo_tool(program: &str, package: &str, version: &str, more: &[&str]) -> anyhow::Result<()> {
    let said = output(command(program, &["--version"]).env("PATH", path()?));
    if said.is_ok_and(|said| said.split_whitespace().any(|word| word == version)) {
        return Ok(());
    }
    // Unoptimized: it runs for seconds, and its release profile compiles for many minutes.
    let arguments = [
        "install",
        package,
        "--version",
        version,
        "--locked",
        "--debug",
        "--force",
    ];
    let mut install = command("cargo", &arguments);
    install.args(more).arg("--root").arg(folder());
    install.arg("--target-dir").arg(folder().join("build"));
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    run(&mut install)
}

/// Takes away what the programs were built in, which is ten times their size.
pub fn tidy() -> anyhow::Result<()> {
    let build = folder().join("build");
    if build.exists() {
        std::fs::remove_dir_all(build)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    target().join("tools")
}

fn path() -> anyhow::Result<std::ffi::OsString> {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&inherited);
    Ok(std::env::join_paths(
        std::iter::once(folder().join("bin")).chain(folders),
    )?)
}

/// A crate's version in `Cargo.lock`.
fn locked_version(name: &str) -> anyhow::Result<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let (_, entry) = lock
        .split_once(&format!("name = \"{name}\"\nversion = \""))
        .with_context(|| format!("Cargo.lock has no {name}"))?;
    let version = entry.split('"').next().unwrap_or_default();
    Ok(version.to_owned())
}

/// Cargo, for the crates of this workspace.
pub fn cargo(arguments: &[&str]) -> Command {
    command("cargo", arguments)
}
