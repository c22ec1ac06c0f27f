//! A server under test: a process of its own, and what the kernel says it used.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use tempfile::TempDir;

use crate::folder::folder;
use crate::frame::Protocol;
use crate::peers;

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The yardstick of [`limit`](crate::limit).
    Limit,
    /// Vitrina itself, with its data in a file of its own.
    Vitrina,
    /// The same, for pages that take long messages packed, as its own do.
    VitrinaPacked,
    /// The same, for clients of Socket.IO.
    VitrinaSocketio,
    /// Express, Handlebars and Socket.IO: `peers/socketio`.
    SocketIo,
    /// Several of these, with the adapter for Redis Streams: `peers/socketio-redis`.
    SocketIoRedis,
    /// axum and socketioxide: `peers/socketioxide`.
    Socketioxide,
    /// PocketBase, with server-sent events and a SQLite file of its own: `peers/pocketbase`.
    PocketBase,
}

impl Kind {
    /// Where its socket is.
    pub fn socket_path(self) -> &'static str {
        match self {
            Self::Limit => "/",
            Self::Vitrina => "/ws",
            Self::VitrinaPacked => "/ws?encoding=deflate-raw",
            Self::VitrinaSocketio | Self::SocketIo | Self::SocketIoRedis | Self::Socketioxide => {
                "/socket.io/?EIO=4&transport=websocket"
            }
            Self::PocketBase => "/api/realtime",
        }
    }

    /// The frame a client sends before it is told anything: Socket.IO's `40` joins a namespace
    /// (Engine.IO protocol 4, Socket.IO protocol 5).
    pub fn greeting(self) -> &'static [u8] {
        match self {
            Self::Limit | Self::Vitrina | Self::VitrinaPacked | Self::PocketBase => &[],
            Self::VitrinaSocketio | Self::SocketIo | Self::SocketIoRedis | Self::Socketioxide => {
                &[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']
            }
        }
    }

    /// How it speaks on a live connection.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::PocketBase => Protocol::Events,
            _ => Protocol::WebSocket,
        }
    }

    /// Where a product is posted.
    pub fn products_path(self) -> &'static str {
        match self {
            Self::PocketBase => "/api/collections/products/records",
            _ => "/api/products",
        }
    }
}

/// A running server. Dropping it kills it.
pub struct Target {
    /// Where it serves.
    pub address: SocketAddr,
    /// Which it is.
    pub kind: Kind,
    child: Child,
    data: TempDir,
    /// A journal that it shares with others.
    journal: Option<String>,
    /// How often it logged that it encoded a snapshot.
    snapshots: Arc<AtomicU64>,
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
        Self::start_on(kind, None)
    }

    /// Starts a server on a free port, on a journal or a Redis that others share.
    pub fn start_on(kind: Kind, journal: Option<&str>) -> anyhow::Result<Self> {
        let data = tempfile::tempdir_in(folder()?)?;
        let snapshots = Arc::default();
        let (child, address) = spawn(kind, &data, journal, &snapshots)?;
        Ok(Self {
            address,
            kind,
            child,
            data,
            journal: journal.map(str::to_owned),
            snapshots,
        })
    }

    /// Starts so many servers that share a store.
    pub fn start_all(kind: Kind, store: &str, count: usize) -> anyhow::Result<Vec<Self>> {
        let servers = (0..count).map(|_| Self::start_on(kind, Some(store)));
        servers.collect()
    }

    /// Kills it and starts it again with the data it had.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        let journal = self.journal.as_deref();
        (self.child, self.address) = spawn(self.kind, &self.data, journal, &self.snapshots)?;
        Ok(())
    }

    /// How often it encoded a snapshot so far.
    pub fn snapshots(&self) -> u64 {
        self.snapshots.load(Ordering::Relaxed)
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

/// Starts a server; gives where it serves. What it logs is counted and shown.
fn spawn(
    kind: Kind,
    data: &TempDir,
    journal: Option<&str>,
    snapshots: &Arc<AtomicU64>,
) -> anyhow::Result<(Child, SocketAddr)> {
    let mut command = match kind {
        Kind::Limit => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("limit");
            command
        }
        Kind::Vitrina | Kind::VitrinaPacked | Kind::VitrinaSocketio => {
            let mut command = Command::new(folder()?.join("vitrina"));
            let file = data.path().join("bench.db");
            command.arg("--journal");
            match journal {
                Some(journal) => command.arg(journal),
                None => command.arg(file),
            };
            command.env("RUST_LOG", "warn,vitrina::engine::hub=info");
            command
        }
        Kind::Socketioxide => Command::new(peers::socketioxide()?),
        Kind::PocketBase => peers::pocketbase(data.path())?,
        Kind::SocketIo | Kind::SocketIoRedis => {
            let mut command = Command::new("node");
            let peer = if kind == Kind::SocketIo {
                "socketio"
            } else {
                "socketio-redis"
            };
            command.arg("server.js").current_dir(peers::node(peer)?);
            command.env("NODE_ENV", "production");
            command.env("REDIS_URL", journal.unwrap_or_default());
            command
        }
    };
    if kind != Kind::PocketBase {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("can't start {kind:?}: cargo build --release first"))?;
    let mut line = String::new();
    let stdout = child.stdout.take().context("no pipe")?;
    let mut stdout = BufReader::new(stdout);
    stdout.read_line(&mut line)?;
    // A program whose output nobody reads could fail at its next line.
    std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let stderr = BufReader::new(child.stderr.take().context("no pipe")?);
    let snapshots = snapshots.clone();
    std::thread::spawn(move || {
        for line in stderr.lines().map_while(Result::ok) {
            if line.contains("a snapshot was encoded") {
                snapshots.fetch_add(1, Ordering::Relaxed);
            } else {
                eprintln!("{line}");
            }
        }
    });
    let address = line
        .split_once("http://")
        .and_then(|(_, rest)| rest.split('/').next())
        .with_context(|| format!("{kind:?} says no address: {line:?}"))?;
    Ok((child, address.trim().parse()?))
}

impl Drop for Target {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
