//! Where the roster is read and written, beside the desk.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::JournalError;
use super::postgres::PostgresRoster;
use super::roster::{Roster, RosterChange};
use super::sqlite::SqliteRoster;
use super::store::Store;

/// Where the roster is read and written: a session of the journal's that is opened once somebody asks.
pub struct RosterStore {
    store: Store,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    is_closed: bool,
}

/// A journal's roster, open.
enum Open {
    File(SqliteRoster),
    Database(Box<PostgresRoster>),
}

impl RosterStore {
    /// The roster of this journal.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            state: Mutex::default(),
        }
    }

    /// Its version. Waits for the disk, or for a database.
    pub fn version(&self) -> Result<u64, JournalError> {
        self.with(|open| match open {
            Open::File(file) => file.version(),
            Open::Database(database) => database.version(),
        })
    }

    /// All of it, at one moment.
    pub fn load(&self) -> Result<Roster, JournalError> {
        self.with(|open| match open {
            Open::File(file) => file.load(),
            Open::Database(database) => database.load(),
        })
    }

    /// Makes durable what is decided of the roster as it is, all of it or none. Where somebody else was first,
    /// it is decided again of what they left.
    pub fn change<E: From<JournalError>>(
        &self,
        decide: impl Fn(&Roster) -> Result<Vec<RosterChange>, E>,
    ) -> Result<(), E> {
        loop {
            let roster = self.load()?;
            let step = roster.step(&decide(&roster)?);
            let is_done = self.with(|open| match open {
                Open::File(file) => file.apply(&step),
                Open::Database(database) => database.apply(&step),
            })?;
            if is_done {
                return Ok(());
            }
        }
    }

    /// Lets go of the journal: a data file is closed by its journal last.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.open = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the open journal. One that failed is opened anew the next time.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(JournalError::Interrupted);
        }
        let mut open = match state.open.take() {
            Some(open) => open,
            None => match &self.store {
                Store::File(path) => Open::File(SqliteRoster::open(path)?),
                Store::Database(address) => {
                    Open::Database(Box::new(PostgresRoster::open(address)?))
                }
            },
        };
        let done = work(&mut open)?;
        state.open = Some(open);
        Ok(done)
    }
}
