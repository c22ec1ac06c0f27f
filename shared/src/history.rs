//! What is kept of the past: every change with its time, where it came from, and the product as it
//! was before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::id::Revision;
use crate::product::Product;

/// Where a command came from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// A live page, over its socket.
    Page,
    /// A program, over HTTP.
    Http,
    /// A file that was imported.
    Import,
    /// The command line.
    Cli,
}

/// A change that is kept, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastChange {
    /// Its place in the one order.
    pub revision: Revision,
    /// When, as RFC 3339 writes it, in UTC; unknown where an early version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Where the command came from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Who gave it: a person, or a program by the name of its token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What happened.
    pub change: Change,
    /// The product as it was before; a product that was added has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Arc<Product>>,
}

/// A piece of the history, the newest change first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastChanges {
    /// The changes.
    pub changes: Vec<PastChange>,
    /// The `after` of the next piece, where there may be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Revision>,
}
