//! The threads that write each new frame to every open lane.
//!
//! They are threads, not tasks: writing to ten thousand sockets takes a good part of a second of
//! which tasks with less to do should not have to wait.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use axum::body::Bytes;

use crate::lane::{Frame, Lane};

/// Most threads; more would only wait for each other in the kernel.
const MOST_THREADS: usize = 4;

/// So many lanes are one thread's work: a second one would take the processor from whoever waits
/// for an answer and save a few milliseconds.
const LANES_FOR_ONE: usize = 2_048;

/// The lanes, divided among threads.
pub struct Lanes {
    shards: Vec<Arc<Shard>>,
}

/// One thread's lanes. Connections own them; the hub only looks whether they are still there.
#[derive(Default)]
struct Shard {
    joining: Mutex<Vec<Weak<Lane>>>,
    /// How many there are, those that left since the last news among them.
    count: AtomicUsize,
}

impl Lanes {
    /// No lanes, for as many threads as there are processors.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = processors.min(MOST_THREADS);
        Self {
            shards: (0..threads).map(|_| Arc::default()).collect(),
        }
    }

    /// Adds a lane, for as long as it has another owner.
    pub fn join(&self, lane: &Arc<Lane>) {
        let by_count = |shard: &&Arc<Shard>| shard.count.load(Ordering::Relaxed);
        let has_room = |shard: &&Arc<Shard>| by_count(shard) < LANES_FOR_ONE;
        let with_room = self.shards.iter().find(has_room);
        if let Some(shard) = with_room.or_else(|| self.shards.iter().min_by_key(by_count)) {
            shard.count.fetch_add(1, Ordering::Relaxed);
            shard.joining().push(Arc::downgrade(lane));
        }
    }
}

impl Shard {
    fn joining(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Lane>>> {
        self.joining.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is written to every open lane.
#[derive(Clone)]
pub enum News {
    /// New changes.
    Frames(Arc<[Frame]>),
    /// A new pulse and its number.
    Pulse(u64, Bytes),
}

struct Job {
    news: News,
    /// Dropped when the job is done.
    _done: tokio::sync::mpsc::Sender<Infallible>,
}

/// The running threads.
pub struct Fanout {
    jobs: Vec<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Fanout {
    /// Starts a thread for each shard.
    pub fn start(lanes: &Lanes) -> std::io::Result<Self> {
        let mut fanout = Self {
            jobs: Vec::new(),
            threads: Vec::new(),
        };
        for shard in &lanes.shards {
            let (sender, jobs) = channel();
            let shard = shard.clone();
            let thread = std::thread::Builder::new().name("fan-out".to_owned());
            fanout
                .threads
                .push(thread.spawn(move || work(&shard, &jobs))?);
            fanout.jobs.push(sender);
        }
        Ok(fanout)
    }

    /// Writes news to every open lane, and waits until that is done. `false` when a thread is gone.
    pub async fn spread(&self, news: News) -> bool {
        let (done, mut all_done) = tokio::sync::mpsc::channel(1);
        for jobs in &self.jobs {
            let job = Job {
                news: news.clone(),
                _done: done.clone(),
            };
            if jobs.send(job).is_err() {
                return false;
            }
        }
        drop(done);
        all_done.recv().await;
        true
    }

    /// Ends the threads; `false` when one had failed.
    pub fn finish(self) -> bool {
        drop(self.jobs);
        self.threads
            .into_iter()
            .map(JoinHandle::join)
            .all(|ended| ended.is_ok())
    }
}

fn work(shard: &Shard, jobs: &Receiver<Job>) {
    let mut lanes: Vec<Weak<Lane>> = Vec::new();
    while let Ok(job) = jobs.recv() {
        lanes.append(&mut shard.joining());
        let known = lanes.len();
        lanes.retain(|lane| {
            let Some(lane) = lane.upgrade() else {
                return false;
            };
            match &job.news {
                News::Frames(frames) => lane.offer(frames),
                News::Pulse(number, pulse) => lane.offer_pulse(*number, pulse),
            }
            true
        });
        let left = known - lanes.len();
        shard.count.fetch_sub(left, Ordering::Relaxed);
    }
}
