//! Commands (what somebody wants), changes (what happened) and the numbers that order them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::product::{Draft, Patch, Product, ProductId};

/// A change's place in the one order: 1 for the first change, 0 for the catalog before it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl From<u64> for Revision {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl Revision {
    /// The revision of the change after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The random name a data file is given when it is made, so that a page never applies the
/// changes of one data set to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CatalogId(pub Arc<str>);

impl fmt::Display for CatalogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number a page gives a command, to find the answer that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

impl From<u64> for RequestId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

/// The random name a page gives itself when it opens. With [`RequestId`] it names one command
/// for ever, so that a page which lost an answer can ask again and nothing is done twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageId(pub Arc<str>);

impl PageId {
    /// Longest accepted name in bytes; a UUID has 36.
    pub const MAX_BYTES: usize = 64;
}

/// Names one command of one page over any number of connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// Who asks.
    pub page: PageId,
    /// Which of its commands.
    pub request: RequestId,
}

/// What somebody wants. Its contents have passed the rules; whether it fits the catalog is
/// decided by [`Catalog::decide`](crate::Catalog::decide).
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Add a product.
    Add(Draft),
    /// Add a product that comes from a file, or what else is to be done when there is one with
    /// its code.
    Import {
        /// The product.
        draft: Draft,
        /// What to do with the one that is there.
        on_duplicate: OnDuplicate,
    },
    /// Change some fields of a product.
    Update {
        /// Which product.
        id: ProductId,
        /// The fields to change.
        patch: Patch,
        /// Refuse when the product is no longer at this revision.
        if_revision: Option<Revision>,
    },
    /// Delete a product.
    Delete {
        /// Which product.
        id: ProductId,
        /// Refuse when the product is no longer at this revision.
        if_revision: Option<Revision>,
    },
}

/// What is done with an imported product whose code another has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// It is refused.
    #[default]
    Refuse,
    /// The other gets its fields.
    Update,
    /// The other stays as it is.
    Skip,
}

impl OnDuplicate {
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["refuse", "update", "skip"];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "refuse" => Some(Self::Refuse),
            "update" => Some(Self::Update),
            "skip" => Some(Self::Skip),
            _ => None,
        }
    }
}

/// What happened to one product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A product that was not there is there now.
    Added(Arc<Product>),
    /// A product has other fields than before.
    Updated(Arc<Product>),
    /// A product is gone.
    Deleted(ProductId),
}

impl Change {
    /// The product the change is about.
    pub fn id(&self) -> ProductId {
        match self {
            Self::Added(product) | Self::Updated(product) => product.id,
            Self::Deleted(id) => *id,
        }
    }

    /// `added`, `updated` or `deleted`, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Updated(_) => "updated",
            Self::Deleted(_) => "deleted",
        }
    }
}
