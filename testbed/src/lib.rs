//! What servers are tried on, by the tests, by the measurements and by hand: PostgreSQL as a shop runs
//! it, and a real browser. Whatever can't be had is a panic that says why.

#![expect(clippy::missing_panics_doc, reason = "see above")]

#[cfg(feature = "chromium")]
mod chromium;
mod port;
mod postgres;

#[cfg(feature = "chromium")]
pub use chromium::{Chromium, Network, Window};
pub use port::free_port;
pub use postgres::{Node, Postgres, url};
