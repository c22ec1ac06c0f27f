//! A part of the catalog as somebody wants to see it: filtered, sorted, one page of it.

mod index;
mod selection;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use memchr::memmem::Finder;
use shared::{Catalog, Price, Product, ProductId};

use crate::unicode::fold;
pub use index::{Index, Indexes};
use index::{Part, Row};
pub use selection::Selection;

/// Chooses products; what is `None` or empty lets all through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Exactly this category.
    pub category: Option<String>,
    /// On sale, or not.
    pub status: Option<bool>,
    /// Each of these, as [`fold`] has them, in a title, description, code or category.
    pub words: Vec<String>,
    /// What is left of them.
    pub stock: Option<RangeInclusive<u32>>,
    /// A price of at least this.
    pub min_price: Option<Price>,
    /// A price of at most this.
    pub max_price: Option<Price>,
}

/// What products are sorted by; equals are in id order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum SortKey {
    /// The order in which they were added.
    #[default]
    Id,
    /// The order in which they were last changed.
    Revision,
    /// Title, without regard to case and accents.
    Title,
    /// Code, likewise.
    Code,
    /// Category, likewise.
    Category,
    /// Price.
    Price,
    /// Stock.
    Stock,
}

/// In which order products come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// What they are sorted by.
    pub key: SortKey,
    /// Whether the greatest comes first.
    pub is_descending: bool,
}

impl Sort {
    /// Their names; a `-` before one makes it descending.
    pub const NAMES: [&'static str; 14] = [
        "id",
        "-id",
        "revision",
        "-revision",
        "title",
        "-title",
        "code",
        "-code",
        "category",
        "-category",
        "price",
        "-price",
        "stock",
        "-stock",
    ];

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        let (is_descending, name) = match name.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let key = name.parse().ok()?;
        Some(Self { key, is_descending })
    }
}

/// Where a product stands in an order, so that the next page can begin after it even when the
/// product itself is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    key: Value,
    id: ProductId,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(u64),
    Text(String),
}

impl Cursor {
    fn new(key: Key<'_>, id: ProductId) -> Self {
        let key = match key {
            Key::Number(number) => Value::Number(number),
            Key::Text(text) => Value::Text(text.to_owned()),
        };
        Self { key, id }
    }

    /// The cursor as text: the id, and for other orders than by id what the product is sorted by.
    pub fn encode(&self, sort: Sort) -> String {
        match (&self.key, sort.key) {
            (_, SortKey::Id) => self.id.to_string(),
            (Value::Number(number), _) => format!("{}.{number}", self.id),
            (Value::Text(text), _) => format!("{}.{text}", self.id),
        }
    }

    /// Reads a cursor of this order.
    pub fn parse(cursor: &str, sort: Sort) -> Option<Self> {
        let (id, key) = match (cursor.split_once('.'), sort.key) {
            (None, SortKey::Id) => (cursor, cursor),
            (Some(parts), key) if key != SortKey::Id => parts,
            _ => return None,
        };
        let key = match sort.key {
            SortKey::Title | SortKey::Code | SortKey::Category => Value::Text(key.to_owned()),
            _ => Value::Number(key.parse().ok()?),
        };
        let id = ProductId(id.parse().ok()?);
        Some(Self { key, id })
    }

    fn key(&self) -> Key<'_> {
        match &self.key {
            Value::Number(number) => Key::Number(*number),
            Value::Text(text) => Key::Text(text),
        }
    }
}

/// What a product is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Number(u64),
    Text(&'a str),
}

impl Sort {
    /// What a row is sorted by; equals are in id order.
    fn key<'a>(self, row: &Row, index: &'a Index) -> (Key<'a>, ProductId) {
        let key = match self.key {
            SortKey::Id => Key::Number(row.id.0),
            SortKey::Revision => Key::Number(row.product.revision.0),
            SortKey::Price => Key::Number(row.price.cents()),
            SortKey::Stock => Key::Number(row.stock.into()),
            SortKey::Title => Key::Text(index.part(row, Part::Title)),
            SortKey::Code => Key::Text(index.part(row, Part::Code)),
            SortKey::Category => Key::Text(index.part(row, Part::Category)),
        };
        (key, row.id)
    }

    fn compare<T: Ord>(self, a: &T, b: &T) -> Ordering {
        if self.is_descending {
            b.cmp(a)
        } else {
            a.cmp(b)
        }
    }
}

