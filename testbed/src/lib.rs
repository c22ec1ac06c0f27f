//! What servers are tried on, by the tests, by the measurements and by hand: PostgreSQL as a shop runs
//! it. Whatever can't be had is a panic that says why.

#![expect(clippy::missing_panics_doc, reason = "see above")]

mod port;
mod postgres;

pub use port::free_port;
pub use postgres::{Node, Postgres, url};
