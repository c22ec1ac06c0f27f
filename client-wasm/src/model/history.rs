//! What happened to products, as far as the page has asked for it.

use shared::{Change, PastChange, PastChanges, Patch, Product, ProductId, Revision};

/// Changes that the server has told, the newest first.
#[derive(Default)]
pub struct History {
    /// The product that they are about; `None` for all products.
    pub product: Option<ProductId>,
    /// The changes.
    pub changes: Vec<PastChange>,
    /// Where older ones begin, where there may be any.
    pub next: Option<Revision>,
}

impl History {
    /// Nothing yet, about a product or all.
    pub fn of(product: Option<ProductId>) -> Self {
        Self {
            product,
            ..Self::default()
        }
    }

    /// The newest change that is known.
    pub fn newest(&self) -> Revision {
        self.changes
            .first()
            .map_or(Revision(0), |change| change.revision)
    }

    /// Takes the changes before those that are known.
    pub fn add_older(&mut self, told: PastChanges) {
        let oldest = self.changes.last().map(|change| change.revision);
        let is_older = |change: &PastChange| oldest.is_none_or(|oldest| change.revision < oldest);
        self.changes
            .extend(told.changes.into_iter().filter(is_older));
        self.next = told.next;
    }

    /// Takes the newest changes. Where they don't reach what is known, that is too old to stand beside
    /// them.
    pub fn add_newest(&mut self, told: PastChanges) {
        let known = self.newest();
        let reaches = |change: &PastChange| change.revision <= known;
        if told.next.is_some() && !told.changes.last().is_some_and(reaches) {
            self.changes = told.changes;
            self.next = told.next;
            return;
        }
        let new = told.changes.into_iter();
        let new = new.filter(|change| !reaches(change));
        self.changes = new.chain(std::mem::take(&mut self.changes)).collect();
    }

    /// The change with this revision.
    pub fn get(&self, revision: Revision) -> Option<&PastChange> {
        self.changes
            .iter()
            .find(|change| change.revision == revision)
    }
}

/// What puts back the fields of a product that a change had changed: `None` where they are as they were
/// before it, or nothing was changed.
pub fn put_back(past: &PastChange, now: &Product) -> Option<Patch> {
    let (Change::Updated(after), Some(before)) = (&past.change, &past.before) else {
        return None;
    };
    let was_changed = Patch::between(&after.draft, before.draft.clone());
    let then = was_changed.applied_to(&now.draft);
    let patch = Patch::between(&now.draft, then);
    (patch != Patch::default()).then_some(patch)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use shared::Draft;

    use super::*;

    fn product(revision: u64, title: &str, stock: u32) -> Arc<Product> {
        let draft = json!({"title": title, "description": "", "code": "c", "price": 1, "status": true,
            "stock": stock, "category": "d", "thumbnails": []});
        let draft: Draft = serde_json::from_value(draft).expect("a draft");
        Arc::new(Product {
            id: ProductId(1),
            revision: Revision(revision),
            draft,
        })
    }

    fn updated(revision: u64) -> PastChange {
        PastChange {
            revision: Revision(revision),
            at: None,
            source: None,
            by: None,
            change: Change::Updated(product(revision, "a", 2)),
            before: Some(product(revision - 1, "a", 1)),
        }
    }

    fn told(revisions: impl IntoIterator<Item = u64>, next: Option<u64>) -> PastChanges {
        PastChanges {
            changes: revisions.into_iter().map(updated).collect(),
            next: next.map(Revision),
        }
    }

    fn revisions(history: &History) -> Vec<u64> {
        history.changes.iter().map(|c| c.revision.0).collect()
    }

    #[test]
    fn older_and_newer_changes_join_without_a_gap() {
        let mut history = History::default();
        history.add_newest(told([9, 8, 7], Some(7)));
        assert_eq!(
            (revisions(&history), history.next),
            (vec![9, 8, 7], Some(Revision(7)))
        );
        history.add_older(told([6, 5], Some(5)));
        history.add_newest(told([11, 10, 9], Some(9)));
        assert_eq!(revisions(&history), [11, 10, 9, 8, 7, 6, 5]);
        assert_eq!(history.next, Some(Revision(5)));
        history.add_older(told([4], None));
        history.add_newest(told([14, 13], Some(13)));
        assert_eq!(revisions(&history), [14, 13], "twelve is missing between");
        assert_eq!(history.next, Some(Revision(13)));
        let mut short = History::default();
        short.add_newest(told([2], None));
        short.add_newest(told([3, 2], None));
        assert_eq!(revisions(&short), [3, 2]);
    }

    #[test]
    fn what_a_change_changed_is_put_back_and_nothing_else() {
        let past = updated(5);
        let now = product(8, "renamed since", 2);
        let patch = put_back(&past, &now).expect("a patch");
        assert_eq!(
            patch,
            Patch {
                stock: Some(1),
                ..Patch::default()
            }
        );
        assert_eq!(
            put_back(&past, &product(8, "b", 1)),
            None,
            "it is as it was"
        );
        let added = PastChange {
            change: Change::Added(product(5, "a", 2)),
            before: None,
            ..past
        };
        assert_eq!(put_back(&added, &now), None);
    }
}
