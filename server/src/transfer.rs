//! The catalog from and into files.

pub mod export;
mod format;
mod guard;
pub mod import;

pub use format::Format;