/// One page of a listing.
pub struct Page {
    /// How many products the filter lets through, on all pages together.
    pub count: usize,
    /// Those of this page.
    pub products: Vec<Arc<Product>>,
    /// Where the next page begins, where there is one.
    pub next: Option<Cursor>,
}

/// Whether the catalog alone gives such a page at once, without an index.
pub fn is_simple(filter: &Filter, sort: Sort) -> bool {
    *filter == Filter::default() && sort == Sort::default()
}

/// The page of at most `limit` products after a cursor.
pub fn page(
    index: &Index,
    filter: &Filter,
    sort: Sort,
    after: Option<&Cursor>,
    limit: usize,
) -> Page {
    let filter = PreparedFilter::new(filter);
    let after = after.map(|cursor| (cursor.key(), cursor.id));
    let mut count = 0;
    let mut coming = Vec::new();
    for row in &index.rows {
        if !filter.lets_through(row, index) {
            continue;
        }
        count += 1;
        let position = sort.key(row, index);
        if after.is_none_or(|after| sort.compare(&position, &after) == Ordering::Greater) {
            coming.push((position, row));
        }
    }
    let in_order = |a: &(_, &Row), b: &(_, &Row)| sort.compare(&a.0, &b.0);
    let has_more = coming.len() > limit;
    if has_more {
        // Only what is shown has to be sorted.
        coming.select_nth_unstable_by(limit, in_order);
        coming.truncate(limit);
    }
    coming.sort_unstable_by(in_order);
    let next = coming.last().filter(|_| has_more);
    Page {
        count,
        next: next.map(|((key, id), _)| Cursor::new(*key, *id)),
        products: coming
            .into_iter()
            .map(|(_, row)| row.product.clone())
            .collect(),
    }
}

/// Everything that a filter lets through, in order.
pub fn all(index: &Index, filter: &Filter, sort: Sort) -> Vec<Arc<Product>> {
    page(index, filter, sort, None, usize::MAX).products
}

/// Everything in id order, as the catalog has it.
pub fn in_id_order(catalog: &Catalog, after: Option<&Cursor>, limit: usize) -> Page {
    let from = after.map_or(ProductId(0), |cursor| cursor.id);
    let mut coming = catalog.products_after(from);
    let products: Vec<_> = coming.by_ref().take(limit).cloned().collect();
    let last = products.last().filter(|_| coming.next().is_some());
    Page {
        count: catalog.len(),
        next: last.map(|product| Cursor::new(Key::Number(product.id.0), product.id)),
        products,
    }
}

/// A filter, ready to be held against many rows.
struct PreparedFilter<'a> {
    filter: &'a Filter,
    words: Vec<Finder<'a>>,
    /// The category as rows have it: most others are told apart by it, without their products.
    category: Option<Cow<'a, str>>,
}

impl<'a> PreparedFilter<'a> {
    fn new(filter: &'a Filter) -> Self {
        Self {
            filter,
            words: filter.words.iter().map(Finder::new).collect(),
            category: filter.category.as_deref().map(fold),
        }
    }

    fn lets_through(&self, row: &Row, index: &Index) -> bool {
        let Filter {
            status,
            stock,
            min_price,
            max_price,
            ..
        } = self.filter;
        status.is_none_or(|status| row.status == status)
            && stock
                .as_ref()
                .is_none_or(|range| range.contains(&row.stock))
            && min_price.is_none_or(|min| row.price >= min)
            && max_price.is_none_or(|max| row.price <= max)
            && self.is_category(row, index)
            && (self.words.is_empty() || {
                let text = index.words(row).as_bytes();
                self.words.iter().all(|word| word.find(text).is_some())
            })
    }

    fn is_category(&self, row: &Row, index: &Index) -> bool {
        let (Some(exact), Some(folded)) = (&self.filter.category, &self.category) else {
            return true;
        };
        index.part(row, Part::Category) == folded && *row.product.draft.category == **exact
    }
}

/// How many products each category has, in the categories' order.
pub fn categories(catalog: &Catalog) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for product in catalog.products() {
        *counts.entry(&product.draft.category).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_cached_key(|(category, _)| fold(category).into_owned());
    counts
}
