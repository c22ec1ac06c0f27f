//! What the server counts of its own work, as Prometheus reads it (OpenMetrics 1.0).

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// How it was asked.
    pub method: &'static str,
    /// The route, as in `/api/products/{id}`.
    pub route: String,
    /// The answer's status.
    pub status: u16,
}

/// Why a command was refused at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Refused {
    /// The reason's stable name.
    pub reason: &'static str,
}

/// Which limit somebody met.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Limited {
    /// What there was too much of.
    pub limit: &'static str,
}

/// Through which door clients came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByDoor {
    door: &'static str,
}

/// A file that the journal is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByFile {
    file: &'static str,
}

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests over HTTP; a socket is one from its beginning to its end.
    requests: Family<Answered, Counter>,
    /// How long they took until the answer began.
    request_time: Histogram,
    /// How long the journal took for each batch.
    commit_time: Histogram,
    /// Changes that became durable here.
    changes: Counter,
    /// Commands that the desk refused.
    refused: Family<Refused, Counter>,
    /// What was not taken since there was too much of it.
    limited: Family<Limited, Counter>,
    /// Changes that were handed to pages: each to each.
    deliveries: Counter,
    /// Snapshots that were encoded.
    snapshots: Counter,
    gauges: Gauges,
}

/// What is at a moment.
#[derive(Debug, Default)]
struct Gauges {
    revision: Gauge<u64, AtomicU64>,
    products: Gauge<u64, AtomicU64>,
    viewers: Family<ByDoor, Gauge<u64, AtomicU64>>,
    longest_lag: Gauge<u64, AtomicU64>,
    files: Family<ByFile, Gauge<u64, AtomicU64>>,
    max_viewers: Gauge<u64, AtomicU64>,
    writable: Gauge<u64, AtomicU64>,
    memory: Gauge<u64, AtomicU64>,
}

/// What is at a moment.
#[derive(Clone, Debug)]
pub struct Now {
    /// The catalog's revision.
    pub revision: u64,
    /// How many products it has.
    pub products: usize,
    /// How many clients follow it here, by the doors through which they came.
    pub viewers: Vec<(&'static str, usize)>,
    /// How many changes the client by `/ws` who is furthest behind had still to be sent at the latest pulse.
    pub longest_lag: u64,
    /// The files that the journal is in, and how many bytes each has.
    pub files: Vec<(&'static str, u64)>,
    /// How many may.
    pub max_viewers: usize,
    /// Whether changes can be saved.
    pub is_writable: bool,
    /// What the process has of memory, in bytes, where that is known.
    pub memory: Option<u64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("vitrina");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests that were answered",
            requests.clone(),
        );
        // From half a millisecond to half a minute.
        let request_time = Histogram::new(exponential_buckets(0.000_5, 2.0, 17));
        let about = "How long requests took until the answer began";
        registry.register_with_unit("http_request", about, Unit::Seconds, request_time.clone());
        let commit_time = Histogram::new(exponential_buckets(0.000_1, 2.0, 17));
        let about = "How long the journal took to make a batch durable";
        registry.register_with_unit("journal_commit", about, Unit::Seconds, commit_time.clone());
        let changes = Counter::default();
        registry.register(
            "changes",
            "Changes that became durable here",
            changes.clone(),
        );
        let refused = Family::default();
        registry.register(
            "commands_refused",
            "Commands that were refused",
            refused.clone(),
        );
        let limited = Family::default();
        let about = "What was not taken since there was too much of it from one address or person";
        registry.register("limited", about, limited.clone());
        let deliveries = Counter::default();
        let about = "Changes that were handed to pages: each to each";
        registry.register("deliveries", about, deliveries.clone());
        let snapshots = Counter::default();
        registry.register(
            "snapshots_encoded",
            "How often the list was encoded",
            snapshots.clone(),
        );
        let gauges = Gauges::default();
        gauges.register(&mut registry);
        Self {
            registry,
            requests,
            request_time,
            commit_time,
            changes,
            refused,
            limited,
            deliveries,
            snapshots,
            gauges,
        }
    }
}

impl Gauges {
    fn register(&self, registry: &mut Registry) {
        for (name, about, gauge) in [
            ("revision", "The catalog's revision", &self.revision),
            ("products", "How many products there are", &self.products),
            (
                "longest_lag_changes",
                "What the page furthest behind had still to be sent of changes at the latest pulse",
                &self.longest_lag,
            ),
            ("max_viewers", "How many may", &self.max_viewers),
            ("writable", "1 while changes can be saved", &self.writable),
        ] {
            registry.register(name, about, gauge.clone());
        }
        let about = "Clients that follow the list here";
        registry.register("viewers", about, self.viewers.clone());
        let about = "What the files of the journal have";
        registry.register_with_unit("file", about, Unit::Bytes, self.files.clone());
        let about = "What the process has of memory";
        registry.register_with_unit("resident_memory", about, Unit::Bytes, self.memory.clone());
    }
}

impl Metrics {
    /// A request was answered.
    pub fn on_answer(&self, answered: &Answered, time: Duration) {
        self.requests.get_or_create(answered).inc();
        self.request_time.observe(time.as_secs_f64());
    }

    /// So many changes became durable, all at once.
    pub fn on_commit(&self, changes: usize, time: Duration) {
        self.changes.inc_by(changes as u64);
        self.commit_time.observe(time.as_secs_f64());
    }

    /// A command was refused for the reason with this name.
    pub fn on_refusal(&self, reason: &'static str) {
        self.refused.get_or_create(&Refused { reason }).inc();
    }

    /// Somebody met the limit with this name.
    pub fn on_limit(&self, limit: &'static str) {
        self.limited.get_or_create(&Limited { limit }).inc();
    }

    /// So many changes were handed to so many pages.
    pub fn on_delivery(&self, changes: usize, pages: usize) {
        self.deliveries.inc_by((changes * pages) as u64);
    }

    /// The list was encoded.
    pub fn on_snapshot(&self) {
        self.snapshots.inc();
    }

    /// All of it, as text.
    pub fn encode(&self, now: &Now) -> Result<String, fmt::Error> {
        let gauges = &self.gauges;
        gauges.revision.set(now.revision);
        gauges.products.set(now.products as u64);
        for (door, viewers) in &now.viewers {
            let gauge = gauges.viewers.get_or_create(&ByDoor { door });
            gauge.set(*viewers as u64);
        }
        for (file, bytes) in &now.files {
            gauges.files.get_or_create(&ByFile { file }).set(*bytes);
        }
        gauges.longest_lag.set(now.longest_lag);
        gauges.max_viewers.set(now.max_viewers as u64);
        gauges.writable.set(now.is_writable.into());
        gauges.memory.set(now.memory.unwrap_or_default());
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
