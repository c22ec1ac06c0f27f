//! Running other programs, and saying which one failed.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The top of the workspace.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where builds go.
pub fn target() -> PathBuf {
    root().join("target")
}

/// A program that is started at the top of the workspace.
pub fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command and says what it is about.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    println!("\n> {}", line(command));
    let status = command
        .status()
        .with_context(|| format!("can't run {}", line(command)))?;
    if !status.success() {
        bail!("failed: {}", line(command));
    }
    Ok(())
}

/// Runs a command, shows what it prints and returns it as well.
pub fn run_and_read(command: &mut Command) -> anyhow::Result<String> {
    println!("\n> {}", line(command));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't run {}", line(command)))?;
    let mut said = String::new();
    let stdout = child.stdout.take().context("no pipe")?;
    for printed in BufReader::new(stdout).lines() {
        let printed = printed?;
        println!("{printed}");
        said.push_str(&printed);
        said.push('\n');
    }
    if !child.wait()?.success() {
        bail!("failed: {}", line(command));
    }
    Ok(said)
}

/// What a command prints; an error with what it said of it when it fails.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .output()
        .with_context(|| format!("can't run {}", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("failed: {}\n{said}", line(command));
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
