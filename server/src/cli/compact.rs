//! `vitrina compact`: a data file without what it has no more use for.

use anyhow::bail;
use serde_json::json;

use super::output::{print, print_json};
use crate::engine::journal::{JournalError, SqliteJournal, Store};

/// Makes a data file as small as it can be, while no server has it.
pub fn compact(store: &Store, is_json: bool) -> anyhow::Result<()> {
    let Store::File(path) = store else {
        bail!(
            "this is for data files; PostgreSQL does it by itself (autovacuum), or by VACUUM FULL"
        );
    };
    if !path.exists() {
        return Err(JournalError::NotThere(path.display().to_string()).into());
    }
    let (before, after) = SqliteJournal::open(path)?.compact()?;
    if is_json {
        return print_json(&json!({
            "file": path.to_string_lossy(), "bytes_before": before, "bytes": after,
        }));
    }
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    print(&format_args!(
        "{}: {} instead of {}",
        path.display(),
        mib(after),
        mib(before)
    ))
}
