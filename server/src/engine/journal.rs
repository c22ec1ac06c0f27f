//! Where changes become durable. The desk is its only caller and doesn't know which journal it is.

mod data_file;
mod own_files;
mod sqlite;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use shared::{Catalog, CatalogId, Change, Digest, Product, ProductId, RequestKey, Revision};

pub use data_file::DataFile;
pub use own_files::{folder_of, own_files, resolve};
pub use sqlite::{Inspection, SqliteJournal};

/// How many changes a journal retains beside the products, so that clients can resume and repeated
/// requests find their answer over a restart of the server.
pub const RETAINED_CHANGES: usize = 10_000;

/// How long the answer to a request with an `Idempotency-Key` is retained.
pub const ANSWER_RETENTION: Duration = Duration::from_hours(24);

/// Identifies a request, so that asking again does nothing twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A client's command over its socket.
    Client(RequestKey),
    /// A program's request over HTTP.
    Idempotency(IdempotencyKey),
}

/// The `Idempotency-Key` header of a request (draft-ietf-httpapi-idempotency-key-header).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// What the header says.
    pub name: Arc<str>,
    /// A digest of the request, which tells another request under the same key apart.
    pub fingerprint: Arc<str>,
}

impl IdempotencyKey {
    /// The key of one command of a request that has many, by its place. The first has the
    /// request's own; the others have names that no header can say, since it holds no line break.
    pub fn of_command(&self, place: usize) -> Self {
        let name = match place {
            0 => self.name.clone(),
            _ => format!("{}\n{place}", self.name).into(),
        };
        let fingerprint = self.fingerprint.clone();
        Self { name, fingerprint }
    }
}

/// The time in milliseconds since 1970 (UTC), as records have it.
pub fn now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |time| {
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Where a command came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// A live page, over its socket.
    Page,
    /// A program, over HTTP.
    Http,
    /// A file that was imported.
    Import,
    /// The command line.
    Cli,
}

/// A change that is retained.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the one order.
    pub revision: Revision,
    /// What happened.
    pub change: Change,
    /// The catalog's digest after it; unknown where an earlier version wrote it.
    pub digest: Option<Digest>,
    /// The request that it answers, where that can be identified.
    pub key: Option<Key>,
}

/// A change on its way into the journal.
#[derive(Clone, Debug)]
pub struct Record {
    /// The change.
    pub entry: Entry,
    /// The product as it was before.
    pub before: Option<Arc<Product>>,
    /// When it was decided, in milliseconds since 1970 (UTC).
    pub at: u64,
    /// Where the command came from.
    pub by: Source,
}

/// The answer to a request that is not to be done twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The revision of the product it was about, as the request left it.
    pub revision: Revision,
    /// What the request did.
    pub effect: Effect,
}

/// What a request did to its product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It is new.
    Added(Arc<Product>),
    /// It has other fields than before.
    Updated(Arc<Product>),
    /// It is gone.
    Deleted(ProductId),
    /// Nothing: it was as the request wanted.
    Unchanged(Arc<Product>),
}

impl From<&Change> for Effect {
    fn from(change: &Change) -> Self {
        match change {
            Change::Added(product) => Self::Added(product.clone()),
            Change::Updated(product) => Self::Updated(product.clone()),
            Change::Deleted(id) => Self::Deleted(*id),
        }
    }
}

/// What becomes durable together.
#[derive(Debug, Default)]
pub struct Batch {
    /// Changes, in order, without a gap.
    pub records: Vec<Record>,
    /// Products that requests left as they were, by the keys of those requests.
    pub unchanged: Vec<(Key, Arc<Product>)>,
}

/// What a journal holds.
pub struct Loaded {
    /// Identifies the data set.
    pub id: CatalogId,
    /// All products.
    pub catalog: Catalog,
    /// The latest changes, in order, without a gap, up to the catalog's revision.
    pub recent: Vec<Entry>,
    /// What clients' recent requests did, with the revision that each is answered with.
    pub requests: Vec<(RequestKey, Revision, Effect)>,
}

/// Where changes become durable.
pub trait Journal: Send + 'static {
    /// Everything the journal holds.
    fn load(&mut self) -> Result<Loaded, JournalError>;

    /// Makes the batch durable, all of it or nothing, as what comes next after revision `after`.
    /// After an error nothing of it is there, nor comes back after a crash, unless the error is
    /// [`JournalError::Unknown`].
    fn append(&mut self, after: Revision, batch: &Batch) -> Result<(), JournalError>;

    /// The answer to the request with this `Idempotency-Key` within the last [`ANSWER_RETENTION`],
    /// and the fingerprint of that request.
    fn find_answer(&mut self, name: &str) -> Result<Option<(Arc<str>, Answer)>, JournalError>;

    /// Called every few seconds: looks whether the journal can still be written to, and does what
    /// is better done while nobody waits.
    fn tend(&mut self) -> Result<(), JournalError>;
}

/// Why a journal can't be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file is something else.
    #[error("{0} is not a Vitrina data file: choose another with --data FILE")]
    NotOurs(String),
    /// Another Vitrina has it.
    #[error(
        "{0} is in use by another Vitrina: stop that one or choose another file with --data FILE"
    )]
    InUse(String),
    /// It has no tables: another file that belongs to it has them.
    #[error(
        "{0} is empty without the files that belong to it: copy a data file with `vitrina backup`, \
         or choose another with --data FILE"
    )]
    Incomplete(String),
    /// It is not there, but its write-ahead log is.
    #[error(
        "{0} is missing, but {0}-wal is there, with the latest changes of it: put {0} back, or \
         choose another file with --data FILE"
    )]
    Orphaned(String),
    /// It is no longer the file that was opened.
    #[error(
        "{0} was removed or replaced while it was open, so nothing can be saved any more: put it \
         back and start Vitrina again"
    )]
    Gone(String),
    /// A newer Vitrina made it.
    #[error("{0} was made by a newer Vitrina: upgrade this one")]
    TooNew(String),
    /// The file or its folder can't be opened or written.
    #[error("can't open {path}: {why}; choose a file in a folder you may write with --data FILE")]
    Open {
        /// The file.
        path: String,
        /// What the system or SQLite said.
        why: String,
    },
    /// The copy of a file can't be written.
    #[error("can't write {path}: {why}; choose a file in a folder you may write")]
    Backup {
        /// The copy.
        path: String,
        /// What the system or SQLite said.
        why: String,
    },
    /// Something in the file is not what Vitrina writes.
    #[error("the data file is damaged: {0}; `vitrina check` tells all that is wrong with it")]
    Damaged(String),
    /// Somebody else wrote to the data in between.
    #[error(
        "the data is no longer at revision {0}, so nothing can be saved any more: something else \
         wrote to it"
    )]
    NotAt(Revision),
    /// Writing failed in a way that leaves open whether the batch will be there after a crash.
    #[error("it is not known whether a batch was saved: {0}")]
    Unknown(rusqlite::Error),
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl JournalError {
    /// Whether nothing can be saved after it, whatever is tried.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::NotAt(_) | Self::Gone(_))
    }
}
