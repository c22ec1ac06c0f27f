//! What would come of a file's rows, without doing any of it: of each row two hashes are kept, so
//! that a dry run of a million rows needs no million products.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use shared::catalog::fold_code;
use shared::{Catalog, Draft, OnDuplicate, Reason};

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

/// The rows that were looked at.
pub struct Preview {
    catalog: Arc<Catalog>,
    /// The products that rows would have made so far: a hash of each one's code, wide enough that
    /// no two codes share one, and a hash of its fields.
    made: HashMap<(u64, u64), u64>,
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
        draft: &Draft,
        on_duplicate: OnDuplicate,
    ) -> Result<RowOutcome, Reason> {
        let code = fold_code(&draft.code);
        let key = self.hashers.each_ref().map(|hasher| hasher.hash_one(&code));
        let fields = self.hashers[0].hash_one(draft);
        let made = self.made.entry(key.into());
        let before = match &made {
            Entry::Occupied(made) => Some(*made.get() == fields),
            Entry::Vacant(_) => {
                let there = self.catalog.with_code(&draft.code);
                there.map(|product| product.draft == *draft)
            }
        };
        let outcome = match (before, on_duplicate) {
            (None, _) => RowOutcome::Added,
            (Some(_), OnDuplicate::Refuse) => {
                return Err(Reason::CodeTaken(draft.code.to_string()));
            }
            (Some(_), OnDuplicate::Skip) | (Some(true), OnDuplicate::Update) => {
                return Ok(RowOutcome::Skipped);
            }
            (Some(false), OnDuplicate::Update) => RowOutcome::Updated,
        };
        made.insert_entry(fields);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests;
