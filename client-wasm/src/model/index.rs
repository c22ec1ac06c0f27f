//! The products in the order in which they are shown: searched, filtered, sorted, and brought up to date
//! change by change. While somebody is at the list nothing in it moves: what would is held until they are
//! not.

mod entry;
mod search;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use memchr::memmem::Finder;
use rustc_hash::FxHashMap;
use shared::{Catalog, LowStock, Product, ProductId, StockLevel};

use super::fold::{Decompose, fold};
use super::query::{Query, Tab};
use entry::{Entry, Key};
use search::Search;

/// How long a deleted product stays in its place, to be seen and undone.
pub const GHOST_MS: f64 = 3_000.0;

/// With so many changes at once the list is made anew: looking up the place of each costs more.
const MANY: usize = 64;

/// The products in the order in which they are shown.
pub struct Index {
    entries: FxHashMap<ProductId, Entry>,
    query: Query,
    /// What is searched for, word by word.
    words: Vec<Finder<'static>>,
    order: Vec<ProductId>,
    /// What the order is being made by.
    search: Option<Search>,
    /// All products in the order that is asked for, as long as that is known: a search through them finds
    /// what fits in its order.
    whole: Option<Vec<ProductId>>,
    /// Products that are not where they belong, since nothing may move.
    held: HashSet<ProductId>,
    /// Deleted products that are still in their places, and since when.
    ghosts: HashMap<ProductId, f64>,
    counts: HashMap<Tab, usize>,
    categories: BTreeMap<Box<str>, usize>,
    decompose: Decompose,
    low_stock: LowStock,
}

/// Whether the list may move, when something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// Nobody is at it.
    Freely,
    /// Somebody is.
    Not,
}

impl Index {
    /// An empty list, in a shop in which so few are few.
    pub fn new(decompose: Decompose, low_stock: LowStock) -> Self {
        Self {
            entries: FxHashMap::default(),
            query: Query::default(),
            words: Vec::new(),
            order: Vec::new(),
            search: None,
            whole: None,
            held: HashSet::new(),
            ghosts: HashMap::new(),
            counts: HashMap::new(),
            categories: BTreeMap::new(),
            decompose,
            low_stock,
        }
    }

    /// What is shown.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The products, in their order; while [`Index::is_searching`] the first of them.
    pub fn order(&self) -> &[ProductId] {
        &self.order
    }

    /// How many products a tab has, whatever is searched for.
    pub fn count(&self, tab: Tab) -> usize {
        self.counts.get(&tab).copied().unwrap_or_default()
    }

    /// Every category with the number of its products.
    pub fn categories(&self) -> impl Iterator<Item = (&str, usize)> {
        let categories = self.categories.iter();
        categories.map(|(name, count)| (&**name, *count))
    }

    /// A product as the list has it: one that was deleted, too, as long as it is in its place.
    pub fn get(&self, id: ProductId) -> Option<&Arc<Product>> {
        self.entries.get(&id).map(|entry| &entry.product)
    }

    /// Whether a product was deleted and is still in its place.
    pub fn is_ghost(&self, id: ProductId) -> bool {
        self.ghosts.contains_key(&id)
    }

    /// Since when a product is deleted that is still in its place.
    pub fn ghost_since(&self, id: ProductId) -> Option<f64> {
        self.ghosts.get(&id).copied()
    }

    /// Where a product is.
    pub fn position(&self, id: ProductId) -> Option<usize> {
        self.order.iter().position(|other| *other == id)
    }

    /// How many products are held that are not in the list yet.
    pub fn waiting(&self) -> usize {
        let waits = |id: &&ProductId| {
            let entry = self.entries.get(id);
            entry.is_some_and(|entry| !entry.is_placed && self.fits(entry))
        };
        self.held.iter().filter(waits).count()
    }

    /// The whole catalog is another.
    pub fn replace(&mut self, catalog: &Catalog) {
        self.ghosts.clear();
        self.counts.clear();
        self.categories.clear();
        let mut known = std::mem::take(&mut self.entries);
        for product in catalog.products() {
            let same = known.remove(&product.id);
            let same = same.filter(|entry| entry.product == *product);
            let entry = same.unwrap_or_else(|| Entry::new(product.clone()));
            self.count_in(product);
            self.entries.insert(product.id, entry);
        }
        self.rebuild();
    }

    /// These products have changed, at this time.
    pub fn apply(
        &mut self,
        ids: impl IntoIterator<Item = ProductId>,
        catalog: &Catalog,
        moves: Moves,
        now: f64,
    ) {
        let ids: Vec<ProductId> = ids.into_iter().collect();
        if ids.is_empty() {
            return;
        }
        self.finish();
        let is_rebuilt = moves == Moves::Freely && ids.len() > MANY;
        for id in ids {
            match catalog.get(id) {
                Some(product) => self.put(product, moves, is_rebuilt),
                None => self.remove(id, now),
            }
        }
        if is_rebuilt {
            self.rebuild();
        }
    }

    /// Puts everything where it belongs. Tells whether anything moved.
    pub fn release(&mut self) -> bool {
        if self.held.is_empty() {
            return false;
        }
        self.rebuild();
        true
    }

    /// Lets go of the products that were deleted long enough ago, but for those that are to stay.
    /// Tells whether there were any.
    pub fn expire(&mut self, now: f64, stays: impl Fn(ProductId) -> bool) -> bool {
        let is_over = |(id, since): (&ProductId, &f64)| {
            (now - since >= GHOST_MS && !stays(*id)).then_some(*id)
        };
        let over: HashSet<ProductId> = self.ghosts.iter().filter_map(is_over).collect();
        if over.is_empty() {
            return false;
        }
        self.finish();
        self.order.retain(|id| !over.contains(id));
        for id in over {
            self.ghosts.remove(&id);
            self.entries.remove(&id);
        }
        true
    }

