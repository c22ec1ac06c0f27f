//! The journal in one SQLite file: a plain table of products and the latest changes, open to
//! anyone with `sqlite3`.

mod columns;
mod load;
mod schema;
mod write;

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use shared::Revision;

use super::own_files::resolve;
use super::{
    ANSWER_RETENTION, Answer, Batch, Effect, Journal, JournalError, Loaded, RETAINED_CHANGES,
    now_ms,
};
use schema::prepare;
use write::{write_answer, write_record};

pub use load::load;
pub use schema::{foreign_rows, is_known};

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
        // Beside the file itself, so that who comes by a link meets it too.
        let mut lock_path = resolve(path).into_os_string();
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

impl Journal for SqliteJournal {
    fn load(&mut self) -> Result<Loaded, JournalError> {
        let loaded = load(&self.connection)?;
        // The pages that were read to get here are not needed again.
        self.connection.execute_batch("PRAGMA shrink_memory")?;
        Ok(loaded)
    }

    fn append(&mut self, after: Revision, batch: &Batch) -> Result<(), JournalError> {
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

    fn find_answer(&mut self, name: &str) -> Result<Option<(Arc<str>, Answer)>, JournalError> {
        let answer = self
            .connection
            .prepare_cached(
                "SELECT fingerprint, revision, change FROM answers WHERE key = ?1 AND at >= ?2",
            )?
            .query_row(params![name, oldest_answer()], |row| {
                let answer = Answer {
                    revision: Revision(row.get("revision")?),
                    effect: from_json(row.get_ref("change")?.as_str()?)?,
                };
                Ok((row.get::<_, String>("fingerprint")?.into(), answer))
            });
        Ok(answer.optional()?)
    }
}

/// The time in seconds since 1970, as answers have it.
fn now() -> u64 {
    now_ms() / 1_000
}

/// The time before which answers are forgotten.
fn oldest_answer() -> u64 {
    now().saturating_sub(ANSWER_RETENTION.as_secs())
}

fn to_json(value: &impl serde::Serialize) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|error| JournalError::Damaged(error.to_string()))
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> rusqlite::Result<T> {
    serde_json::from_str(json).map_err(|error| {
        let text = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(0, text, Box::new(error))
    })
}
