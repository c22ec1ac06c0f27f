//! Where a command becomes a fact: the desk decides it, the journal makes it durable, the hub
//! makes it known. The server and the import command start and end all three together here.

pub mod author;
mod catch_up;
pub mod desk;
pub mod hub;
pub mod journal;
#[cfg(test)]
mod samples;

use std::sync::Arc;
use std::time::Duration;

use shared::{Digest, Revision};
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use catch_up::catch_up;

use desk::{Desk, Nudge, RecentRequests, Worker};
use hub::{Hub, Pace};
use journal::{Archive, Journal, Loaded, Observer, Presence, RosterStore};

/// How long is waited at the end for those who read the history.
const MAX_CLOSE_TIME: Duration = Duration::from_secs(2);

/// Desk, journal and hub at work.
pub struct Engine {
    desk: Desk,
    hub: Arc<Hub>,
    archive: Archive,
    roster: Arc<RosterStore>,
    /// Watches for what other servers do, as long as it lives.
    watch: Box<dyn Send>,
    desk_ended: Ended,
    hub_ended: Ended,
}

/// Is told how a thread ended; of one that panicked it is told nothing.
pub type Ended = oneshot::Receiver<anyhow::Result<()>>;

impl Engine {
    /// Loads the journal's catalog and starts work on it, for at most this many live clients.
    pub fn start<J: Journal>(
        mut journal: J,
        pace: Pace,
        max_clients: usize,
    ) -> anyhow::Result<Self> {
        let (archive, roster) = (
            Archive::new(journal.store()),
            RosterStore::new(journal.store()),
        );
        let loaded = load(&mut journal)?;
        let recent = RecentRequests::new(&loaded);
        let hub = Hub::new(loaded, max_clients);
        let (desk, queue) = Desk::open(J::IS_SHARED);
        let observer = Arc::new(Neighbours {
            hub: hub.clone(),
            nudge: desk.nudge(),
        });
        let watch = journal.watch(observer)?;
        let worker = Worker::new(journal, recent, hub.clone());
        let desk_ended = start_thread("desk", move || Ok(worker.run(queue)?))?;
        let hub_thread = hub.clone();
        let hub_ended = start_thread("hub", move || hub_thread.run(pace))?;
        Ok(Self {
            desk,
            hub,
            archive,
            roster: Arc::new(roster),
            watch,
            desk_ended,
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

    /// Where the history is.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Where people, sessions and tokens are.
    pub fn roster(&self) -> &Arc<RosterStore> {
        &self.roster
    }

    /// Waits until a part of it has failed, and says which.
    pub async fn failed(&mut self) -> anyhow::Error {
        let (name, ended) = tokio::select! {
            ended = &mut self.hub_ended => ("hub", ended),
            ended = &mut self.desk_ended => ("desk", ended),
        };
        match result_of(name, ended) {
            Ok(()) => anyhow::anyhow!("the {name} ended before the server"),
            Err(error) => error,
        }
    }

    /// Stops the hub and lets go of the desk, which ends with its last handle. With a limit the
    /// desk, and so the journal, is waited for no longer than that.
    pub async fn stop(self, limit: Option<Duration>) -> anyhow::Result<()> {
        self.hub.stop();
        result_of("hub", self.hub_ended.await)?;
        // It takes leave of a database, which may take its time.
        let watch = self.watch;
        let left = tokio::task::spawn_blocking(move || drop(watch));
        let limit = limit.unwrap_or(Duration::MAX);
        let (archive, roster) = (self.archive, self.roster);
        // Nobody but the journal has the data file open when it closes it.
        let closed = tokio::task::spawn_blocking(move || {
            roster.close();
            archive.close(MAX_CLOSE_TIME);
        });
        let _ = timeout(limit, closed).await;
        drop(self.desk);
        let ended = timeout(limit, self.desk_ended).await;
        // Whether it was told or not, it is forgotten soon.
        let _ = timeout(limit, left).await;
        match ended {
            Ok(ended) => result_of("desk", ended),
            Err(_) => anyhow::bail!("the journal didn't finish in time"),
        }
    }
}

/// The other servers of a journal that is shared.
struct Neighbours {
    hub: Arc<Hub>,
    nudge: Nudge,
}

impl Observer for Neighbours {
    fn presence(&self) -> Presence {
        self.hub.presence()
    }

    fn set_elsewhere(&self, elsewhere: Presence) {
        self.hub.set_elsewhere(elsewhere);
    }

    fn on_written(&self, revision: Revision, digest: Digest) {
        let catalog = self.hub.catalog();
        if (catalog.revision(), catalog.digest()) != (revision, digest) {
            self.nudge.read_on();
        }
    }

    fn on_lost(&self) {
        self.hub.set_writable(false);
        self.hub.set_elsewhere(Presence::default());
    }

    fn on_doubt(&self) {
        self.nudge.read_on();
        self.nudge.tend();
    }
}

/// Everything the journal holds. Read on a thread of its own, since a journal blocks.
fn load(journal: &mut impl Journal) -> anyhow::Result<Loaded> {
    let loaded = std::thread::scope(|scope| scope.spawn(|| journal.load()).join());
    let loaded = loaded.map_err(|_| anyhow::anyhow!("the journal failed"))?;
    Ok(loaded?)
}

/// How a thread ended; one that panicked has told nothing.
fn result_of(
    name: &str,
    told: Result<anyhow::Result<()>, oneshot::error::RecvError>,
) -> anyhow::Result<()> {
    told.unwrap_or_else(|_| Err(anyhow::anyhow!("the {name} failed")))
}

/// Starts a thread.
fn start_thread(
    name: &str,
    work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> std::io::Result<Ended> {
    let (ended, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || ended.send(work()))?;
    Ok(receiver)
}
