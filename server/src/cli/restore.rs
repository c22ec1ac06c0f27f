//! `vitrina restore`: a backup in place of a data file's list.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use same_file::is_same_file;
use serde_json::json;

use super::output::{count, print, print_json};
use crate::engine::journal::{DataFile, SqliteJournal, Store};

/// Puts a backup back, after it was looked at, while no server has the file. What was there before is
/// kept beside it.
pub fn restore(store: &Store, backup: &Path, is_json: bool) -> anyhow::Result<()> {
    let Store::File(path) = store else {
        bail!(
            "this puts a backup into a data file; into a database it goes with vitrina move \
             --from {} --to postgres://...",
            backup.display()
        );
    };
    if is_same_file(path, backup).unwrap_or(false) {
        bail!("{} is the data file itself", backup.display());
    }
    let copy = DataFile::open(backup)?;
    let faults = copy.inspect().faults;
    if let Some(fault) = faults.first() {
        bail!(
            "{} has {}, and nothing was changed: {fault}",
            backup.display(),
            count(faults.len() as u64, "fault")
        );
    }
    let had_file = path.exists();
    let mut journal = SqliteJournal::open(path)?;
    let before = if had_file {
        let before = name_before(path);
        store
            .back_up(&before)
            .context("what is there now must be kept first")?;
        Some(before)
    } else {
        None
    };
    journal.restore(backup)?;
    drop(journal);
    let catalog = store.load()?.catalog;
    let (products, revision) = (catalog.len(), catalog.revision());
    if is_json {
        return print_json(&json!({
            "file": path.to_string_lossy(), "products": products, "revision": revision,
            "before": before.as_deref().map(Path::to_string_lossy),
        }));
    }
    print(&format_args!(
        "{}: {} at revision {revision}, as in {}",
        path.display(),
        count(products as u64, "product"),
        backup.display()
    ))?;
    if let Some(before) = before {
        print(&format_args!(
            "what was there before is in {}",
            before.display()
        ))?;
    }
    Ok(())
}

/// The name under which what was there before is kept.
fn name_before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(
        Timestamp::now()
            .strftime(".before-%Y%m%dT%H%M%S%.3fZ")
            .to_string(),
    );
    name.into()
}
