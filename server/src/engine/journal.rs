//! Where changes become durable. The desk is its only caller and doesn't know which journal it is.

mod data_file;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use shared::{Catalog, CatalogId, Change, RequestKey, Revision};

pub use data_file::DataFile;
pub use sqlite::SqliteJournal;

/// How many changes a journal retains beside the products, so that clients can resume and repeated
/// requests find their answer over a restart of the server.
pub const RETAINED_CHANGES: usize = 10_000;

/// How long the answer to a request with an `Idempotency-Key` is retained.
pub const ANSWER_RETENTION: Duration = Duration::from_hours(24);

/// Identifies a request, so that asking again does nothing twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A client's command over its socket.
    Client(RequestKey),
    /// A program's request over HTTP.
    Idempotency(IdempotencyKey),
}

/// The `Idempotency-Key` header of a request (draft-ietf-httpapi-idempotency-key-header).
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One change on its way into the journal, with the request that asked for it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the one order.
    pub revision: Revision,
    /// What happened.
    pub change: Change,
    /// The request that it answers, where that can be identified.
    pub key: Option<Key>,
}

/// What a journal holds.
pub struct Loaded {
    /// Identifies the data set.
    pub id: CatalogId,
    /// All products.
    pub catalog: Catalog,
    /// The latest changes, in order, without a gap, up to the catalog's revision.
    pub recent: Vec<Entry>,
}

/// Where changes become durable.
pub trait Journal: Send + 'static {
    /// Everything the journal holds.
    fn load(&mut self) -> Result<Loaded, JournalError>;

    /// Makes the entries durable, all or none, as the next after revision `after`.
    fn append(&mut self, after: Revision, entries: &[Entry]) -> Result<(), JournalError>;

    /// The entry that answered the request with this `Idempotency-Key` within the last
    /// [`ANSWER_RETENTION`], and the fingerprint of that request.
    fn find_answer(&mut self, name: &str) -> Result<Option<(Arc<str>, Entry)>, JournalError>;
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
    #[error("the data file is damaged: {0}")]
    Damaged(String),
    /// Somebody else wrote to the data in between.
    #[error("the data is no longer at revision {0}: something else wrote to it")]
    NotAt(Revision),
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
}
