//! A server under test: a process of its own, and what the kernel says it used.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use tempfile::TempDir;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The yardstick of [`limit`](crate::limit).
    Limit,
    /// Vitrina itself, with its data in a file of its own.
    Vitrina,
    /// Express, Handlebars and Socket.IO: `peers/socketio`.
    SocketIo,
}

impl Kind {
    /// Where its socket is.
    pub fn socket_path(self) -> &'static str {
        match self {
            Self::Limit => "/",
            Self::Vitrina => "/ws",
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// The frame a client sends before it is told anything: Socket.IO's `40` joins a namespace
    /// (Engine.IO protocol 4, Socket.IO protocol 5).
    pub fn greeting(self) -> &'static [u8] {
        match self {
            Self::Limit | Self::Vitrina => &[],
            Self::SocketIo => &[0x81, 0x82, 0, 0, 0, 0, b'4', b'0'],
        }
    }
}

/// A running server. Dropping it kills it.
pub struct Target {
    /// Where it serves.
    pub address: SocketAddr,
    child: Child,
    _data: TempDir,
}

/// CPU time of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// In its own code.
    pub user: Duration,
    /// In the kernel's.
    pub system: Duration,
}

impl Cpu {
    /// What was used since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
        }
    }

    /// Both together.
    pub fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Target {
    /// Starts a server on a free port.
    pub fn start(kind: Kind) -> anyhow::Result<Self> {
        let data = tempfile::tempdir_in(folder()?)?;
        let mut command = match kind {
            Kind::Limit => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("limit");
                command
            }
            Kind::Vitrina => {
                let mut command = Command::new(folder()?.join("vitrina"));
                command.arg("--data").arg(data.path().join("bench.db"));
                command.env("RUST_LOG", "warn");
                command
            }
            Kind::SocketIo => {
                let mut command = Command::new("node");
                command.arg("server.js").current_dir(installed("socketio")?);
                command.env("NODE_ENV", "production");
                command
            }
        };
        command
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("can't start {kind:?}: cargo build --release first"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("no pipe")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .split_once("http://")
            .and_then(|(_, rest)| rest.split('/').next())
            .with_context(|| format!("{kind:?} says no address: {line:?}"))?;
        Ok(Self {
            address: address.trim().parse()?,
            child,
            _data: data,
        })
    }

    /// CPU time so far, from `/proc/PID/stat` (proc(5), fields 14 and 15).
    pub fn cpu(&self) -> anyhow::Result<Cpu> {
        /// `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux there is.
        const TICKS_PER_SECOND: u64 = 100;
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name before may hold spaces; it ends with the last parenthesis.
        let (_, fields) = stat.rsplit_once(')').context("no stat")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let time = |index: usize| -> anyhow::Result<Duration> {
            let ticks: u64 = fields.get(index).context("no field")?.parse()?;
            Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
        };
        Ok(Cpu {
            user: time(11)?,
            system: time(12)?,
        })
    }

    /// Memory in KiB: now, or the most so far (`VmRSS`, `VmHWM` of proc(5)).
    pub fn memory_kib(&self, field: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(field));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        match number {
            Some(number) => Ok(number.parse()?),
            None => bail!("no {field}"),
        }
    }
}

/// Where this program is, and `vitrina` beside it. Data is kept there too: `/tmp` may be memory,
/// which makes nothing durable.
fn folder() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().context("no folder")?.to_owned())
}

/// A peer's folder, with what it needs installed from the npm registry.
fn installed(peer: &str) -> anyhow::Result<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(peer);
    if !folder.join("node_modules").exists() {
        let mut install = Command::new("npm");
        install
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        // Standard output is the report's.
        let status = install.stdout(Stdio::null()).status();
        if !status.context("can't run npm")?.success() {
            bail!("npm ci failed in {}", folder.display());
        }
    }
    Ok(folder)
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
