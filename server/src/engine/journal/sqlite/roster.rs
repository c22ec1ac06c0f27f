//! The roster in a data file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::schema::{ROSTER_VERSION, is_known, too_old, version};
use super::{open_error, resolve};
use crate::engine::journal::JournalError;
use crate::engine::journal::roster::{Part, READ_VERSION, Roster, Statement, Step};

/// The roster of a data file, open beside its journal.
pub struct SqliteRoster(Connection);

impl SqliteRoster {
    /// Opens a file, which must exist and be one of Vitrina's.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let name = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(resolve(path), flags);
        let connection = connection.map_err(|error| open_error(error.into(), &name))?;
        if !is_known(&connection, &name).map_err(|error| open_error(error, &name))? {
            return Err(JournalError::NotOurs(name));
        }
        if version(&connection)? < ROSTER_VERSION {
            return Err(too_old());
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self(connection))
    }

    /// Its version.
    pub fn version(&self) -> Result<u64, JournalError> {
        let mut statement = self.0.prepare_cached(READ_VERSION)?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// All of it, at one moment.
    pub fn load(&self) -> Result<Roster, JournalError> {
        read_roster(&*self.0.unchecked_transaction()?)
    }

    /// Makes changes durable, all of them, or none if somebody else was first.
    pub fn apply(&mut self, step: &Step) -> Result<bool, JournalError> {
        // The journal writes to the same file: whoever is second waits.
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.0.transaction_with_behavior(behavior)?;
        if execute(&transaction, &step.claim)? == 0 {
            return Ok(false);
        }
        write_roster(&transaction, &step.statements)?;
        transaction.commit()?;
        Ok(true)
    }
}

/// Reads all of it, as a transaction sees it.
pub fn read_roster(connection: &Connection) -> Result<Roster, JournalError> {
    let mut roster = Roster::default();
    for part in Part::ALL {
        let mut statement = connection.prepare_cached(part.sql())?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            roster.take(part, row)?;
        }
    }
    Ok(roster)
}

/// Changes it, in a transaction.
pub fn write_roster(connection: &Connection, statements: &[Statement]) -> Result<(), JournalError> {
    for statement in statements {
        execute(connection, statement)?;
    }
    Ok(())
}

/// Changes rows, and tells how many.
fn execute(
    connection: &Connection,
    (sql, parameters): &Statement,
) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    for (number, parameter) in (1..).zip(parameters) {
        // By their names: `$2` may stand before `$1`.
        let index = statement.parameter_index(&format!("${number}"))?;
        if let Some(index) = index {
            statement.raw_bind_parameter(index, parameter)?;
        }
    }
    statement.raw_execute()
}
