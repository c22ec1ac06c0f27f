//! The catalog from and into files.

pub mod export;
mod format;
pub mod import;

pub use format::Format;