    /// Whether deleted products are still in their places.
    pub fn has_ghosts(&self) -> bool {
        !self.ghosts.is_empty()
    }

    /// Makes the words of some products ready to be searched, as long as there is time. Tells
    /// whether there is more to do.
    pub fn prepare(&self, mut has_time: impl FnMut() -> bool) -> bool {
        for entry in self.entries.values() {
            if entry.prepare(self.decompose) && !has_time() {
                return true;
            }
        }
        false
    }

    fn put(&mut self, product: &Arc<Product>, moves: Moves, is_rebuilt: bool) {
        let id = product.id;
        let was_ghost = self.ghosts.remove(&id).is_some();
        if let Some(entry) = self.entries.get(&id)
            && !was_ghost
        {
            if entry.product == *product {
                return;
            }
            let before = entry.product.clone();
            self.count_out(&before);
        }
        self.count_in(product);
        let now = Entry::new(product.clone());
        let Some(before) = self.entries.insert(id, now) else {
            self.whole = None;
            return self.place(id, moves, is_rebuilt);
        };
        let after = &self.entries[&id];
        let fits = self.fits(after);
        let is_same_key = self.key(&before) == self.key(after);
        let stays = is_same_key && before.is_placed == fits;
        if !is_same_key {
            self.whole = None;
        }
        let is_in = before.is_placed;
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.is_placed = is_in;
        }
        if stays || is_rebuilt {
            return;
        }
        if moves == Moves::Not || self.held.contains(&id) {
            self.held.insert(id);
            return;
        }
        if is_in && let Some(place) = self.search(&before) {
            self.order.remove(place);
        }
        self.place(id, moves, false);
    }

    /// Puts a product that is in no place into its own.
    fn place(&mut self, id: ProductId, moves: Moves, is_rebuilt: bool) {
        let fits = self.fits(&self.entries[&id]);
        let is_placed = fits && moves == Moves::Freely && !is_rebuilt;
        if is_placed {
            let place = self.order.partition_point(|other| {
                self.comes_before(&self.entries[other], &self.entries[&id])
            });
            self.order.insert(place, id);
        } else if fits && moves == Moves::Not {
            self.held.insert(id);
        }
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.is_placed = is_placed;
        }
    }

    fn remove(&mut self, id: ProductId, now: f64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if self.ghosts.contains_key(&id) {
            return;
        }
        let (product, is_placed) = (entry.product.clone(), entry.is_placed);
        self.count_out(&product);
        if is_placed {
            self.ghosts.insert(id, now);
        } else {
            self.held.remove(&id);
            self.entries.remove(&id);
        }
    }

    /// Finds the place of a product as it was placed.
    fn search(&self, entry: &Entry) -> Option<usize> {
        let id = entry.product.id;
        let place = self.order.partition_point(|other| {
            *other != id && self.comes_before(&self.entries[other], entry)
        });
        let found = self.order.get(place) == Some(&id);
        // What is held makes the order other than the keys say.
        if found {
            Some(place)
        } else {
            self.position(id)
        }
    }

    fn key<'a>(&self, entry: &'a Entry) -> Key<'a> {
        entry.key(self.query.sort.key, self.decompose)
    }

    fn comes_before(&self, one: &Entry, other: &Entry) -> bool {
        let (a, b) = (self.key(one), self.key(other));
        let by_key = if self.query.sort.is_descending {
            b.cmp(&a)
        } else {
            a.cmp(&b)
        };
        by_key.then(other.product.id.cmp(&one.product.id)).is_lt()
    }

    fn fits(&self, entry: &Entry) -> bool {
        let draft = &entry.product.draft;
        let query = &self.query;
        let fits_tab = match query.tab {
            Tab::All => true,
            Tab::OnSale => draft.status,
            Tab::Low => self.low_stock.level(draft.stock) == Some(StockLevel::Low),
            Tab::Out => self.low_stock.level(draft.stock) == Some(StockLevel::Out),
        };
        let category = query.category.as_deref();
        fits_tab
            && category.is_none_or(|category| *draft.category == *category)
            && query.min_price.is_none_or(|price| draft.price >= price)
            && query.max_price.is_none_or(|price| draft.price <= price)
            && entry.has_all(&self.words, self.decompose)
    }

    fn count_in(&mut self, product: &Product) {
        for tab in tabs(product, self.low_stock) {
            *self.counts.entry(tab).or_default() += 1;
        }
        let category = &product.draft.category;
        match self.categories.get_mut(category) {
            Some(count) => *count += 1,
            None => drop(self.categories.insert(category.clone(), 1)),
        }
    }

    fn count_out(&mut self, product: &Product) {
        for tab in tabs(product, self.low_stock) {
            if let Some(count) = self.counts.get_mut(&tab) {
                *count = count.saturating_sub(1);
            }
        }
        let category = &product.draft.category;
        if let Some(count) = self.categories.get_mut(category) {
            *count -= 1;
            if *count == 0 {
                self.categories.remove(category);
            }
        }
    }
}

/// The tabs that a product is in.
fn tabs(product: &Product, low_stock: LowStock) -> impl Iterator<Item = Tab> {
    let level = match low_stock.level(product.draft.stock) {
        Some(StockLevel::Low) => Some(Tab::Low),
        Some(StockLevel::Out) => Some(Tab::Out),
        None => None,
    };
    let on_sale = product.draft.status.then_some(Tab::OnSale);
    [Some(Tab::All), on_sale, level].into_iter().flatten()
}

#[cfg(test)]
mod tests;
