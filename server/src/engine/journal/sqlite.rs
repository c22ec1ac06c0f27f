//! The journal in one SQLite file: a plain table of products and the latest changes, open to
//! anyone with `sqlite3`.

mod columns;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, params};
use shared::{Catalog, CatalogId, Change, ClientId, RequestId, RequestKey, Revision};

use super::{ANSWER_RETENTION, Entry, Journal, JournalError, Key, Loaded, RETAINED_CHANGES};
use columns::{read_product, write_product};

/// Marks the file as Vitrina's (`PRAGMA application_id`): the letters `VITR`.
const APPLICATION_ID: i32 = 0x5649_5452;

/// What each version of the tables added to the one before. A file's version (`PRAGMA
/// user_version`) is the number of these that were applied to it.
const VERSIONS: [&str; 2] = [
    "CREATE TABLE catalog (id TEXT NOT NULL, revision INTEGER NOT NULL) STRICT;
    CREATE TABLE products (
        id INTEGER PRIMARY KEY,
        revision INTEGER NOT NULL,
        title TEXT NOT NULL,
        description TEXT NOT NULL,
        code TEXT NOT NULL,
        price_cents INTEGER NOT NULL,
        status INTEGER NOT NULL,
        stock INTEGER NOT NULL,
        category TEXT NOT NULL,
        thumbnails TEXT NOT NULL
    ) STRICT;
    CREATE TABLE changes (
        revision INTEGER PRIMARY KEY,
        change TEXT NOT NULL,
        page TEXT,
        request INTEGER
    ) STRICT;",
    "CREATE TABLE answers (
        key TEXT PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        revision INTEGER NOT NULL,
        change TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX answers_at ON answers (at);",
];

/// The journal in one SQLite file.
pub struct SqliteJournal {
    connection: Connection,
    /// Held as long as the journal lives: two servers deciding on one file would each decide
    /// against a catalog that the other has left behind.
    _lock: File,
}

impl SqliteJournal {
    /// Opens a data file, or makes one where there is none.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let name = path.display().to_string();
        let cannot_open = |why: String| JournalError::Open {
            path: name.clone(),
            why,
        };
        let mut lock_path = path.as_os_str().to_owned();
        lock_path.push("-lock");
        let lock = File::create(&lock_path).map_err(|error| cannot_open(error.to_string()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(name)),
            Err(TryLockError::Error(error)) => return Err(cannot_open(error.to_string())),
        }
        // Without SQLITE_OPEN_URI a file whose name starts with `file:` is just that file.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .map_err(|error| cannot_open(error.to_string()))?;
        prepare(&connection, &name).map_err(|error| open_error(error, &name))?;
        Ok(Self {
            connection,
            _lock: lock,
        })
    }
}

/// The error that opening a file ended with, in words about that file.
pub fn open_error(error: JournalError, name: &str) -> JournalError {
    match error {
        JournalError::Sqlite(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => JournalError::NotOurs(name.to_owned()),
            _ => JournalError::Open {
                path: name.to_owned(),
                why: error.to_string(),
            },
        },
        other => other,
    }
}

/// Whether the file is one of Vitrina's, of a version this one knows; `false` where it is empty.
pub fn is_known(connection: &Connection, name: &str) -> Result<bool, JournalError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        return Ok(false);
    }
    if pragma(connection, "application_id")? != APPLICATION_ID {
        return Err(JournalError::NotOurs(name.to_owned()));
    }
    if version(connection)? > VERSIONS.len() {
        return Err(JournalError::TooNew(name.to_owned()));
    }
    Ok(true)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    // Negative it is nobody's, and refused as too new.
    Ok(usize::try_from(pragma(connection, "user_version")?).unwrap_or(usize::MAX))
}

