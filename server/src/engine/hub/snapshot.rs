//! The whole catalog as frames, encoded once for everyone who asks at the time.

use std::sync::Arc;

use shared::{Catalog, CatalogId, Digest, Product, Revision, ServerMessage};

use super::frame::{Encoded, MAX_FRAME_BYTES};
use super::ring::History;

/// Every product at one revision, in parts.
pub struct Snapshot {
    history: History,
    revision: Revision,
    digest: Digest,
    parts: Vec<Encoded>,
}

impl Snapshot {
    /// Encodes a catalog at a revision of this history.
    pub fn encode(id: &CatalogId, history: History, catalog: &Catalog) -> Self {
        let revision = catalog.revision();
        let parts = divide(catalog);
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        let parts = (1..).zip(parts).map(|(part, products)| {
            let message = ServerMessage::Snapshot {
                catalog: id.clone(),
                revision,
                products,
                part,
                parts: count,
            };
            Encoded::new(&message)
        });
        Self {
            history,
            revision,
            digest: catalog.digest(),
            parts: parts.collect(),
        }
    }

    /// The history that its revision belongs to.
    pub fn history(&self) -> History {
        self.history
    }

    /// The revision of the whole.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The digest of the whole.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The part with this index, from 0.
    pub fn part(&self, index: usize) -> Option<&Encoded> {
        self.parts.get(index)
    }
}

/// The products, the newest first, in groups of about [`MAX_FRAME_BYTES`] of JSON; one empty group where there are none.
fn divide(catalog: &Catalog) -> Vec<Vec<Arc<Product>>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for product in catalog.products().rev() {
        bytes += product.json_bytes();
        let is_begun = parts.last().is_some_and(|part| !part.is_empty());
        if bytes > MAX_FRAME_BYTES && is_begun {
            parts.push(Vec::new());
            bytes = product.json_bytes();
        }
        if let Some(part) = parts.last_mut() {
            part.push(product.clone());
        }
    }
    parts
}
