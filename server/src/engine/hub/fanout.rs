//! The threads that write each new frame to every open lane.
//!
//! They are threads, not tasks: writing to ten thousand sockets takes a good part of a second of
//! which tasks with less to do should not have to wait.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use shared::Revision;

use super::frame::{Encoded, Frame};
use super::lane::Lane;
use crate::metrics::Metrics;

/// The most threads; more would only wait for each other in the kernel.
const MAX_THREADS: usize = 4;

/// Up to this many lanes are one thread's work: a second one would take the processor from whoever waits
/// for an answer and save a few milliseconds.
const MAX_LANES_OF_ONE: usize = 2_048;

/// The same where there are only two processors, one of which is left for answers: with 5,000
/// lanes on both, the slowest hundredth of answers took 13 ms instead of 4, and no page was sooner.
const MAX_LANES_OF_ONE_OF_TWO: usize = 3 * MAX_LANES_OF_ONE;

/// The lanes, divided among threads.
pub struct Lanes {
    first: Arc<Shard>,
    others: Vec<Arc<Shard>>,
    /// How many lanes a shard gets before the next gets any.
    max_of_one: usize,
}

/// One thread's lanes. Connections own them; the hub only looks whether they are still there.
#[derive(Default)]
struct Shard {
    joining: Mutex<Vec<Weak<Lane>>>,
    /// How many there are, those that left since the last broadcast among them.
    count: AtomicUsize,
    /// How many changes the one furthest behind had still to be sent at the latest pulse.
    longest_lag: AtomicU64,
}

impl Lanes {
    /// An empty set, for as many threads as there are processors.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.min(MAX_THREADS);
        Self {
            first: Arc::default(),
            others: (1..threads).map(|_| Arc::default()).collect(),
            max_of_one: if processors > 2 {
                MAX_LANES_OF_ONE
            } else {
                MAX_LANES_OF_ONE_OF_TWO
            },
        }
    }

    /// Adds a lane, for as long as it has another owner.
    pub fn join(&self, lane: &Arc<Lane>) {
        let by_count = |shard: &&Arc<Shard>| shard.count.load(Ordering::Relaxed);
        let has_room = |shard: &&Arc<Shard>| by_count(shard) < self.max_of_one;
        let all = std::iter::once(&self.first).chain(&self.others);
        let with_room = all.clone().find(has_room);
        let shard = with_room.or_else(|| all.min_by_key(by_count));
        let shard = shard.unwrap_or(&self.first);
        shard.count.fetch_add(1, Ordering::Relaxed);
        shard.joining().push(Arc::downgrade(lane));
    }

    /// How many changes the lane furthest behind had still to be sent at the latest pulse.
    pub fn longest_lag(&self) -> u64 {
        let all = std::iter::once(&self.first).chain(&self.others);
        let lags = all.map(|shard| shard.longest_lag.load(Ordering::Relaxed));
        lags.max().unwrap_or_default()
    }
}

impl Shard {
    fn joining(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Lane>>> {
        self.joining.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is written to every open lane.
#[derive(Clone)]
pub enum Broadcast {
    /// New changes.
    Frames(Arc<[Frame]>),
    /// A new pulse.
    Pulse(Pulse),
    /// Nothing: the lanes are closed, and their connections look after themselves.
    Close,
}

/// A pulse that is told.
#[derive(Clone)]
pub struct Pulse {
    /// Its number.
    pub number: u64,
    /// What is told.
    pub message: Encoded,
    /// The revision up to which there are frames.
    pub revision: Revision,
}

struct Job {
    broadcast: Broadcast,
    /// Dropped when the job is done.
    _done: Sender<Infallible>,
}

/// The running threads: the hub's own, which has the first shard, and one for each other.
pub struct Fanout {
    own: Work,
    others: Vec<Other>,
}

struct Other {
    shard: Arc<Shard>,
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Fanout {
    /// Starts the threads of all shards but the first.
    pub fn start(lanes: &Lanes, metrics: &Arc<Metrics>) -> std::io::Result<Self> {
        let other = |shard: &Arc<Shard>| {
            let (sender, jobs) = channel();
            let mut work = Work::new(shard.clone(), metrics.clone());
            let thread = std::thread::Builder::new()
                .name("fan-out".to_owned())
                .spawn(move || work.take(&jobs))?;
            std::io::Result::Ok(Other {
                shard: shard.clone(),
                jobs: sender,
                thread,
            })
        };
        Ok(Self {
            own: Work::new(lanes.first.clone(), metrics.clone()),
            others: lanes.others.iter().map(other).collect::<Result<_, _>>()?,
        })
    }

    /// Writes to every open lane and waits until that is done; `false` when a thread is gone.
    pub fn broadcast(&mut self, broadcast: &Broadcast) -> bool {
        let (done, all_done) = channel();
        for other in &self.others {
            // A lane that joins later asks for what is in the ring, and this is in the ring.
            if other.shard.count.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let job = Job {
                broadcast: broadcast.clone(),
                _done: done.clone(),
            };
            if other.jobs.send(job).is_err() {
                return false;
            }
        }
        drop(done);
        self.own.write(broadcast);
        // It ends with the last sender; nothing is ever sent.
        let Err(_) = all_done.recv();
        true
    }

    /// Ends the threads; `false` when one had failed.
    pub fn finish(self) -> bool {
        let ended = self.others.into_iter().map(|Other { jobs, thread, .. }| {
            drop(jobs);
            thread.join()
        });
        // All of them are waited for, whichever failed.
        ended.filter(Result::is_err).count() == 0
    }
}

/// One thread's work.
struct Work {
    shard: Arc<Shard>,
    lanes: Vec<Weak<Lane>>,
    metrics: Arc<Metrics>,
}

impl Work {
    fn new(shard: Arc<Shard>, metrics: Arc<Metrics>) -> Self {
        Self {
            shard,
            lanes: Vec::new(),
            metrics,
        }
    }

    fn take(&mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            self.write(&job.broadcast);
        }
    }

    fn write(&mut self, broadcast: &Broadcast) {
        self.lanes.append(&mut self.shard.joining());
        let known = self.lanes.len();
        let mut longest_lag = 0;
        self.lanes.retain(|lane| {
            let Some(lane) = lane.upgrade() else {
                return false;
            };
            match broadcast {
                Broadcast::Frames(frames) => lane.offer(frames),
                Broadcast::Pulse(pulse) => {
                    let cursor = lane.offer_pulse(pulse.number, &pulse.message);
                    // Before it has the list there is nothing that it lacks of it.
                    let lag = cursor.map_or(0, |cursor| pulse.revision.0.saturating_sub(cursor.0));
                    longest_lag = longest_lag.max(lag);
                }
                Broadcast::Close => lane.shut(),
            }
            true
        });
        if let Broadcast::Frames(frames) = broadcast {
            let changes = frames.iter().map(Frame::changes).sum();
            self.metrics.on_delivery(changes, self.lanes.len());
        }
        if matches!(broadcast, Broadcast::Pulse(_)) || self.lanes.is_empty() {
            let shard = &self.shard.longest_lag;
            shard.store(longest_lag, Ordering::Relaxed);
        }
        let left = known - self.lanes.len();
        self.shard.count.fetch_sub(left, Ordering::Relaxed);
    }
}