/// Checks whose file it is before anything is written to it, then sets it up and brings it to the
/// newest version.
fn prepare(connection: &Connection, name: &str) -> Result<(), JournalError> {
    let is_new = !is_known(connection, name)?;
    let version = if is_new { 0 } else { version(connection)? };
    let missing = &VERSIONS[version..];
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode FULL is what makes a commit reach the disk before it returns.
    connection.pragma_update(None, "synchronous", "FULL")?;
    if missing.is_empty() {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for version in missing {
        transaction.execute_batch(version)?;
    }
    if is_new {
        let id = format!("{:032x}", rand::random::<u128>());
        transaction.execute("INSERT INTO catalog VALUES (?1, 0)", [id])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    } else {
        tracing::info!(
            file = name,
            from = version,
            to = VERSIONS.len(),
            "upgraded the data file"
        );
    }
    transaction.pragma_update(None, "user_version", VERSIONS.len())?;
    transaction.commit()?;
    Ok(())
}

impl Journal for SqliteJournal {
    fn load(&mut self) -> Result<Loaded, JournalError> {
        let loaded = load(&self.connection)?;
        // The pages that were read to get here are not needed again.
        self.connection.execute_batch("PRAGMA shrink_memory")?;
        Ok(loaded)
    }

    fn append(&mut self, after: Revision, entries: &[Entry]) -> Result<(), JournalError> {
        let Some(last) = entries.last().map(|entry| entry.revision) else {
            return Ok(());
        };
        // Dropped without a commit, whatever failed, the transaction leaves nothing behind.
        let transaction = self.connection.transaction()?;
        let moved = transaction
            .prepare_cached("UPDATE catalog SET revision = ?1 WHERE revision = ?2")?
            .execute([last.0, after.0])?;
        if moved != 1 {
            return Err(JournalError::NotAt(after));
        }
        for entry in entries {
            write_entry(&transaction, entry)?;
        }
        let oldest = last.0.saturating_sub(RETAINED_CHANGES as u64);
        transaction
            .prepare_cached("DELETE FROM changes WHERE revision <= ?1")?
            .execute([oldest])?;
        transaction
            .prepare_cached("DELETE FROM answers WHERE at < ?1")?
            .execute([oldest_answer()])?;
        transaction.commit()?;
        Ok(())
    }

    fn find_answer(&mut self, name: &str) -> Result<Option<(Arc<str>, Entry)>, JournalError> {
        let answer = self
            .connection
            .prepare_cached(
                "SELECT fingerprint, revision, change FROM answers WHERE key = ?1 AND at >= ?2",
            )?
            .query_row(params![name, oldest_answer()], |row| {
                let entry = Entry {
                    revision: Revision(row.get("revision")?),
                    change: from_json(&row.get::<_, String>("change")?)?,
                    key: None,
                };
                Ok((row.get::<_, String>("fingerprint")?.into(), entry))
            });
        Ok(answer.optional()?)
    }
}

/// The time in seconds since 1970.
fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.unwrap_or_default().as_secs()
}

/// The time before which answers are forgotten, in seconds since 1970.
fn oldest_answer() -> u64 {
    now().saturating_sub(ANSWER_RETENTION.as_secs())
}

/// Everything a file holds.
pub fn load(connection: &Connection) -> Result<Loaded, JournalError> {
    let (id, revision): (String, u64) = connection
        .query_row("SELECT id, revision FROM catalog", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?
        .ok_or_else(|| JournalError::Damaged("table catalog is empty".to_owned()))?;
    let mut statement = connection.prepare("SELECT * FROM products ORDER BY id")?;
    let products = statement
        .query_map([], |row| read_product(row).map(Arc::new))?
        .collect::<Result<Vec<_>, _>>()?;
    let count = products.len();
    let catalog = Catalog::new(Revision(revision), products);
    if catalog.len() != count {
        let why = "two products have one id".to_owned();
        return Err(JournalError::Damaged(why));
    }
    let mut statement = connection
        .prepare("SELECT revision, change, page, request FROM changes ORDER BY revision")?;
    let mut recent = statement
        .query_map([], read_entry)?
        .collect::<Result<Vec<_>, _>>()?;
    for entry in &mut recent {
        share(&mut entry.change, &catalog);
    }
    Ok(Loaded {
        id: CatalogId(id.into()),
        catalog,
        recent,
    })
}

/// Makes a change share the catalog's own product where it is the one that the change made.
fn share(change: &mut Change, catalog: &Catalog) {
    if let Change::Added(product) | Change::Updated(product) = change
        && let Some(same) = catalog.get(product.id)
        && same.revision == product.revision
    {
        *product = same.clone();
    }
}

fn write_entry(transaction: &Transaction<'_>, entry: &Entry) -> Result<(), JournalError> {
    match &entry.change {
        Change::Added(product) | Change::Updated(product) => {
            write_product(transaction, product)?;
        }
        Change::Deleted(id) => {
            transaction
                .prepare_cached("DELETE FROM products WHERE id = ?1")?
                .execute([id.0])?;
        }
    }
    let change = to_json(&entry.change)?;
    let asked = match &entry.key {
        Some(Key::Client(key)) => Some(key),
        Some(Key::Idempotency(key)) => {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    key.name,
                    key.fingerprint,
                    entry.revision.0,
                    change,
                    now()
                ])?;
            None
        }
        None => None,
    };
    let page = asked.map(|key| key.client.0.as_ref());
    let request = asked.map(|key| key.request.0.cast_signed());
    transaction
        .prepare_cached("INSERT INTO changes VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![entry.revision.0, change, page, request])?;
    Ok(())
}

fn to_json(value: &impl serde::Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|error| JournalError::Damaged(error.to_string()))
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let page: Option<String> = row.get("page")?;
    let request: Option<i64> = row.get("request")?;
    Ok(Entry {
        revision: Revision(row.get("revision")?),
        change: from_json(&row.get::<_, String>("change")?)?,
        key: page.zip(request).map(|(page, request)| {
            Key::Client(RequestKey {
                client: ClientId(page.into()),
                request: RequestId(request.cast_unsigned()),
            })
        }),
    })
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> rusqlite::Result<T> {
    serde_json::from_str(json).map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(0, text, Box::new(error))
    })
}
