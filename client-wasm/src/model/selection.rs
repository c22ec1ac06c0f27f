//! The products that are selected, to be changed together.

use std::collections::HashSet;

use shared::ProductId;

/// The selected products.
#[derive(Debug, Default)]
pub struct Selection {
    ids: HashSet<ProductId>,
    /// Where a range begins: the product that was last selected by itself.
    anchor: Option<ProductId>,
}

impl Selection {
    /// Whether a product is selected.
    pub fn contains(&self, id: ProductId) -> bool {
        self.ids.contains(&id)
    }

    /// How many are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Selects a product, or no longer.
    pub fn toggle(&mut self, id: ProductId) {
        if !self.ids.remove(&id) {
            self.ids.insert(id);
        }
        self.anchor = Some(id);
    }

    /// Selects everything from the product that was selected last to this one, in the order of the
    /// list.
    pub fn extend_to(&mut self, id: ProductId, order: &[ProductId]) {
        let place = |id| order.iter().position(|other| *other == id);
        let (Some(anchor), Some(to)) = (self.anchor.and_then(place), place(id)) else {
            return self.toggle(id);
        };
        let range = anchor.min(to)..=anchor.max(to);
        self.ids.extend(&order[range]);
    }

    /// Selects all of these.
    pub fn select_all(&mut self, order: &[ProductId]) {
        self.ids.extend(order);
    }

    /// Selects nothing any more.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.anchor = None;
    }

    /// Lets go of products that are gone.
    pub fn retain(&mut self, is_there: impl Fn(ProductId) -> bool) {
        self.ids.retain(|id| is_there(*id));
    }

    /// The selected products, oldest first.
    pub fn ids(&self) -> Vec<ProductId> {
        let mut ids: Vec<ProductId> = self.ids.iter().copied().collect();
        ids.sort_unstable();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_selected_one_by_one_and_in_ranges() {
        let order = [9, 7, 5, 3, 1].map(ProductId);
        let mut selection = Selection::default();
        selection.toggle(ProductId(7));
        selection.extend_to(ProductId(3), &order);
        assert_eq!(selection.ids(), [3, 5, 7].map(ProductId));
        selection.toggle(ProductId(5));
        selection.extend_to(ProductId(9), &order);
        assert_eq!(selection.ids(), [3, 5, 7, 9].map(ProductId));
        selection.retain(|id| id != ProductId(7));
        assert_eq!(selection.len(), 3);
        selection.clear();
        assert!(selection.is_empty());
        // Without a beginning a range is the one product.
        selection.extend_to(ProductId(3), &order);
        assert_eq!(selection.ids(), [ProductId(3)]);
    }
}
