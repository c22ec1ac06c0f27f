//! Vitrina's server: one catalog, live on every page that shows it.
//!
//! A command comes in by [`api`] or [`socket`], the [`desk`] decides it, the [`journal`] makes the
//! change durable, and the [`hub`] hands it to every live connection.

pub mod api;
pub mod app;
pub mod assets;
pub mod command;
pub mod conditional;
pub mod config;
pub mod desk;
pub mod export;
pub mod guard;
pub mod hub;
pub mod import;
pub mod journal;
pub mod lane;
pub mod language;
pub mod listen;
pub mod listing;
pub mod live;
pub mod openapi;
pub mod pages;
pub mod problem;
pub mod serve;
pub mod socket;

pub use app::{Options, run};
pub use listen::listen;
