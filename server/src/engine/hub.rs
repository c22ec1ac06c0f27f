//! The hub hands each published change to every live connection.
//!
//! The desk publishes; [`Hub::run`] puts what was published into frames, each encoded once, and
//! has them written to every [`Lane`] that is open. A connection that is not in step asks for what
//! comes after its [`Cursor`]. So a connection costs the hub no memory, however slow it is.

mod cursor;
mod fanout;
mod frame;
mod lane;
mod memfd;
mod open;
mod pending;
mod ring;
mod snapshot;
mod viewers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use shared::{Catalog, CatalogId, Revision, ServerMessage};
use tokio::sync::watch;

use super::journal::{Entry, Loaded, Presence};
use crate::metrics::Metrics;
use fanout::{Broadcast, Fanout, Lanes, Pulse};
use open::OpenProducts;
use pending::{Pending, Wake};
use ring::{After, History, Ring};
use snapshot::Snapshot;
use viewers::Viewers;

pub use cursor::{Cursor, Next};
pub use frame::{Encoded, Encoding, Frame, Published};
pub use lane::{Lane, LaneStream};
pub use viewers::{Door, Viewer};

/// How far a snapshot may be behind and still be sent, the changes since then after it. Encoding
/// those changes is cheaper than encoding the catalog again.
const MAX_SNAPSHOT_LAG: u64 = 256;

/// How long an encoded snapshot is retained after it was last asked for: long enough for the
/// clients that come back together after a restart, short enough that its memory is soon free
/// again.
const SNAPSHOT_RETENTION: Duration = Duration::from_secs(10);

/// How often the hub speaks. Tests shorten the times.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The least time between two frames of changes: a display refreshes no faster.
    pub frame: Duration,
    /// The time between two pulses.
    pub pulse: Duration,
    /// The least time between two pulses when there is news: viewers come or go, or open something.
    pub viewers: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            frame: Duration::from_millis(16),
            pulse: Duration::from_secs(15),
            viewers: Duration::from_secs(1),
        }
    }
}

/// Holds what is published and hands it out.
pub struct Hub {
    /// The newest durable catalog: what the desk decides against and HTTP shows.
    catalog: ArcSwap<Catalog>,
    pending: Pending,
    ring: RwLock<Ring>,
    lanes: Lanes,
    snapshot: tokio::sync::Mutex<Option<RecentSnapshot>>,
    metrics: Arc<Metrics>,
    /// The clients that there are.
    viewers: Viewers,
    /// The products that they have open.
    open: OpenProducts,
    /// Those of the other servers.
    elsewhere: Mutex<Presence>,
    /// Whether changes can be saved at the moment.
    is_writable: AtomicBool,
    max_clients: usize,
    /// The revision up to which the ring has frames, for those that follow without a lane.
    head: watch::Sender<Revision>,
    /// The number of the latest pulse, for the same.
    pulse: watch::Sender<u64>,
}

/// A snapshot that was encoded lately, and when it was last asked for.
struct RecentSnapshot {
    snapshot: Arc<Snapshot>,
    asked: Instant,
}

impl Hub {
    /// A hub of what the journal holds, for at most this many clients.
    pub fn new(loaded: Loaded, max_clients: usize) -> Arc<Self> {
        let revision = loaded.catalog.revision();
        let recent = loaded.recent.into_iter().map(to_published);
        Arc::new(Self {
            ring: RwLock::new(Ring::new(loaded.id, loaded.catalog.clone(), recent)),
            catalog: ArcSwap::from_pointee(loaded.catalog),
            pending: Pending::default(),
            lanes: Lanes::new(),
            snapshot: tokio::sync::Mutex::default(),
            metrics: Arc::default(),
            viewers: Viewers::default(),
            open: OpenProducts::default(),
            elsewhere: Mutex::default(),
            is_writable: AtomicBool::new(true),
            max_clients,
            head: watch::Sender::new(revision),
            pulse: watch::Sender::new(0),
        })
    }

    /// What is counted.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Identifies the data set.
    pub fn id(&self) -> CatalogId {
        self.ring(|ring| ring.id().clone())
    }

    /// The newest durable catalog.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// Publishes the changes that made this catalog. They are durable already. Waits while the hub
    /// has enough to do: whoever writes faster than clients can be written to is slowed down, which
    /// keeps every client close to the newest revision. A client that reads slowly slows nobody.
    pub fn publish(&self, catalog: Catalog, entries: Vec<Entry>) {
        let changes = entries.into_iter().map(to_published);
        // Under the lock, so that the ring never shows a revision without its changes.
        let publish = || self.catalog.store(Arc::new(catalog));
        self.pending.put(changes, publish);
    }

