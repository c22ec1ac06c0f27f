//! The names of a data file and of what belongs to it.

use std::path::{Path, PathBuf};

/// The path of a data file and of the files that SQLite and the lock keep beside it, whether or not
/// they are there at the moment.
pub fn own_files(data: &Path) -> impl Iterator<Item = PathBuf> {
    let data = resolve(data);
    ["", "-wal", "-shm", "-journal", "-lock"]
        .into_iter()
        .map(move |suffix| {
            let mut own = data.as_os_str().to_owned();
            own.push(suffix);
            own.into()
        })
}

/// The one path of a file that has many names by links; of one that is not there, where it would be.
pub fn resolve(path: &Path) -> PathBuf {
    let beside = || {
        let folder = folder_of(path).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    let found = path.canonicalize().ok();
    found.or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
