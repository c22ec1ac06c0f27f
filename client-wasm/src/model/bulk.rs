//! One change to many products: what it makes of each, to be looked at before it is done.

use std::sync::Arc;

use shared::{Patch, Price, Product, RawCommand};

use super::undo::update;

/// The most products that one batch can change.
pub const MAX_PRODUCTS: usize = 10_000;

/// A change to many products.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Their prices.
    Price(Calculation),
    /// Their stock.
    Stock(Calculation),
    /// Their category.
    Category(Box<str>),
    /// Whether they are on sale.
    Status(bool),
    /// They are deleted.
    Delete,
}

/// A number in place of another. Amounts are in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calculation {
    /// This one.
    Set(i64),
    /// So much more.
    Add(i64),
    /// So many hundredths of a percent more.
    Percent(i64),
}

impl Calculation {
    /// What comes of a number, in hundredths, rounded to the nearest; half goes away from zero.
    fn of(self, hundredths: i64) -> i64 {
        match self {
            Self::Set(number) => number,
            Self::Add(more) => hundredths.saturating_add(more),
            Self::Percent(percent) => {
                let whole = i128::from(hundredths) * (10_000 + i128::from(percent));
                let half = if whole < 0 { -5_000 } else { 5_000 };
                i64::try_from((whole + half) / 10_000).unwrap_or(i64::MAX)
            }
        }
    }
}

/// What a change makes of one product.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Other fields.
    Patch(Patch),
    /// It goes.
    Delete,
    /// Nothing.
    None,
    /// The number that comes out can't be one: it is below zero, or too high.
    Impossible,
}

/// What a change makes of a product.
pub fn effect(change: &Change, product: &Product) -> Effect {
    let draft = &product.draft;
    let patch = match change {
        Change::Delete => return Effect::Delete,
        Change::Price(calculation) => {
            let cents = i64::try_from(draft.price.cents()).unwrap_or(i64::MAX);
            let price = u64::try_from(calculation.of(cents)).ok();
            let Some(price) = price.and_then(Price::from_cents) else {
                return Effect::Impossible;
            };
            Patch {
                price: (price != draft.price).then_some(price),
                ..Patch::default()
            }
        }
        Change::Stock(calculation) => {
            let hundredths = calculation.of(i64::from(draft.stock) * 100);
            let rounded = (hundredths + 50).div_euclid(100);
            let Ok(stock) = u32::try_from(rounded) else {
                return Effect::Impossible;
            };
            Patch {
                stock: (stock != draft.stock).then_some(stock),
                ..Patch::default()
            }
        }
        Change::Category(name) => Patch {
            category: (*name != draft.category).then(|| name.clone()),
            ..Patch::default()
        },
        Change::Status(status) => Patch {
            status: (*status != draft.status).then_some(*status),
            ..Patch::default()
        },
    };
    if patch == Patch::default() {
        Effect::None
    } else {
        Effect::Patch(patch)
    }
}

/// The commands that do it, for products as they are, and those that take it back.
pub fn commands(change: &Change, products: &[Arc<Product>]) -> (Vec<RawCommand>, Vec<RawCommand>) {
    let mut forth = Vec::new();
    let mut back = Vec::new();
    for product in products {
        let (id, if_revision) = (product.id, Some(product.revision));
        match effect(change, product) {
            Effect::Patch(patch) => {
                let after = patch.clone().applied_to(&product.draft);
                let undo = Patch::between(&after, product.draft.clone());
                forth.push(update(id, &patch, if_revision));
                back.push(update(id, &undo, None));
            }
            Effect::Delete => {
                forth.push(RawCommand::Delete { id, if_revision });
                back.push(RawCommand::Restore { id });
            }
            Effect::None | Effect::Impossible => {}
        }
    }
    (forth, back)
}

#[cfg(test)]
mod tests {
    use shared::{Draft, ProductId, Revision};

    use super::*;

    fn product(cents: u64, stock: u32) -> Arc<Product> {
        Arc::new(Product {
            id: ProductId(1),
            revision: Revision(4),
            draft: Draft {
                title: "Lamp".into(),
                description: "".into(),
                code: "c".into(),
                price: Price::from_cents(cents).expect("a price"),
                status: true,
                stock,
                category: "x".into(),
                thumbnails: Box::default(),
            },
        })
    }

    fn price(calculation: Calculation, cents: u64) -> Option<u64> {
        match effect(&Change::Price(calculation), &product(cents, 0)) {
            Effect::Patch(patch) => patch.price.map(Price::cents),
            Effect::None => Some(cents),
            Effect::Delete | Effect::Impossible => None,
        }
    }

    #[test]
    fn prices_are_set_moved_and_raised() {
        for (calculation, before, after) in [
            (Calculation::Set(999), 1_000, Some(999)),
            (Calculation::Set(1_000), 1_000, Some(1_000)),
            (Calculation::Add(-100), 1_000, Some(900)),
            (Calculation::Add(-1_001), 1_000, None),
            (Calculation::Percent(1_000), 1_999, Some(2_199)),
            (Calculation::Percent(-1_250), 1_000, Some(875)),
            (Calculation::Percent(5_000), 1, Some(2)),
            (Calculation::Percent(-10_000), 1_000, Some(0)),
            (Calculation::Percent(100_000), 100_000_000_000, None),
        ] {
            assert_eq!(
                price(calculation, before),
                after,
                "{calculation:?} of {before}"
            );
        }
    }

    #[test]
    fn stock_is_whole_and_never_below_zero() {
        let stock =
            |calculation, stock| match effect(&Change::Stock(calculation), &product(0, stock)) {
                Effect::Patch(patch) => patch.stock,
                Effect::None => Some(stock),
                Effect::Delete | Effect::Impossible => None,
            };
        assert_eq!(stock(Calculation::Percent(1_000), 15), Some(17));
        assert_eq!(stock(Calculation::Add(-500), 3), None);
        assert_eq!(stock(Calculation::Set(0), 3), Some(0));
    }

    #[test]
    fn what_is_done_can_be_taken_back_as_one() {
        let (forth, back) = commands(&Change::Delete, &[product(1, 1)]);
        let id = ProductId(1);
        let if_revision = Some(Revision(4));
        assert_eq!(forth, [RawCommand::Delete { id, if_revision }]);
        assert_eq!(back, [RawCommand::Restore { id }]);
        let (forth, back) = commands(&Change::Status(true), &[product(1, 1)]);
        assert!(forth.is_empty() && back.is_empty(), "it is on sale already");
    }
}
