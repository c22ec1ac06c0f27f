//! What becomes of changes that are too old.

use std::time::Duration;

use rusqlite::{Transaction, params};
use shared::Revision;

use crate::engine::journal::{JournalError, MAX_HISTORY, RETAINED_CHANGES, oldest_change};

/// Takes the oldest changes out of the history of a catalog at this revision, `most` of those that are
/// older than is kept; returns how many. The latest stay, however old they are: clients resume from
/// them.
pub fn trim(
    transaction: &Transaction<'_>,
    revision: Revision,
    keep: Option<Duration>,
    most: usize,
) -> Result<usize, JournalError> {
    let before = |count: usize| revision.0.saturating_sub(count as u64);
    let mut trimmed = transaction
        .prepare_cached("DELETE FROM changes WHERE revision <= ?1")?
        .execute([before(MAX_HISTORY)])?;
    let Some(keep) = keep else {
        return Ok(trimmed);
    };
    // Early versions wrote no time.
    for is_old in ["at < ?2", "at IS NULL AND ?2 > 0"] {
        let sql = format!(
            "DELETE FROM changes WHERE revision IN (
                SELECT revision FROM changes WHERE {is_old} AND revision <= ?1
                ORDER BY at, revision LIMIT ?3
            )"
        );
        trimmed += transaction.prepare_cached(&sql)?.execute(params![
            before(RETAINED_CHANGES),
            oldest_change(keep),
            most as u64
        ])?;
    }
    Ok(trimmed)
}
