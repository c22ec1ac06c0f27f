//! What can be undone: everything that this page did, the last first, as long as the page lives.

use std::sync::Arc;

use shared::{Fields, Patch, Product, ProductId, RawCommand, Revision};

/// Something that was done, and what takes it back.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What it was, in the reader's words.
    pub what: String,
    /// What takes it back.
    pub back: Back,
}

/// What takes something back.
#[derive(Clone, Debug, PartialEq)]
pub enum Back {
    /// One command, and the product as it was left where fields of it are put back.
    One(RawCommand, Option<Arc<Product>>),
    /// Many, all of them or none.
    Many(Vec<RawCommand>),
}

/// What can be undone.
#[derive(Debug, Default)]
pub struct Undo {
    done: Vec<(u32, Done)>,
    last: u32,
}

impl Undo {
    /// Notes what was done, and gives it a number.
    pub fn push(&mut self, done: Done) -> u32 {
        self.last += 1;
        self.done.push((self.last, done));
        self.last
    }

    /// The number of what was done last.
    pub fn newest(&self) -> Option<u32> {
        self.done.last().map(|(number, _)| *number)
    }

    /// The number of what this command alone takes back.
    pub fn number_of(&self, command: &RawCommand) -> Option<u32> {
        let is_it = |done: &Done| matches!(&done.back, Back::One(back, _) if back == command);
        let mut found = self.done.iter().rev().filter(|(_, done)| is_it(done));
        found.next().map(|(number, _)| *number)
    }

    /// Takes what has this number, unless it is taken already.
    pub fn take(&mut self, number: u32) -> Option<Done> {
        let place = self.done.iter().position(|(other, _)| *other == number)?;
        Some(self.done.remove(place).1)
    }

    /// What would be undone next.
    pub fn last(&self) -> Option<&str> {
        self.done.last().map(|(_, done)| done.what.as_str())
    }

    /// Forgets everything that names a product: in another catalog it is another one.
    pub fn clear(&mut self) {
        self.done.clear();
    }
}

/// The command that takes back what a patch did to a product, and the product as the patch left it.
pub fn back_of(base: &Product, patch: &Patch, revision: Revision) -> (RawCommand, Arc<Product>) {
    let after = patch.clone().applied_to(&base.draft);
    let back = Patch::between(&after, base.draft.clone());
    let left = Arc::new(Product {
        id: base.id,
        revision,
        draft: after,
    });
    (update(base.id, &back, Some(revision)), left)
}

/// The command that changes these fields.
pub fn update(id: ProductId, patch: &Patch, if_revision: Option<Revision>) -> RawCommand {
    RawCommand::Update {
        id,
        patch: Fields::from(patch),
        if_revision,
    }
}

#[cfg(test)]
mod tests {
    use shared::{Draft, Price};

    use super::*;

    fn done(what: &str) -> Done {
        Done {
            what: what.to_owned(),
            back: Back::Many(Vec::new()),
        }
    }

    #[test]
    fn the_last_is_undone_first_and_each_once() {
        let mut undo = Undo::default();
        let first = undo.push(done("a"));
        undo.push(done("b"));
        undo.push(done("c"));
        assert_eq!(undo.take(first), Some(done("a")));
        assert_eq!(undo.take(first), None);
        assert_eq!(undo.last(), Some("c"));
        let newest = undo.newest().expect("something");
        assert_eq!(undo.take(newest), Some(done("c")));
        assert_eq!(undo.last(), Some("b"));
    }

    #[test]
    fn fields_are_put_back_as_they_were() {
        let base = Product {
            id: ProductId(3),
            revision: Revision(3),
            draft: Draft {
                title: "Lamp".into(),
                description: "".into(),
                code: "L".into(),
                price: Price::default(),
                status: true,
                stock: 5,
                category: "x".into(),
                thumbnails: Box::default(),
            },
        };
        let patch = Patch {
            stock: Some(6),
            ..Patch::default()
        };
        let (command, left) = back_of(&base, &patch, Revision(9));
        let back = Patch {
            stock: Some(5),
            ..Patch::default()
        };
        assert_eq!(command, update(ProductId(3), &back, Some(Revision(9))));
        assert_eq!((left.draft.stock, left.revision), (6, Revision(9)));
    }
}
