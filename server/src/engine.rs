//! Where a command becomes a fact: the desk decides it, the journal makes it durable, the hub
//! makes it known. The server and the import command start and end all three together here.

pub mod desk;
pub mod hub;
pub mod journal;
#[cfg(test)]
mod samples;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;
use tokio::time::timeout;

use desk::{Desk, RecentRequests};
use hub::{Hub, Pace};
use journal::Journal;

/// Desk, journal and hub at work.
pub struct Engine {
    desk: Desk,
    hub: Arc<Hub>,
    desk_thread: JoinHandle<()>,
    hub_ended: oneshot::Receiver<anyhow::Result<()>>,
}

impl Engine {
    /// Loads the journal's catalog and starts work on it, for at most this many live clients.
    pub fn start(
        mut journal: impl Journal,
        pace: Pace,
        max_clients: usize,
    ) -> anyhow::Result<Self> {
        let loaded = journal.load()?;
        let recent = RecentRequests::new(&loaded);
        let hub = Hub::new(loaded, max_clients);
        let (desk, desk_thread) = Desk::start(journal, recent, hub.clone())?;
        let hub_ended = start_hub(hub.clone(), pace)?;
        Ok(Self {
            desk,
            hub,
            desk_thread,
            hub_ended,
        })
    }

    /// Where commands are handed in.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Where the catalog is, and what follows.
    pub fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Waits until a part of it has failed, and says which.
    pub async fn failed(&mut self) -> anyhow::Error {
        tokio::select! {
            ended = &mut self.hub_ended => match hub_result(ended) {
                Ok(()) => anyhow::anyhow!("the hub ended before the server"),
                Err(error) => error,
            },
            () = self.desk.failed() => anyhow::anyhow!("the desk failed"),
        }
    }

    /// Stops the hub and lets go of the desk, which ends with its last handle. With a limit the
    /// desk, and so the journal, is waited for no longer than that.
    pub async fn stop(self, limit: Option<Duration>) -> anyhow::Result<()> {
        self.hub.stop();
        hub_result(self.hub_ended.await)?;
        drop(self.desk);
        let joined = tokio::task::spawn_blocking(|| self.desk_thread.join());
        match timeout(limit.unwrap_or(Duration::MAX), joined).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(_) => anyhow::bail!("the desk failed"),
            Err(_) => anyhow::bail!("the journal didn't finish in time"),
        }
    }
}

/// How the hub ended; one that panicked has told nothing.
fn hub_result(told: Result<anyhow::Result<()>, oneshot::error::RecvError>) -> anyhow::Result<()> {
    told.context("the hub failed")?.context("the hub failed")
}

/// Starts the hub's thread; the returned receiver tells how it ended.
fn start_hub(hub: Arc<Hub>, pace: Pace) -> std::io::Result<oneshot::Receiver<anyhow::Result<()>>> {
    let (ended, hub_ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("hub".to_owned());
    // A hub that panics drops the sender, which is told as well.
    thread.spawn(move || ended.send(hub.run(pace)))?;
    Ok(hub_ended)
}
