//! What several servers share: PostgreSQL, or for Socket.IO a Redis.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::bail;
use tempfile::TempDir;
use testbed::{Postgres, free_port};

use crate::peers;
use crate::target::Kind;

/// How long a Redis may take to start.
const START_TIME: Duration = Duration::from_secs(15);

/// What several servers share.
pub enum Store {
    /// A primary and a standby that it waits for.
    Postgres(Box<Postgres>),
    /// A Redis.
    Redis(Redis),
}

impl Store {
    /// Starts what servers of this kind share.
    pub fn start(kind: Kind) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Vitrina => Self::Postgres(Box::new(Postgres::start_with_standby())),
            Kind::SocketIoRedis => Self::Redis(Redis::start()?),
            _ => bail!("{kind:?} has one server"),
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        match self {
            Self::Postgres(postgres) => postgres.url(),
            Self::Redis(redis) => format!("redis://127.0.0.1:{}", redis.port),
        }
    }

    /// Kills it, and has it back as its people would: a standby takes over, or it starts again.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Postgres(postgres) => {
                postgres.fail_over();
                Ok(())
            }
            Self::Redis(redis) => redis.restart(),
        }
    }
}

/// Debian's Redis, as its package configures it: it saves now and then.
pub struct Redis {
    port: u16,
    child: Child,
    folder: TempDir,
}

impl Redis {
    fn start() -> anyhow::Result<Self> {
        peers::redis()?;
        let (port, folder) = (free_port(), tempfile::tempdir()?);
        Ok(Self {
            port,
            child: run_redis(port, &folder)?,
            folder,
        })
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        std::thread::sleep(Duration::from_millis(500));
        self.child = run_redis(self.port, &self.folder)?;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run_redis(port: u16, folder: &TempDir) -> anyhow::Result<Child> {
    let mut redis = Command::new("redis-server");
    redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    redis.args(["--save", "3600 1 300 100 60 10000", "--appendonly", "no"]);
    redis.arg("--dir").arg(folder.path());
    let child = redis.stdout(Stdio::null()).spawn()?;
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if start.elapsed() > START_TIME {
            bail!("Redis doesn't start");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(child)
}
