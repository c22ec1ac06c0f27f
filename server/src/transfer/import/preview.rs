//! What would come of a file's rows, without doing any of it: of each row a few hashes are kept, so
//! that a dry run of a million rows needs no million products.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use shared::catalog::fold_code;
use shared::{Catalog, Draft, FieldRef, OnDuplicate, Patch, Reason};

use super::row::RowProduct;

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// A new product.
    Added,
    /// Other fields for one that is there.
    Updated,
    /// Nothing: the product is there as it should be, or is to be left alone.
    Skipped,
}

/// Hashes of a product's fields, in their order.
type FieldHashes = [u32; Draft::FIELDS.len()];

/// The rows that were looked at.
pub struct Preview {
    catalog: Arc<Catalog>,
    /// The products that rows would have made so far: a hash of each one's code, wide enough that
    /// no two codes share one, and what its fields would be.
    made: HashMap<(u64, u64), FieldHashes>,
    hashers: [RandomState; 2],
}

impl Preview {
    /// A preview of what becomes of this catalog.
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self {
            catalog,
            made: HashMap::new(),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }

    /// Decides a row as [`Catalog::decide`] would, were the rows before it done.
    pub fn decide(
        &mut self,
        product: RowProduct,
        on_duplicate: OnDuplicate,
    ) -> Result<RowOutcome, Reason> {
        let code = fold_code(&product.code);
        let key = self.hashers.each_ref().map(|hasher| hasher.hash_one(&code));
        let key = key.into();
        let there = self.catalog.with_code(&product.code);
        let before = match self.made.get(&key) {
            Some(made) => Some(*made),
            None => there.map(|there| self.hashes(&there.draft)),
        };
        let Some(before) = before else {
            let made = self.hashes(&product.draft?);
            self.made.insert(key, made);
            return Ok(RowOutcome::Added);
        };
        match on_duplicate {
            OnDuplicate::Refuse => {
                product.draft?;
                Err(Reason::CodeTaken(product.code.to_string(), None))
            }
            OnDuplicate::Skip => {
                product.patch?;
                Ok(RowOutcome::Skipped)
            }
            OnDuplicate::Update => {
                let now = self.patched(before, &product.patch?);
                if now == before {
                    return Ok(RowOutcome::Skipped);
                }
                self.made.insert(key, now);
                Ok(RowOutcome::Updated)
            }
        }
    }

    fn hashes(&self, draft: &Draft) -> FieldHashes {
        let mut hashes = FieldHashes::default();
        for (hash, (_, value)) in hashes.iter_mut().zip(draft.values()) {
            *hash = self.hash(value);
        }
        hashes
    }

    /// The hashes of a product with the fields of the patch in place of its own.
    fn patched(&self, mut hashes: FieldHashes, patch: &Patch) -> FieldHashes {
        for (hash, value) in hashes.iter_mut().zip(patch.values()) {
            if let Some(value) = value {
                *hash = self.hash(value);
            }
        }
        hashes
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of a hash is one as well"
    )]
    fn hash(&self, value: FieldRef<'_>) -> u32 {
        self.hashers[0].hash_one(value) as u32
    }
}

#[cfg(test)]
mod tests;
