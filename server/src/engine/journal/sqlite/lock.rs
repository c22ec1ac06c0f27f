//! What keeps a data file for one server. Two that decide on one file would each decide against a
//! catalog that the other has left behind.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::engine::journal::JournalError;
use crate::engine::journal::own_files::resolve;

/// The locks of a data file, held as long as this lives. It must outlive every connection of
/// SQLite's to the file: to close a file ends the locks that SQLite has on it (fcntl(2)).
pub struct Lock {
    /// The data file itself: by whatever links somebody comes to it, it is this one.
    _data: File,
    /// A file beside it, which earlier versions lock.
    _beside: File,
    /// The files that must stay where they are: the data file, and its log once that is there.
    opened: Vec<(PathBuf, Metadata)>,
}

impl Lock {
    /// Takes the locks of a data file, which is made, empty, where there is none.
    pub fn take(path: &Path) -> Result<Self, JournalError> {
        let name = path.display().to_string();
        let cannot_open = |error: &io::Error| JournalError::Open {
            path: name.clone(),
            why: error.to_string(),
        };
        let resolved = resolve(path);
        let with = |suffix: &str| {
            let mut path = resolved.clone().into_os_string();
            path.push(suffix);
            PathBuf::from(path)
        };
        let length = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
        // SQLite would take the log for a leftover, and delete it.
        if length(&resolved) == 0 && length(&with("-wal")) > 0 {
            return Err(JournalError::Orphaned(name));
        }
        let lock = |file: File| match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse(name.clone())),
            Err(TryLockError::Error(error)) => Err(cannot_open(&error)),
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let data = options
            .open(&resolved)
            .map_err(|error| cannot_open(&error))?;
        let opened = data.metadata().map_err(|error| cannot_open(&error))?;
        if opened.nlink() > 1 {
            tracing::warn!(
                file = %resolved.display(),
                "the data file has other names (hard links): its -wal belongs to the name it was \
                 last opened by"
            );
        }
        // A link there could lead to anything, and a pipe would be waited for.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
        let beside = with("-lock");
        let beside = options.open(&beside).map_err(|error| {
            let why = format!("{}: {error}", beside.display());
            cannot_open(&io::Error::other(why))
        })?;
        // Elsewhere than on Linux this kind of lock and SQLite's own are in each other's way.
        #[cfg(target_os = "linux")]
        let data = lock(data)?;
        Ok(Self {
            _data: data,
            _beside: lock(beside)?,
            opened: vec![(resolved, opened)],
        })
    }

    /// Where the data file is. Not what a person wrote: `:memory:` and `file:...` are other things to
    /// SQLite.
    pub fn path(&self) -> &Path {
        &self.opened[0].0
    }

    /// Has the log stay where it is, too. It is there since something was written.
    pub fn add_log(&mut self) -> Result<(), JournalError> {
        let mut log = self.path().as_os_str().to_owned();
        log.push("-wal");
        let log = PathBuf::from(log);
        let metadata = log.metadata().map_err(|error| JournalError::Open {
            path: log.display().to_string(),
            why: error.to_string(),
        })?;
        self.opened.push((log, metadata));
        Ok(())
    }

    /// Looks whether the files' names still lead to them. Only looks: see [`Lock`].
    pub fn check(&self) -> Result<(), JournalError> {
        self.opened.iter().try_for_each(|(path, opened)| {
            let is_same =
                |there: &Metadata| (there.dev(), there.ino()) == (opened.dev(), opened.ino());
            let gone = || JournalError::Gone(path.display().to_string());
            match path.metadata() {
                // However small it becomes, a data file has its tables.
                Ok(there) if path == self.path() && there.len() == 0 => Err(gone()),
                Ok(there) if is_same(&there) => Ok(()),
                Ok(_) => Err(gone()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(gone()),
                // It may pass.
                Err(error) => Err(JournalError::Open {
                    path: path.display().to_string(),
                    why: error.to_string(),
                }),
            }
        })
    }
}
