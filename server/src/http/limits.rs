//! How much a request may have, how long it is waited for, and how many clients there may be.

use std::time::Duration;

use anyhow::bail;
use axum::Extension;

use super::body::BodyMemory;
use super::pool::ParsePool;

/// The most bytes of a command, as the body of a request or as a frame from a client: a product
/// with every field at its limit, each character escaped, has 140 KiB.
pub const MAX_COMMAND_BYTES: usize = 256 * 1024;

/// How long a connection may take to send the head of its next request. It is also how long one
/// that is kept for later may be idle: longer than most clients and proxies keep theirs (nginx a minute), so
/// that none is closed just when the next request comes.
pub const HEAD_TIME: Duration = Duration::from_secs(90);

/// How long a connection that was just accepted may take to begin its first request once the server stops:
/// as long as what was sent at the same time is on its way.
pub const FIRST_REQUEST_TIME: Duration = Duration::from_millis(500);

/// Files that are not connections: the data file, the listener, the log and so on, and what the
/// kernel keeps of recent changes.
const MAX_OTHER_FILES: usize = 128;

/// With fewer files than this the server can't do its work.
const MIN_FILES: usize = 48;

/// What bodies of a route are read with.
#[derive(Clone)]
pub struct BodyLimit {
    /// The most bytes of one.
    pub max_bytes: usize,
    /// What all of them may have together.
    pub memory: BodyMemory,
    /// Where large ones are parsed.
    pub pool: ParsePool,
}

impl Default for BodyLimit {
    /// The limit of a command's body.
    fn default() -> Self {
        Self {
            max_bytes: MAX_COMMAND_BYTES,
            memory: BodyMemory::default(),
            pool: ParsePool::default(),
        }
    }
}

impl BodyLimit {
    /// A layer that limits the bodies of a route to this many bytes.
    pub fn layer(&self, max_bytes: usize) -> Extension<Self> {
        Extension(Self {
            max_bytes,
            ..self.clone()
        })
    }
}

/// How many connections there may be when the process may open so many files. An eighth of the
/// files, but not all of a few, is for the others: whatever clients do, changes can be saved.
pub fn max_connections(files: u64) -> anyhow::Result<usize> {
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    if files < MIN_FILES {
        bail!(
            "this process may open only {files} files, and a server needs {MIN_FILES} or more: \
             allow more with `ulimit -n`"
        );
    }
    let others = (files / 8).clamp(MIN_FILES / 2, MAX_OTHER_FILES);
    Ok(files - others)
}

/// How many of the connections may be live clients: the rest is for requests, so that somebody who
/// finds no room is told so.
pub fn max_clients(max_connections: usize) -> usize {
    max_connections - max_connections.div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_are_enough_or_too_few() {
        assert_eq!(max_connections(64).expect("enough"), 40);
        assert_eq!(max_connections(48).expect("enough"), 24);
        assert_eq!(max_connections(1_024).expect("enough"), 896);
        assert_eq!(max_connections(1_048_576).expect("enough"), 1_048_448);
        let too_few = max_connections(47).expect_err("too few").to_string();
        assert!(too_few.contains("47") && too_few.contains("ulimit -n"));
        assert_eq!(max_clients(40), 35);
        assert_eq!(max_clients(1), 0);
    }
}
