//! Two people and one product: which of the fields that one wants to change did the other change too?

use shared::{Draft, Patch, Product};

/// What comes of a change that was meant for an earlier revision of a product.
#[derive(Clone, Debug, PartialEq)]
pub enum Merge {
    /// Nobody else touched these fields: the change can be made to the product as it is now.
    Clean,
    /// These fields are as wanted already.
    Done,
    /// Somebody else changed these fields to something else.
    Conflict(Vec<&'static str>),
}

/// Compares: `patch` was meant for `base`, and the product is `now`.
pub fn merge(base: &Draft, patch: &Patch, now: &Product) -> Merge {
    let wanted = patch.clone().applied_to(base);
    let wanted: Vec<_> = wanted.values().collect();
    let mut conflicts = Vec::new();
    let mut is_open = false;
    let fields = base.values().zip(now.draft.values()).zip(patch.values());
    for (at, (((field, before), (_, now)), given)) in fields.enumerate() {
        if given.is_none() || wanted[at].1 == now {
            continue;
        }
        is_open = true;
        if before != now {
            conflicts.push(field.name);
        }
    }
    match (is_open, conflicts.is_empty()) {
        (false, _) => Merge::Done,
        (true, true) => Merge::Clean,
        (true, false) => Merge::Conflict(conflicts),
    }
}

#[cfg(test)]
mod tests {
    use shared::{Price, ProductId, Revision};

    use super::*;

    fn product(stock: u32, title: &str) -> Product {
        Product {
            id: ProductId(1),
            revision: Revision(1),
            draft: Draft {
                title: title.into(),
                description: "".into(),
                code: "c".into(),
                price: Price::default(),
                status: true,
                stock,
                category: "x".into(),
                thumbnails: Box::default(),
            },
        }
    }

    #[test]
    fn only_fields_that_both_changed_differently_are_in_conflict() {
        let base = product(5, "Lamp");
        let stock = |stock| Patch {
            stock: Some(stock),
            ..Patch::default()
        };
        let merged = |patch: &Patch, now: &Product| merge(&base.draft, patch, now);
        assert_eq!(merged(&stock(6), &product(5, "Desk lamp")), Merge::Clean);
        assert_eq!(merged(&stock(6), &product(6, "Lamp")), Merge::Done);
        assert_eq!(
            merged(&stock(6), &product(9, "Lamp")),
            Merge::Conflict(vec!["stock"])
        );
        let both = Patch {
            title: Some("My lamp".into()),
            ..stock(6)
        };
        let now = product(9, "Lamp");
        assert_eq!(merged(&both, &now), Merge::Conflict(vec!["stock"]));
        let now = product(9, "Their lamp");
        assert_eq!(merged(&both, &now), Merge::Conflict(vec!["title", "stock"]));
    }
}
