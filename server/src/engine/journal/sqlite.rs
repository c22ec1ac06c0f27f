//! The journal in one SQLite file: a plain table of products and the latest changes, open to
//! anyone with `sqlite3`.

mod columns;
mod copy;
mod inspect;
mod load;
mod lock;
mod parameter;
mod roster;
mod row;
mod schema;
mod trim;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use shared::{Catalog, Product, ProductId, Revision};

use super::own_files::resolve;
use super::tables::{Fault, read_answer, read_before};
use super::{
    Answer, Appended, Batch, Effect, Journal, JournalError, Key, Loaded, MAX_ANSWERS, Store,
    oldest_answer, to_json,
};
use load::read_catalog;
use lock::Lock;
use schema::prepare;
use write::{try_writing, write_answer, write_nothing, write_record};

pub use copy::{SqliteSink, each_row};
pub use inspect::inspect;
pub use load::{load, read_past};
pub use roster::SqliteRoster;
pub use schema::is_known;

/// How many pages of a backup are copied at a time.
const PAGES_AT_ONCE: i32 = 1_024;

/// What `PRAGMA auto_vacuum` says of a file that gives pages back when it is told to.
const INCREMENTAL: u64 = 2;

/// With fewer pages free than these a file is left as it is: 4 MiB.
const MIN_FREE_PAGES: u64 = 1_024;

/// It is left as it is, too, as long as fewer than one in so many are free: they will be used again.
const MAX_FREE_PART: u64 = 4;

/// The most pages that are given back at a time: some milliseconds.
const MAX_FREED_PAGES: u64 = 256;

/// The most changes that are taken out of the history at a time while nobody writes.
const MAX_TRIMMED: usize = 5_000;

/// The journal in one SQLite file.
pub struct SqliteJournal {
    connection: Connection,
    /// Whether there is something in the write-ahead log that is not in the file itself.
    is_ahead: bool,
    /// Whether the last attempt to write failed.
    has_failed: bool,
    /// How long changes are kept for the history; `None` as long as nobody said.
    keep_history: Option<Duration>,
    /// Let go of after the connection.
    lock: Lock,
}

impl SqliteJournal {
    /// Opens a data file, or makes one where there is none.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let name = path.display().to_string();
        let lock = Lock::take(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let mut connection = Connection::open_with_flags(lock.path(), flags)?;
            prepare(&connection, &name)?;
            try_writing(&mut connection)?;
            Ok(connection)
        };
        let mut journal = Self {
            connection: open().map_err(|error| open_error(error, &name))?,
            is_ahead: true,
            has_failed: false,
            keep_history: None,
            lock,
        };
        journal.lock.add_log()?;
        // A copy of the file alone has at least what was there at the start.
        journal.checkpoint();
        Ok(journal)
    }

    /// Brings what is in the write-ahead log into the file itself, as far as nobody reads there.
    fn checkpoint(&mut self) {
        let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
        let done = self.connection.query_row(checkpoint, [], |row| {
            Ok((
                row.get::<_, i64>("log")?,
                row.get::<_, i64>("checkpointed")?,
            ))
        });
        match done {
            Ok((log, checkpointed)) => self.is_ahead = log != checkpointed,
            // It stays in the log, from where it is read as well.
            Err(error) => tracing::warn!(%error, "can't checkpoint the data file"),
        }
    }

    /// Has what a backup holds in place of what is there, all of it or nothing.
    pub fn restore(&mut self, backup: &Path) -> Result<(), JournalError> {
        self.lock.check()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let from = Connection::open_with_flags(resolve(backup), flags)?;
        let copy = Backup::new(&from, &mut self.connection)?;
        copy.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
        drop(copy);
        self.checkpoint();
        Ok(())
    }

    /// Gives back to the system what the file has no more use for, all of it at once: its size before and
    /// after, in bytes. Needs as much room again for a while.
    pub fn compact(&mut self) -> Result<(u64, u64), JournalError> {
        self.lock.check()?;
        let before = size(&self.connection)?;
        // From then on it shrinks by itself; a file of an earlier version learns it here.
        self.connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        self.connection.execute_batch("VACUUM")?;
        self.checkpoint();
        Ok((before, size(&self.connection)?))
    }

    /// Gives a part of that back where it is worth it, while nobody waits.
    fn shrink(&mut self) -> Result<(), JournalError> {
        let pages = |name: &str| {
            let count = self
                .connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            count.map(i64::cast_unsigned)
        };
        let (free, all) = (pages("freelist_count")?, pages("page_count")?);
        // A file of an earlier version doesn't shrink by itself before it was compacted once.
        if pages("auto_vacuum")? != INCREMENTAL
            || free < MIN_FREE_PAGES
            || free * MAX_FREE_PART < all
        {
            return Ok(());
        }
        let sql = format!("PRAGMA incremental_vacuum({MAX_FREED_PAGES})");
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        // Each row is a page that was given back.
        while rows.next()?.is_some() {}
        self.is_ahead = true;
        Ok(())
    }

    /// Writes a batch as what comes after this revision.
    fn write(&mut self, after: Revision, batch: &Batch) -> Result<(), JournalError> {
        let Batch { records, unchanged } = batch;
        let last = records.last().map_or(after, |record| record.entry.revision);
        // Dropped without a commit, whatever failed, the transaction leaves nothing behind.
        let transaction = self.connection.transaction()?;
        let moved = transaction
            .prepare_cached("UPDATE catalog SET revision = ?1 WHERE revision = ?2")?
            .execute([last.0, after.0])?;
        if moved != 1 {
            return Err(JournalError::NotAt(after));
        }
        for record in records {
            write_record(&transaction, record)?;
        }
        for (key, product) in unchanged {
            let effect = Effect::Unchanged(product.clone());
            write_answer(&transaction, key, product.revision, &to_json(&effect)?)?;
        }
        trim::trim(&transaction, last, self.keep_history, 2 * records.len())?;
        transaction
            .prepare_cached("DELETE FROM answers WHERE at < ?1")?
            .execute([oldest_answer()])?;
        transaction
            .prepare_cached(
                "DELETE FROM answers WHERE rowid <= (SELECT max(rowid) FROM answers) - ?1",
            )?
            .execute([MAX_ANSWERS])?;
        let committed = transaction.commit();
        self.is_ahead = true;
        match committed {
            Ok(()) => Ok(()),
            Err(error) if has_left_nothing(&error) => Err(error.into()),
            Err(error) => match self.overwrite(after) {
                Ok(()) => Err(error.into()),
                Err(_) => Err(JournalError::Unknown(error.to_string())),
            },
        }
    }

    /// Writes over what a commit that failed may have left in the write-ahead log, so that it can't
    /// come back after a crash.
    fn overwrite(&mut self, at: Revision) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        write_nothing(&transaction, at)?;
        Ok(transaction.commit()?)
    }
}