    /// Goes on from what the journal holds, which doesn't follow from what was published before:
    /// everybody who follows begins again.
    pub fn replace(&self, loaded: Loaded) {
        let catalog = Arc::new(loaded.catalog.clone());
        self.pending.replace(loaded, || self.catalog.store(catalog));
    }

    /// Puts what is published into frames, and sends pulses, until [`Hub::stop`]. It takes a
    /// thread of its own: of what wakes up for one write on an idle machine, each task that a
    /// runtime would have to wake in between costs as much as a dozen deliveries.
    pub fn run(&self, pace: Pace) -> anyhow::Result<()> {
        let mut fanout = Fanout::start(&self.lanes, &self.metrics)?;
        let _consumer = self.pending.consume();
        let mut next_frame = Instant::now();
        let mut last_pulse = next_frame;
        let mut next_pulse = last_pulse + pace.pulse;
        let is_well = loop {
            let broadcast = match self.pending.next(next_frame, next_pulse) {
                Wake::Stop => break true,
                Wake::Replaced => {
                    self.begin_again();
                    Broadcast::Close
                }
                Wake::News => {
                    next_pulse = next_pulse.min(last_pulse + pace.viewers);
                    continue;
                }
                Wake::Pulse => {
                    last_pulse = Instant::now();
                    next_pulse = last_pulse + pace.pulse;
                    self.forget_snapshot();
                    self.pulse()
                }
                Wake::Frame => {
                    next_frame = Instant::now() + pace.frame;
                    self.release()
                }
            };
            // While it is written, what is published meanwhile gathers: in a storm that takes
            // longer than a frame, frames get bigger instead of more.
            if !fanout.broadcast(&broadcast) {
                break false;
            }
        };
        if fanout.finish() && is_well {
            Ok(())
        } else {
            anyhow::bail!("a thread of the fan-out failed")
        }
    }

    /// Ends [`Hub::run`].
    pub fn stop(&self) {
        self.pending.stop();
    }

    /// Moves what waits into the ring, as frames.
    fn release(&self) -> Broadcast {
        let (changes, catalog) = self.pending.take(|| self.catalog());
        let frames: Arc<[_]> = frame::frames(&changes).into();
        self.ring_mut(|ring| ring.push(Catalog::clone(&catalog), changes, &frames));
        self.head.send_replace(catalog.revision());
        Broadcast::Frames(frames)
    }

    /// Has what the journal holds in place of what was there before.
    fn begin_again(&self) {
        let Some(loaded) = self.pending.take_replacement() else {
            return;
        };
        let Loaded {
            id,
            catalog,
            recent,
            ..
        } = *loaded;
        let recent = recent.into_iter().map(to_published);
        let revision = catalog.revision();
        self.ring_mut(|ring| ring.replace(id, catalog, recent));
        // Also where the revision is the same.
        self.head.send_replace(revision);
    }

    fn pulse(&self) -> Broadcast {
        let message = self.pulse_now();
        let (mut number, mut revision) = (0, Revision(0));
        self.ring_mut(|ring| {
            number = ring.beat(message.clone());
            revision = ring.catalog().revision();
        });
        self.pulse.send_replace(number);
        Broadcast::Pulse(Pulse {
            number,
            message,
            revision,
        })
    }

    /// Tells when there is more for those that follow without a lane.
    pub fn head(&self) -> watch::Receiver<Revision> {
        self.head.subscribe()
    }

    /// The most clients that there may be.
    pub fn max_clients(&self) -> usize {
        self.max_clients
    }

