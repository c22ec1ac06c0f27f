//! The numbers and names by which everything else is called. They know nothing of what they name.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A newtype around a `u64` that is a plain number in JSON, in SQL and in text.
macro_rules! number {
    ($($(#[$meta:meta])+ $name:ident;)+) => {$(
        $(#[$meta])+
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

/// A newtype around a shared text that is a plain string in JSON.
macro_rules! name {
    ($($(#[$meta:meta])+ $name:ident;)+) => {$(
        $(#[$meta])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Arc<str>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number! {
    /// A change's place in the one order: 1 for the first change, 0 for the catalog before it.
    Revision;
    /// Identifies a product. It is the revision at which the product was added, so it is never
    /// used again.
    ProductId;
    /// The number that a client gives a command, to find the answer that belongs to it.
    RequestId;
}

name! {
    /// The random name that a data file gets when it is made, so that a client never applies the
    /// changes of one data set to another.
    CatalogId;
    /// The random name that a client gives itself when it starts. Together with [`RequestId`] it
    /// identifies a command, so that a client which lost an answer can ask again and nothing is
    /// done twice.
    ClientId;
}

impl Revision {
    /// The revision of the change after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl ClientId {
    /// The longest accepted name in bytes; a UUID has 36.
    pub const MAX_BYTES: usize = 64;

    /// Whether it is one that is accepted.
    pub fn is_valid(&self) -> bool {
        (1..=Self::MAX_BYTES).contains(&self.0.len())
    }
}

/// Identifies one command of one client over any number of connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey {
    /// The client that asks.
    pub client: ClientId,
    /// Which of its commands this is.
    pub request: RequestId,
}
