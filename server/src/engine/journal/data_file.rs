//! A data file that is only read. That takes no lock: a server may write to it meanwhile.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::copy::Row;
use super::own_files::resolve;
use super::sqlite::{each_row, inspect, is_known, load, open_error, read_past};
use super::{HistoryQuery, Inspection, JournalError, Loaded, Piece};

/// A data file, open for reading.
pub struct DataFile {
    connection: Connection,
    name: String,
}

impl DataFile {
    /// Opens a file, which must exist and be one of Vitrina's.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let name = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match path.metadata() {
            // It may have to be waited for.
            Ok(metadata) if !metadata.is_file() => return Err(JournalError::NotOurs(name)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(JournalError::NotThere(name));
            }
            _ => {}
        }
        // Resolved, since `:memory:` and `file:...` are other things to SQLite.
        let connection = Connection::open_with_flags(resolve(path), flags);
        let connection = connection.map_err(|error| open_error(error.into(), &name))?;
        if !is_known(&connection, &name).map_err(|error| open_error(error, &name))? {
            return Err(JournalError::NotOurs(name));
        }
        Ok(Self { connection, name })
    }

    /// Everything it holds, at one moment.
    pub fn load(&self) -> Result<Loaded, JournalError> {
        let transaction = self.connection.unchecked_transaction()?;
        let loaded = load(&transaction)?;
        transaction.commit()?;
        Ok(loaded)
    }

    /// Looks at all of it, at one moment, whatever is wrong with it.
    pub fn inspect(&self) -> Inspection {
        // Without a transaction it is looked at all the same.
        let _transaction = self.connection.unchecked_transaction();
        inspect(&self.connection)
    }

    /// Gives every row, as they are at one moment.
    pub fn each_row(
        &self,
        take: &mut dyn FnMut(Row) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        each_row(&self.connection, take)
    }

    /// The changes that are asked for.
    pub fn history(&self, query: &HistoryQuery) -> Result<Piece, JournalError> {
        read_past(&self.connection, query)
    }

    /// Copies it, as it is at one moment, into a new file, and waits until that is durable.
    pub fn copy_to(&self, path: &Path) -> Result<(), JournalError> {
        let cannot_write = |why: String| JournalError::Backup {
            path: path.display().to_string(),
            why,
        };
        let to = path
            .to_str()
            .ok_or_else(|| cannot_write("its name is not UTF-8".to_owned()))?;
        let copied = self.connection.execute("VACUUM INTO ?1", [to]);
        copied.map_err(|error| cannot_write(format!("{}: {error}", self.name)))?;
        let file = File::open(path).and_then(|file| file.sync_all());
        file.map_err(|error| cannot_write(error.to_string()))
    }
}
