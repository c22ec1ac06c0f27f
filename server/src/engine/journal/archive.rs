//! The history as it is read while a server writes: beside the desk, which nobody holds up by asking
//! what happened last month.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::JournalError;
use shared::Catalog;

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
    idle: Mutex<Vec<Reader>>,
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
            idle: Mutex::default(),
        }))
    }

    /// The changes that are asked for. Waits for the disk, or for a database.
    pub fn read(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        let kept = self.idle().pop();
        if let Some(reader) = kept {
            // A database may have gone away since; one that is asked anew says so.
            if let Ok(piece) = self.read_with(reader, query) {
                return Ok(piece);
            }
        }
        let reader = match &self.0.store {
            Store::File(path) => Reader::File(DataFile::open(path)?),
            Store::Database(address) => Reader::Database(Box::new(PostgresReader::open(address)?)),
        };
        self.read_with(reader, query)
    }

    /// Copies the journal, as it is at one moment, into a new data file.
    pub fn back_up(&self, file: &Path) -> Result<Catalog, JournalError> {
        self.0.store.back_up(file)
    }

    /// Reads, and keeps the reader where nothing is wrong with it.
    fn read_with(&self, reader: Reader, query: &HistoryQuery) -> Result<Piece, JournalError> {
        let piece = match &reader {
            Reader::File(file) => file.history(query)?,
            Reader::Database(database) => database.history(query)?,
        };
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE {
            idle.push(reader);
        }
        Ok(piece)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
