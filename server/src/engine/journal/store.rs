//! Where a journal is: a file, or a database that several servers share. Here it is read without being
//! opened for writing, which any number of programs may do while servers write.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::sync_channel;

use super::copy::Sink;
use super::data_file::DataFile;
use super::postgres::{Address, PostgresReader, is_address};
use super::{Inspection, JournalError, Loaded};

/// The most rows on their way from one journal to another.
const MAX_ROWS: usize = 1_024;

/// Where a journal is.
#[derive(Clone, Debug)]
pub enum Store {
    /// A data file.
    File(PathBuf),
    /// A database.
    Database(Box<Address>),
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if is_address(text) {
            return Ok(Self::Database(Box::new(text.parse()?)));
        }
        // No file is called so, and what follows may hold a password.
        let is_meant_so = |text: &str| {
            let starts = ["postgres:", "postgresql:", "postgres//", "postgresql//"];
            let is_begun = starts.iter().any(|start| text.starts_with(start));
            is_begun || text.contains("://") || text.contains("password=")
        };
        if is_meant_so(&text.trim().to_ascii_lowercase()) {
            let how = "it is no address: write it as postgres://user:password@host:5432/database";
            return Err(how.to_owned());
        }
        let Ok(path): Result<PathBuf, Infallible> = text.parse();
        Ok(Self::File(path))
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(address) => address.fmt(f),
        }
    }
}

impl Store {
    /// The data file, where it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Database(_) => None,
        }
    }

    /// Everything it holds, at one moment.
    pub fn load(&self) -> Result<Loaded, JournalError> {
        match self {
            Self::File(path) => DataFile::open(path)?.load(),
            Self::Database(address) => PostgresReader::open(address)?.load(),
        }
    }

    /// Looks at all of it, at one moment, whatever is wrong with it.
    pub fn inspect(&self) -> Result<Inspection, JournalError> {
        match self {
            Self::File(path) => Ok(DataFile::open(path)?.inspect()),
            Self::Database(address) => PostgresReader::open(address)?.inspect(),
        }
    }

    /// Copies all of it, as it is at one moment.
    pub fn copy_into(&self, sink: &mut dyn Sink) -> Result<(), JournalError> {
        // One thread reads, and this one writes: each may wait for a database.
        let (sender, rows) = sync_channel(MAX_ROWS);
        std::thread::scope(|scope| {
            let reading = scope.spawn(move || {
                // A writer that failed says why.
                let mut send = |row| sender.send(row).map_err(|_| JournalError::Interrupted);
                match self {
                    Self::File(path) => DataFile::open(path)?.each_row(&mut send),
                    Self::Database(address) => PostgresReader::open(address)?.each_row(&mut send),
                }
            });
            let written = rows.into_iter().try_for_each(|row| sink.take(row));
            let read = reading.join().unwrap_or(Err(JournalError::Interrupted));
            written.and(read)
        })?;
        sink.finish()
    }
}
