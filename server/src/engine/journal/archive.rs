//! The history as it is read while a server writes: beside the desk, which nobody holds up by asking
//! what happened last month.

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shared::Catalog;

use super::JournalError;
use super::data_file::DataFile;
use super::history::{HistoryQuery, Piece};
use super::postgres::PostgresReader;
use super::store::Store;

/// The most readers that are kept open while nobody asks.
const MAX_IDLE: usize = 2;

/// What is kept of the past. A clone reads the same.
#[derive(Clone)]
pub struct Archive(Arc<Shared>);

struct Shared {
    store: Store,
    state: Mutex<State>,
    /// Told when nobody reads any more.
    at_rest: Condvar,
}

#[derive(Default)]
struct State {
    /// Readers that nobody needs at the moment.
    idle: Vec<Reader>,
    /// How many read.
    reading: usize,
    is_closed: bool,
}

/// A journal, open for reading.
enum Reader {
    File(DataFile),
    Database(Box<PostgresReader>),
}

impl Archive {
    /// What this journal keeps. It is opened once somebody asks.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Shared {
            store,
            state: Mutex::default(),
            at_rest: Condvar::new(),
        }))
    }

    /// The files of the journal that are there, and how many bytes each has; a database's are its own affair.
    pub fn file_sizes(&self) -> Vec<(&'static str, u64)> {
        let Store::File(path) = &self.0.store else {
            return Vec::new();
        };
        // The log is beside the file itself, whatever link leads there.
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        let size = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |metadata| metadata.len())
        };
        vec![("data", size("")), ("log", size("-wal"))]
    }

    /// The changes that are asked for. Waits for the disk, or for a database.
    pub fn read(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        let (reading, kept) = self.begin()?;
        if let Some(reader) = kept {
            // A database may have gone away since; one that is asked anew says so.
            if let Ok(piece) = reader.read(query) {
                reading.keep(reader);
                return Ok(piece);
            }
        }
        let reader = Reader::open(&self.0.store)?;
        let piece = reader.read(query)?;
        reading.keep(reader);
        Ok(piece)
    }

    /// Copies the journal, as it is at one moment, into a new data file.
    pub fn back_up(&self, file: &Path) -> Result<Catalog, JournalError> {
        let (_reading, kept) = self.begin()?;
        drop(kept);
        self.0.store.back_up(file)
    }

    /// Lets nobody read any more, and waits for those who do, but no longer than this. A data file whose
    /// journal is not the last to close it keeps its write-ahead log.
    pub fn close(&self, limit: Duration) {
        let mut state = self.state();
        state.is_closed = true;
        state.idle.clear();
        let waited = self
            .0
            .at_rest
            .wait_timeout_while(state, limit, |state| state.reading > 0);
        drop(waited);
    }

    fn begin(&self) -> Result<(Reading<'_>, Option<Reader>), JournalError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(JournalError::Interrupted);
        }
        state.reading += 1;
        Ok((Reading(self), state.idle.pop()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who reads.
struct Reading<'a>(&'a Archive);

impl Reading<'_> {
    /// Keeps a reader, with which nothing is wrong, for the next.
    fn keep(&self, reader: Reader) {
        let mut state = self.0.state();
        if !state.is_closed && state.idle.len() < MAX_IDLE {
            state.idle.push(reader);
        }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.state().reading -= 1;
        self.0.0.at_rest.notify_all();
    }
}

impl Reader {
    fn open(store: &Store) -> Result<Self, JournalError> {
        Ok(match store {
            Store::File(path) => Self::File(DataFile::open(path)?),
            Store::Database(address) => Self::Database(Box::new(PostgresReader::open(address)?)),
        })
    }

    fn read(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        match self {
            Self::File(file) => file.history(query),
            Self::Database(database) => database.history(query),
        }
    }
}
