//! Backups that the server makes by itself, from time to time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::engine::journal::{Archive, JournalError};

/// How a backup's name says when it was made.
const NAME: &str = "vitrina-%Y%m%dT%H%M%SZ.db";

/// How soon it is tried again when a backup failed.
const RETRY_TIME: Duration = Duration::from_mins(1);

/// Where backups go, how often there is one, and how many are kept.
#[derive(Clone, Debug)]
pub struct Backups {
    /// The folder, which has to be there.
    pub folder: PathBuf,
    /// How often there is one.
    pub every: Duration,
    /// How many are kept; the oldest go.
    pub keep: usize,
}

/// Backs up until the server stops. After a start it goes on where it was: there is one at once where
/// the last is too old.
pub async fn back_up(archive: Archive, backups: Backups, stop: CancellationToken) {
    let mut wait = backups.until_next(Timestamp::now());
    loop {
        tokio::select! {
            () = sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        let (archive, plan) = (archive.clone(), backups.clone());
        let made = tokio::task::spawn_blocking(move || plan.make(&archive, Timestamp::now()));
        let made = tokio::select! {
            made = made => made,
            // It is written beside its name, which it has once it is whole.
            () = stop.cancelled() => return,
        };
        wait = match made {
            Ok(Ok(file)) => {
                tracing::info!(file = %file.display(), "backed up");
                backups.until_next(Timestamp::now())
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "can't back up");
                RETRY_TIME
            }
            // The runtime ends, or it panicked and has said so.
            Err(_) => RETRY_TIME,
        };
    }
}

impl Backups {
    /// Makes one, and lets go of those that are too many.
    fn make(&self, archive: &Archive, now: Timestamp) -> Result<PathBuf, JournalError> {
        let file = self.folder.join(now.strftime(NAME).to_string());
        archive.back_up(&file)?;
        let all = self.all();
        let excess = all.len().saturating_sub(self.keep.max(1));
        for (_, old) in &all[..excess] {
            if let Err(error) = std::fs::remove_file(old) {
                tracing::warn!(file = %old.display(), %error, "can't remove an old backup");
            }
        }
        Ok(file)
    }

    /// How long it is until there has to be one.
    fn until_next(&self, now: Timestamp) -> Duration {
        let Some((last, _)) = self.all().pop() else {
            return Duration::ZERO;
        };
        let age = now.duration_since(last).max(SignedDuration::ZERO);
        self.every.saturating_sub(age.unsigned_abs())
    }

    /// Those that are there, the oldest first. Whatever has another name is somebody else's.
    fn all(&self) -> Vec<(Timestamp, PathBuf)> {
        let files = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten();
        let mut all: Vec<(Timestamp, PathBuf)> = files
            .filter_map(|file| Some((made_at(&file.path())?, file.path())))
            .collect();
        all.sort();
        all
    }
}

/// When a backup was made, by its name.
fn made_at(file: &Path) -> Option<Timestamp> {
    let name = file.file_name()?.to_str()?;
    let made = jiff::civil::DateTime::strptime(NAME, name).ok()?;
    let made = made.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?;
    Some(made.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_says_when_it_was_made() {
        let now: Timestamp = "2026-11-26T11:30:05Z".parse().expect("a time");
        let name = now.strftime(NAME).to_string();
        assert_eq!(name, "vitrina-20261126T113005Z.db");
        assert_eq!(made_at(Path::new(&name)), Some(now));
        for other in [
            "vitrina.db",
            "vitrina-2026.db",
            "vitrina-20261126T113005Z.db-wal",
            "x",
        ] {
            assert_eq!(made_at(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn the_next_is_due_when_the_last_is_old_enough() {
        let folder = tempfile::tempdir().expect("a folder");
        let backups = Backups {
            folder: folder.path().to_owned(),
            every: Duration::from_hours(1),
            keep: 2,
        };
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().expect("a time");
        assert_eq!(backups.until_next(now), Duration::ZERO, "there is none");
        let make = |name: &str| std::fs::write(folder.path().join(name), "").expect("a file");
        make("vitrina-20261126T100000Z.db");
        assert_eq!(backups.until_next(now), Duration::ZERO);
        make("vitrina-20261126T114500Z.db");
        make("notes.txt");
        assert_eq!(backups.until_next(now), Duration::from_mins(45));
        // A clock that was set back makes nobody wait for longer.
        make("vitrina-20261127T000000Z.db");
        assert_eq!(backups.until_next(now), Duration::from_hours(1));
    }
}
