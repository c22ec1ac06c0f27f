//! The products that clients have open to change them, for others to see.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::{Catalog, ProductId};

/// The most that are told of: more than people can look at.
const MAX_TOLD: usize = 100;

/// How many clients have each product open.
#[derive(Default)]
pub struct OpenProducts(Mutex<BTreeMap<ProductId, usize>>);

impl OpenProducts {
    fn counts(&self) -> MutexGuard<'_, BTreeMap<ProductId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A client has another product open than before.
    pub fn change(&self, before: Option<ProductId>, now: Option<ProductId>) {
        let mut all = self.counts();
        if let Some(id) = now {
            *all.entry(id).or_default() += 1;
        }
        if let Some(id) = before
            && let Some(count) = all.get_mut(&id)
        {
            *count -= 1;
            if *count == 0 {
                all.remove(&id);
            }
        }
    }

    /// Those that are in the catalog, each as often as clients have it open.
    pub fn all(&self, catalog: &Catalog) -> Vec<ProductId> {
        let counts = self.counts();
        let there = counts.iter().filter(|(id, _)| catalog.get(**id).is_some());
        let each = there.flat_map(|(id, count)| std::iter::repeat_n(*id, *count));
        each.take(MAX_TOLD).collect()
    }

    /// These and those that are open elsewhere.
    pub fn told(&self, elsewhere: &[ProductId], catalog: &Catalog) -> Vec<ProductId> {
        let mut told = self.all(catalog);
        let there = elsewhere.iter().filter(|id| catalog.get(**id).is_some());
        told.extend(there.take(MAX_TOLD));
        told.sort_unstable();
        told
    }
}
