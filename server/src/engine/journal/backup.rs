//! A copy of a whole journal in a data file, made while servers write.

use std::fs::File;
use std::path::Path;

use shared::Catalog;
use tempfile::TempPath;

use super::JournalError;
use super::data_file::DataFile;
use super::own_files::folder_of;
use super::sqlite::SqliteSink;
use super::store::Store;

impl Store {
    /// Copies everything as it is at one moment into a new data file, which has its name once it is
    /// whole and durable; gives what it holds.
    pub fn back_up(&self, file: &Path) -> Result<Catalog, JournalError> {
        let cannot_write = |why: String| JournalError::Backup {
            path: file.display().to_string(),
            why,
        };
        let beside = tempfile::Builder::new()
            .prefix(".vitrina-")
            .tempdir_in(folder_of(file));
        let beside = beside.map_err(|error| cannot_write(error.to_string()))?;
        let whole = beside.path().join("copy");
        match self {
            Self::File(path) => DataFile::open(path)?.copy_to(&whole)?,
            Self::Database(_) => self.copy_into(&mut SqliteSink::open(&whole)?)?,
        }
        let copied = DataFile::open(&whole)?.load()?.catalog;
        let named = || {
            TempPath::try_from_path(&whole)?.persist_noclobber(file)?;
            // The new name, too, is to be there after a crash.
            File::open(folder_of(file))?.sync_all()
        };
        named().map_err(|error: std::io::Error| cannot_write(error.to_string()))?;
        Ok(copied)
    }
}
