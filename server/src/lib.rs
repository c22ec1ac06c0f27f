//! Vitrina's server: one catalog, live on every page that shows it.
//!
//! A command comes in by a door (`api`, `live`), the `engine` decides it, makes it durable and
//! hands the change to every live connection. `ARCHITECTURE.md` shows the rooms and the walls
//! between them.

#![warn(clippy::print_stdout, clippy::print_stderr)]

mod access;
mod api;
mod app;
mod backups;
pub mod cli;
mod embedded;
mod engine;
#[cfg(feature = "fuzzing")]
pub mod fuzz;
mod http;
mod listing;
mod live;
mod memory;
mod metrics;
mod moment;
mod pages;
mod router;
mod spans;
mod transfer;
mod translations;
mod unicode;

pub use app::{Options, run};
pub use engine::hub::Pace;
pub use engine::journal;
pub use http::limits::MAX_COMMAND_BYTES;
pub use http::listen::listen;
pub use live::timeouts::Timeouts;