impl Drop for SqliteJournal {
    /// Leaves everything in the file itself, also where another program has it open: then its
    /// write-ahead log stays, but is not needed.
    fn drop(&mut self) {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        // What can't be brought there stays in the log.
        let _ = self.connection.query_row(checkpoint, [], |_| Ok(()));
    }
}

/// How large a file is, in bytes.
fn size(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Whether a commit that failed so has certainly left nothing behind: its last page was not written.
fn has_left_nothing(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_FULL, SQLITE_IOERR_WRITE};
    let code = error.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(SQLITE_FULL | SQLITE_IOERR_WRITE))
}

/// The error that opening a file ended with, in words about that file.
pub fn open_error(error: JournalError, name: &str) -> JournalError {
    match error {
        JournalError::Sqlite(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => JournalError::NotOurs(name.to_owned()),
            Some(rusqlite::ErrorCode::DatabaseBusy) => JournalError::Open {
                path: name.to_owned(),
                why: "another program is writing to it".to_owned(),
            },
            _ => JournalError::Open {
                path: name.to_owned(),
                why: error.to_string(),
            },
        },
        other => other,
    }
}

impl Journal for SqliteJournal {
    fn load(&mut self) -> Result<Loaded, JournalError> {
        let loaded = load(&self.connection)?;
        // The pages that were read to get here are not needed again.
        self.connection.execute_batch("PRAGMA shrink_memory")?;
        Ok(loaded)
    }

    fn store(&self) -> Store {
        Store::File(self.lock.path().to_owned())
    }

    fn keep_history(&mut self, time: Duration) {
        self.keep_history = Some(time);
    }

    fn append(
        &mut self,
        before: &Catalog,
        _after: &Catalog,
        batch: &Batch,
        _deadline: Instant,
    ) -> Result<Appended, JournalError> {
        self.lock.check()?;
        let written = self.write(before.revision(), batch);
        self.has_failed = written.is_err();
        written.map(|()| Appended::Durable)
    }

    fn tend(&mut self) -> Result<(), JournalError> {
        self.lock.check()?;
        if self.has_failed {
            // So that people are told when there is room again.
            let (_, revision) = read_catalog(&self.connection)?;
            self.overwrite(revision)?;
            self.has_failed = false;
        } else {
            let (_, revision) = read_catalog(&self.connection)?;
            // Whoever writes beside it is waited for, as by every write.
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            if trim::trim(&transaction, revision, self.keep_history, MAX_TRIMMED)? > 0 {
                self.is_ahead = true;
            }
            transaction.commit()?;
            self.shrink()?;
        }
        if self.is_ahead {
            self.checkpoint();
        }
        Ok(())
    }

    fn find_answer(&mut self, key: &Key) -> Result<Option<(Arc<str>, Answer)>, JournalError> {
        let Key::Idempotency(key) = key else {
            return Ok(None);
        };
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM answers WHERE key = ?1 AND at >= ?2")?;
        let mut rows = statement.query(params![key.name, oldest_answer()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("answers", "key", row));
        read_answer(row).map(Some).map_err(damaged)
    }

    fn find_deleted(&mut self, id: ProductId) -> Result<Option<Arc<Product>>, JournalError> {
        let sql = "SELECT revision, before FROM changes WHERE product = ?1
            ORDER BY revision DESC LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([id.0.cast_signed()])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "revision", row));
        read_before(row).map_err(damaged)
    }
}