    /// Tells when there is a new pulse, for those that follow without a lane.
    pub fn pulses(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// A pulse of this moment, as a frame.
    pub fn pulse_now(&self) -> Encoded {
        let elsewhere = self.elsewhere().clone();
        let viewers = self.viewers() + elsewhere.viewers;
        let writable = self.is_writable();
        let message = self.ring(|ring| {
            let catalog = ring.catalog();
            ServerMessage::Pulse {
                revision: catalog.revision(),
                count: catalog.len(),
                digest: catalog.digest(),
                viewers,
                writable,
                open: self.open.told(&elsewhere.open, catalog),
            }
        });
        Encoded::new(&message)
    }

    /// What comes after this revision of this history.
    fn after(&self, history: History, revision: Revision) -> After {
        self.ring(|ring| ring.after(history, revision))
    }

    /// How many clients there are.
    pub fn viewers(&self) -> usize {
        self.viewers.count()
    }

    /// How many of them came through this door.
    pub fn viewers_of(&self, door: Door) -> usize {
        self.viewers.count_of(door)
    }

    /// How many changes the client by `/ws` who is furthest behind had still to be sent at the latest pulse.
    pub fn longest_lag(&self) -> u64 {
        self.lanes.longest_lag()
    }

    /// The clients that there are, for the other servers.
    pub fn presence(&self) -> Presence {
        Presence {
            viewers: self.viewers(),
            open: self.open.all(&self.catalog()),
        }
    }

    fn elsewhere(&self) -> MutexGuard<'_, Presence> {
        self.elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The other servers have these clients.
    pub fn set_elsewhere(&self, elsewhere: Presence) {
        let mut known = self.elsewhere();
        if *known != elsewhere {
            *known = elsewhere;
            drop(known);
            self.pending.notify_news();
        }
    }

    /// Whether changes can be saved, as far as is known.
    pub fn is_writable(&self) -> bool {
        self.is_writable.load(Ordering::Relaxed)
    }

    /// Whether changes can be saved at the moment: everybody is told.
    pub fn set_writable(&self, is_writable: bool) {
        // Looked at first, since it is hardly ever another.
        if self.is_writable() != is_writable {
            self.is_writable.store(is_writable, Ordering::Relaxed);
            self.pending.notify_news();
        }
    }

    /// The latest pulse and its number, which tells whether a connection has sent it.
    pub fn latest_pulse(&self) -> Option<(u64, Encoded)> {
        self.ring(Ring::latest_pulse)
    }

    /// Every product at one revision, as frames. It may be a little behind what is published:
    /// the ring has the rest.
    async fn snapshot(&self) -> Arc<Snapshot> {
        // Held while a snapshot is encoded, so that everyone who waits shares the one.
        let mut recent = self.snapshot.lock().await;
        let (id, history, catalog) = self.ring(|ring| {
            let (id, history) = (ring.id().clone(), ring.history());
            (id, history, ring.catalog().clone())
        });
        let asked = Instant::now();
        let is_usable = |snapshot: &Snapshot| {
            let lag = catalog.revision().0.checked_sub(snapshot.revision().0);
            snapshot.history() == history && lag.is_some_and(|lag| lag <= MAX_SNAPSHOT_LAG)
        };
        if let Some(recent) = recent.as_mut()
            && is_usable(&recent.snapshot)
        {
            recent.asked = asked;
            return recent.snapshot.clone();
        }
        let encode = move || Snapshot::encode(&id, history, &catalog);
        let encoded = tokio::task::spawn_blocking(encode).await;
        // Encoding fails no more than memory does; connections end before the runtime.
        let snapshot = Arc::new(encoded.expect("encoding a catalog doesn't panic"));
        let (revision, parts) = (snapshot.revision(), snapshot.parts());
        tracing::info!(%revision, parts, "a snapshot was encoded");
        self.metrics.on_snapshot();
        *recent = Some(RecentSnapshot {
            snapshot: snapshot.clone(),
            asked,
        });
        snapshot
    }

    fn forget_snapshot(&self) {
        let mut recent = self.snapshot.blocking_lock();
        *recent = recent
            .take()
            .filter(|recent| recent.asked.elapsed() < SNAPSHOT_RETENTION);
    }

    /// Counts one more client, who comes through this door; `None` when there are as many as are allowed.
    pub fn join(self: &Arc<Self>, door: Door) -> Option<Viewer> {
        let viewer = Viewer::enter(self, door)?;
        self.pending.notify_news();
        Some(viewer)
    }

    /// Adds a lane to those that new frames are written to.
    pub fn add_lane(&self, lane: &Arc<Lane>) {
        self.lanes.join(lane);
    }

    fn ring<T>(&self, read: impl FnOnce(&Ring) -> T) -> T {
        read(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn ring_mut(&self, write: impl FnOnce(&mut Ring)) {
        write(&mut self.ring.write().unwrap_or_else(PoisonError::into_inner));
    }
}

fn to_published(entry: Entry) -> Published {
    Published {
        revision: entry.revision,
        change: entry.change,
        digest: entry.digest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::samples::{add, loaded, run};

    #[tokio::test(flavor = "multi_thread")]
    async fn ten_thousand_clients_share_one_snapshot() {
        let mut catalog = Catalog::default();
        for number in 0..1_000 {
            run(&mut catalog, add(&format!("product {number}")));
        }
        let hub = Hub::new(loaded(catalog, Vec::new()), 10_000);
        let clients: Vec<_> = (0..10_000)
            .map(|_| {
                let hub = hub.clone();
                tokio::spawn(async move { hub.snapshot().await })
            })
            .collect();
        let first = hub.snapshot().await;
        for client in clients {
            let snapshot = client.await.expect("a snapshot");
            assert!(Arc::ptr_eq(&snapshot, &first), "it was encoded again");
        }
    }
}
