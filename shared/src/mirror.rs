//! A copy of the catalog, kept by a socket's messages: what a page, a test or a load tool holds.

use std::sync::Arc;

use crate::catalog::{Catalog, Digest};
use crate::change::Change;
use crate::id::{CatalogId, Revision};
use crate::message::ServerMessage;
use crate::product::Product;

/// A copy of the catalog and how far it has come.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    id: Option<CatalogId>,
    catalog: Catalog,
    /// The parts of a snapshot that is still coming.
    coming: Vec<Arc<Product>>,
}

/// How far a copy has come. A server goes on from here only where its own catalog had this digest
/// at this revision: one that was put back from a backup has another history from there on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which catalog it is.
    pub catalog: CatalogId,
    /// Its revision.
    pub revision: Revision,
    /// What its products are.
    pub digest: Digest,
}

impl Position {
    /// The parameters by which a connection goes on from here.
    pub fn to_query(&self) -> String {
        let Self {
            catalog,
            revision,
            digest,
        } = self;
        format!("catalog={catalog}&since={revision}&digest={digest}")
    }
}

/// What a message did to a mirror.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A part of a snapshot came and more are to come.
    Loading {
        /// How many parts have come.
        part: u32,
        /// How many there are.
        parts: u32,
    },
    /// The catalog was replaced by a snapshot.
    Replaced,
    /// The catalog took these changes.
    Changed(Vec<Change>),
    /// The server's count and digest are the mirror's own, or belong to another revision.
    Agreed,
    /// At the same revision the server's catalog is another one: the mirror is wrong and must
    /// start again from a snapshot.
    Disagreed,
    /// Nothing: the message was about something else.
    Nothing,
}

impl Mirror {
    /// The copy.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What has come of a snapshot that is not whole yet.
    pub fn coming(&self) -> &[Arc<Product>] {
        &self.coming
    }

    /// From where a new connection can go on.
    pub fn position(&self) -> Option<Position> {
        Some(Position {
            catalog: self.id.clone()?,
            revision: self.catalog.revision(),
            digest: self.catalog.digest(),
        })
    }

    /// Forgets the parts of a snapshot that never came whole: the connection was lost.
    pub fn interrupt(&mut self) {
        self.coming.clear();
    }

    /// Takes one message.
    pub fn take(&mut self, message: ServerMessage) -> Step {
        match message {
            ServerMessage::Snapshot {
                catalog,
                revision,
                products,
                part,
                parts,
            } => {
                if part == 1 {
                    self.coming.clear();
                }
                self.coming.extend(products);
                if part < parts {
                    return Step::Loading { part, parts };
                }
                self.id = Some(catalog);
                self.catalog = Catalog::new(revision, self.coming.drain(..));
                Step::Replaced
            }
            ServerMessage::Changes { revision, changes } => {
                self.catalog.apply(revision, changes.iter().cloned());
                Step::Changed(changes)
            }
            ServerMessage::Pulse {
                revision,
                count,
                digest,
                ..
            } => {
                let same = (count, digest) == (self.catalog.len(), self.catalog.digest());
                if revision == self.catalog.revision() && !same {
                    Step::Disagreed
                } else {
                    Step::Agreed
                }
            }
            ServerMessage::Done { .. }
            | ServerMessage::Refused { .. }
            | ServerMessage::Closing { .. } => Step::Nothing,
        }
    }
}
