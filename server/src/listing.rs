//! A part of the catalog as somebody wants to see it: filtered, sorted, one page of it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use shared::{Catalog, Price, Product, ProductId};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Which products are wanted; what is `None` or empty wants all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Exactly this category.
    pub category: Option<String>,
    /// On sale, or not.
    pub status: Option<bool>,
    /// Each of these, as [`folded`] has them, in a title, description, code or category.
    pub words: Vec<String>,
    /// At least this price.
    pub min_price: Option<Price>,
    /// At most this price.
    pub max_price: Option<Price>,
}

/// By what products are sorted; equals are in id order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// By what.
    pub key: SortKey,
    /// The greatest first.
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
        let key = match name {
            "id" => SortKey::Id,
            "revision" => SortKey::Revision,
            "title" => SortKey::Title,
            "code" => SortKey::Code,
            "category" => SortKey::Category,
            "price" => SortKey::Price,
            "stock" => SortKey::Stock,
            _ => return None,
        };
        Some(Self { key, is_descending })
    }
}

/// Where a product stands in an order. As text it is a cursor: it says where to go on even when
/// the product itself is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    key: Value,
    id: ProductId,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(u64),
    Text(String),
}

impl Place {
    fn of(product: &Product, key: SortKey) -> Self {
        let draft = &product.draft;
        let key = match key {
            SortKey::Id => Value::Number(product.id.0),
            SortKey::Revision => Value::Number(product.revision.0),
            SortKey::Price => Value::Number(draft.price.cents()),
            SortKey::Stock => Value::Number(draft.stock.into()),
            SortKey::Title => Value::Text(folded(&draft.title).into_owned()),
            SortKey::Code => Value::Text(folded(&draft.code).into_owned()),
            SortKey::Category => Value::Text(folded(&draft.category).into_owned()),
        };
        let id = product.id;
        Self { key, id }
    }

    /// The place as a cursor: the id, and for other orders than by id what the product is sorted
    /// by.
    pub fn cursor(&self, sort: Sort) -> String {
        match (&self.key, sort.key) {
            (_, SortKey::Id) => self.id.to_string(),
            (Value::Number(number), _) => format!("{}.{number}", self.id),
            (Value::Text(text), _) => format!("{}.{text}", self.id),
        }
    }

    /// Reads a cursor of this order.
    pub fn from_cursor(cursor: &str, sort: Sort) -> Option<Self> {
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

    fn compare(&self, other: &Self, sort: Sort) -> Ordering {
        if sort.is_descending {
            other.cmp(self)
        } else {
            self.cmp(other)
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
    pub next: Option<Place>,
}

/// The page of at most `limit` products after a place.
pub fn page(
    catalog: &Catalog,
    filter: &Filter,
    sort: Sort,
    after: Option<&Place>,
    limit: usize,
) -> Page {
    if *filter == Filter::default() && sort == Sort::default() {
        return in_id_order(catalog, after, limit);
    }
    let mut text = String::new();
    let mut count = 0;
    let mut coming: Vec<(Place, &Arc<Product>)> = Vec::new();
    for product in catalog.products() {
        if !filter.lets_through(product, &mut text) {
            continue;
        }
        count += 1;
        let place = Place::of(product, sort.key);
        if after.is_none_or(|after| place.compare(after, sort) == Ordering::Greater) {
            coming.push((place, product));
        }
    }
    let in_order = |a: &(Place, _), b: &(Place, _)| a.0.compare(&b.0, sort);
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
        next: next.map(|(place, _)| place.clone()),
        products: coming
            .into_iter()
            .map(|(_, product)| product.clone())
            .collect(),
    }
}

/// Everything in id order is how the catalog has it.
fn in_id_order(catalog: &Catalog, after: Option<&Place>, limit: usize) -> Page {
    let from = after.map_or(ProductId(0), |place| place.id);
    let mut coming = catalog.products_after(from);
    let products: Vec<_> = coming.by_ref().take(limit).cloned().collect();
    let last = products.last().filter(|_| coming.next().is_some());
    Page {
        count: catalog.len(),
        next: last.map(|product| Place::of(product, SortKey::Id)),
        products,
    }
}

impl Filter {
    /// `text` is room to fold the product's words in.
    fn lets_through(&self, product: &Product, text: &mut String) -> bool {
        let draft = &product.draft;
        let fits = self.status.is_none_or(|status| draft.status == status)
            && self.min_price.is_none_or(|least| draft.price >= least)
            && self.max_price.is_none_or(|most| draft.price <= most)
            && self
                .category
                .as_ref()
                .is_none_or(|category| draft.category == *category);
        if !fits || self.words.is_empty() {
            return fits;
        }
        text.clear();
        for part in [
            &draft.title,
            &draft.code,
            &draft.category,
            &draft.description,
        ] {
            text.push_str(&folded(part));
            text.push('\n');
        }
        self.words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// A text as it is compared when case and accents don't matter.
pub fn folded(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let bare = text.nfkd().filter(|c| !is_combining_mark(*c));
        return bare.flat_map(char::to_lowercase).collect::<String>().into();
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text.to_ascii_lowercase().into();
    }
    text.into()
}

/// How many products each category has, in the categories' order.
pub fn categories(catalog: &Catalog) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for product in catalog.products() {
        *counts.entry(&product.draft.category).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_cached_key(|(category, _)| folded(category).into_owned());
    counts
}
