//! Why a journal can't be opened, read or written, in words that say what to do.

use shared::Revision;

/// Why a journal can't be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file is something else.
    #[error("{0} is not a Vitrina data file: choose another with --journal FILE")]
    NotOurs(String),
    /// There is no such file to read.
    #[error("there is no data file {0}: name another with --journal FILE")]
    NotThere(String),
    /// Another Vitrina has it.
    #[error(
        "{0} is in use by another Vitrina: stop that one or choose another file with --journal FILE"
    )]
    InUse(String),
    /// It has no tables: another file that belongs to it has them.
    #[error(
        "{0} is empty without the files that belong to it: copy a data file with `vitrina backup`, \
         or choose another with --journal FILE"
    )]
    Incomplete(String),
    /// It is not there, but its write-ahead log is.
    #[error(
        "{0} is missing, but {0}-wal is there, with the latest changes of it: put {0} back, or \
         choose another file with --journal FILE"
    )]
    Orphaned(String),
    /// It is no longer the file that was opened.
    #[error(
        "{0} was removed or replaced while it was open, so nothing can be saved any more: put it \
         back and start Vitrina again"
    )]
    Gone(String),
    /// A newer Vitrina made it.
    #[error("{0} was made by a newer Vitrina: upgrade this one")]
    TooNew(String),
    /// The file or its folder can't be opened or written.
    #[error(
        "can't open {path}: {why}; choose a file in a folder you may write with --journal FILE"
    )]
    Open {
        /// The file.
        path: String,
        /// What the system or SQLite said.
        why: String,
    },
    /// The copy of a file can't be written.
    #[error("can't write {path}: {why}; choose a file in a folder you may write")]
    Backup {
        /// The copy.
        path: String,
        /// What the system or SQLite said.
        why: String,
    },
    /// Something in a file or a database is not what Vitrina writes.
    #[error("the data is damaged: {0}; `vitrina check` tells all that is wrong with it")]
    Damaged(String),
    /// Somebody else wrote to the data in between.
    #[error(
        "the data is no longer at revision {0}, so nothing can be saved any more: something else \
         wrote to it"
    )]
    NotAt(Revision),
    /// Writing failed in a way that leaves open whether the batch will be there after a crash.
    #[error("it is not known whether a batch was saved: {0}")]
    Unknown(String),
    /// A database can't be reached, for a moment or for longer.
    #[error("can't reach the database {database}: {why}")]
    Unreachable {
        /// Where it should be.
        database: String,
        /// What was tried, and what came of it.
        why: String,
    },
    /// A database can't be used at the moment.
    #[error("the database {database} is not ready: {why}")]
    Unready {
        /// Where it is.
        database: String,
        /// What it waits for, or what it said.
        why: String,
    },
    /// A database can't be used as it is.
    #[error("can't use the database {database}: {why}")]
    Database {
        /// Where it is.
        database: String,
        /// What is wrong, and what helps.
        why: String,
    },
    /// What is to get another's products has some.
    #[error(
        "{0} holds a list already: name another file, or another schema of the database with \
         ?schema=NAME"
    )]
    Taken(String),
    /// Copying was given up.
    #[error("the copy was interrupted")]
    Interrupted,
    /// A newer Vitrina made the tables in a database.
    #[error(
        "the tables in {database} are of version {found}, and this Vitrina knows {known}: upgrade it"
    )]
    NewerTables {
        /// Where they are.
        database: String,
        /// Their version.
        found: i32,
        /// The newest that is known.
        known: i32,
    },
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl JournalError {
    /// Whether it may pass by itself, so that it is worth while to wait and to try again.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unready { .. })
    }

    /// Whether nothing can be saved after it, whatever is tried.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::NotAt(_) | Self::Gone(_) | Self::NewerTables { .. }
        )
    }
}
