//! How long a live connection is waited for.

use std::time::Duration;

/// How long a connection may be silent, and how long it may take nothing. Tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The time between two pings. A client that is there answers each.
    pub ping: Duration,
    /// A connection from which nothing came for this long is dead.
    pub silent: Duration,
    /// A connection that took nothing for this long is closed; its client comes back and skips
    /// ahead.
    pub stalled: Duration,
    /// When the server stops, its clients come back after a random time up to this.
    pub come_back: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(15),
            silent: Duration::from_mins(1),
            stalled: Duration::from_mins(1),
            come_back: Duration::from_secs(3),
        }
    }
}
