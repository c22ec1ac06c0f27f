//! Where changes become durable. The desk is its only caller and doesn't know which journal it is.

mod archive;
mod backup;
mod copy;
mod data_file;
mod error;
mod history;
mod inspection;
mod own_files;
mod parameter;
mod postgres;
mod roster;
mod roster_store;
mod sqlite;
mod store;
mod tables;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use shared::{
    Catalog, CatalogId, Change, Digest, Product, ProductId, RequestKey, Revision, Source,
};

pub use archive::Archive;
pub use copy::Sink;
pub use data_file::DataFile;
pub use error::JournalError;
pub use history::{HistoryQuery, Piece, Place};
pub use inspection::Inspection;
pub use own_files::{folder_of, own_files, resolve};
pub use postgres::{Address, PostgresJournal, PostgresReader, PostgresSink};
pub use roster::{Person, Roster, RosterChange, Session, Ticket, Token};
pub use roster_store::RosterStore;
pub use sqlite::{SqliteJournal, SqliteSink};
pub use store::Store;

/// How many changes a journal retains beside the products, so that clients can resume and repeated
/// requests find their answer over a restart of the server.
pub const RETAINED_CHANGES: usize = 10_000;

/// The most changes that are kept for the history, however young they are: some ten gigabytes.
const MAX_HISTORY: usize = 10_000_000;

/// The most answers that are retained, however young they are: some hundred megabytes.
const MAX_ANSWERS: u64 = 1_000_000;

/// The most changes of other servers that are read at a time.
pub const MAX_CHANGES_AT_ONCE: usize = 2_000;

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

impl Key {
    /// The name under which the answer to the request stands among the answers. That of a client's
    /// request can be said by no header, since it has line breaks.
    pub fn answer_name(&self) -> Cow<'_, str> {
        match self {
            Self::Client(key) => format!("\n{}\n{}", key.client, key.request).into(),
            Self::Idempotency(key) => Cow::Borrowed(&key.name),
        }
    }

    /// What tells another request under the same name apart.
    pub fn fingerprint(&self) -> &str {
        match self {
            Self::Client(_) => "",
            Self::Idempotency(key) => &key.fingerprint,
        }
    }
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

/// The same in seconds, as answers have it.
fn now_seconds() -> u64 {
    now_ms() / 1_000
}

/// The time in seconds since 1970 before which answers are forgotten.
fn oldest_answer() -> u64 {
    now_seconds().saturating_sub(ANSWER_RETENTION.as_secs())
}

/// The time in milliseconds since 1970 before which changes are too old, where they are kept so long.
fn oldest_change(keep: Duration) -> u64 {
    now_ms().saturating_sub(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX))
}

/// The last revision whose change is not one of the latest [`RETAINED_CHANGES`] of a catalog at this one.
fn before_retained(revision: Revision) -> Revision {
    Revision(revision.0.saturating_sub(RETAINED_CHANGES as u64))
}

/// A value as the tables have it.
fn to_json(value: &impl Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|error| JournalError::Damaged(error.to_string()))
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
    /// Who gave it, where they said who they are.
    pub person: Option<Arc<str>>,
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

/// What other servers wrote since a catalog that is known.
pub enum ByOthers {
    /// Nothing: that catalog is the newest.
    Nothing,
    /// These changes, in order, which lead to this catalog. Where they are
    /// [`MAX_CHANGES_AT_ONCE`] there may be more, and the order is not taken.
    Changes(Catalog, Vec<Entry>),
    /// The journal holds something that doesn't follow from that catalog: a backup that was put
    /// back, or more than is retained.
    Replaced(Box<Loaded>),
}

/// What became of a batch that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// All of it is durable.
    Durable,
    /// Nothing of it is there, since another server was first: it has to be decided again.
    Overtaken,
}

/// Where changes become durable.
///
/// One that several servers share has an order to take: [`Journal::begin`] does, and says what the
/// others wrote, [`Journal::append`] or [`Journal::cancel`] lets go of it.
pub trait Journal: Send + 'static {
    /// Whether other servers may write to it too, so that what was decided may have to be decided
    /// again.
    const IS_SHARED: bool = false;

    /// Everything the journal holds.
    fn load(&mut self) -> Result<Loaded, JournalError>;

    /// Takes the order, for somebody who knows this catalog: what did others write since? Looks for
    /// the answers to requests with these keys, too. A journal that can't be reached is tried until
    /// `deadline`.
    fn begin(
        &mut self,
        _known: &Catalog,
        _keys: &[Key],
        _deadline: Instant,
    ) -> Result<ByOthers, JournalError> {
        Ok(ByOthers::Nothing)
    }

    /// Where it is, for what is read and written beside it.
    fn store(&self) -> Store;

    /// Keeps changes for the history for so long, beside the latest [`RETAINED_CHANGES`]. Before
    /// anybody says so none is too old.
    fn keep_history(&mut self, time: Duration);

    /// Makes the batch durable, all of it or nothing, as what leads from the catalog `before` to
    /// the catalog `after`. After an error nothing of it is there, nor comes back after a crash,
    /// unless the error is [`JournalError::Unknown`].
    fn append(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        batch: &Batch,
        deadline: Instant,
    ) -> Result<Appended, JournalError>;

    /// Lets go of the order: there is nothing to write. Where it was not taken, but assumed that
    /// nobody else wanted it, what was decided has to be decided again, too.
    fn cancel(&mut self) -> Appended {
        Appended::Durable
    }

    /// The answer to the request with this key within the last [`ANSWER_RETENTION`], and the
    /// fingerprint of that request. Clients' requests are looked for in a shared journal alone: in
    /// another they are known since it was loaded.
    fn find_answer(&mut self, key: &Key) -> Result<Option<(Arc<str>, Answer)>, JournalError>;

    /// A product that is not in the catalog, as it was when it was deleted: as far as that change is
    /// retained, and was written with what was before it.
    fn find_deleted(&mut self, id: ProductId) -> Result<Option<Arc<Product>>, JournalError>;

    /// What others wrote since this catalog, without taking the order; see [`ByOthers`].
    fn read_on(&mut self, _known: &Catalog) -> Result<ByOthers, JournalError> {
        Ok(ByOthers::Nothing)
    }

    /// Called every few seconds: looks whether the journal can still be written to, and does what
    /// is better done while nobody waits.
    fn tend(&mut self) -> Result<(), JournalError>;

    /// Watches for what others do, as long as what it returns lives.
    fn watch(&mut self, _observer: Arc<dyn Observer>) -> Result<Box<dyn Send>, JournalError> {
        Ok(Box::new(()))
    }
}

/// What servers of a shared journal tell each other of their clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// How many there are.
    pub viewers: usize,
    /// The products that they have open to change them, each as often as clients do.
    pub open: Vec<ProductId>,
}

/// Whom a shared journal tells what it sees of the other servers.
pub trait Observer: Send + Sync + 'static {
    /// The clients of this server.
    fn presence(&self) -> Presence;

    /// Those of all the others together.
    fn set_elsewhere(&self, elsewhere: Presence);

    /// Somebody wrote, up to this revision and this digest.
    fn on_written(&self, revision: Revision, digest: Digest);

    /// The journal can't be reached.
    fn on_lost(&self);

    /// The desk has to look at the journal: it can be reached again, or is not what it was.
    fn on_doubt(&self);
}
