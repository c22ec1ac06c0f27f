//! The list at `/`: the part of it that the address chooses, a page at a time.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use shared::{Catalog, FieldRef, LowStock, Product, Text};

use super::{Currency, to_query};
use crate::http::extract::Parameters;
use crate::listing::{self, Indexes, Selection, Sort, SortKey};

/// Products on one page of the list.
const PRODUCTS_PER_PAGE: usize = 50;

/// What an address asks for. What can't be read is as if it were not there: whoever follows a link is
/// better off with a list than with a refusal.
pub struct HomeQuery {
    selection: Selection,
    page: usize,
    parameters: Parameters,
}

impl HomeQuery {
    /// Reads it.
    pub fn read(parameters: &Parameters, low_stock: LowStock) -> Self {
        let mut selection = Selection::new(low_stock);
        selection.sort = NEWEST_FIRST;
        let mut page = 1;
        let mut kept = Parameters::new();
        for (name, value) in parameters {
            if name == "page" {
                page = value.parse().unwrap_or(1);
            } else if !value.is_empty() && selection.take(name, value) == Some(Ok(())) {
                kept.push((name.clone(), value.clone()));
            }
        }
        Self {
            selection,
            page,
            parameters: kept,
        }
    }

    fn value(&self, name: &str) -> &str {
        let mut parameters = self.parameters.iter().rev();
        parameters
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| value)
    }

    fn link(&self, page: usize) -> String {
        let mut parameters = self.parameters.clone();
        parameters.push(("page".to_owned(), page.to_string()));
        to_query(&parameters, &[])
    }
}

const NEWEST_FIRST: Sort = Sort {
    key: SortKey::Id,
    is_descending: true,
};

/// The orders that the form offers, with the keys of their words.
const ORDERS: [(&str, &str); 13] = [
    ("-id", "sort.newest"),
    ("id", "sort.oldest"),
    ("-revision", "sort.changed"),
    ("title", "sort.title"),
    ("-title", "sort.title_down"),
    ("code", "sort.code"),
    ("-code", "sort.code_down"),
    ("category", "sort.category"),
    ("-category", "sort.category_down"),
    ("price", "sort.price"),
    ("-price", "sort.price_down"),
    ("stock", "sort.stock"),
    ("-stock", "sort.stock_down"),
];

/// One page of the list, and the form that chooses another part of it.
pub fn list(
    catalog: &Catalog,
    indexes: &Indexes,
    text: &Text,
    query: &HomeQuery,
    currency: Option<&Currency>,
) -> Map<String, Value> {
    let Selection { filter, sort, .. } = &query.selection;
    let is_all = *filter == listing::Filter::default();
    let found: Option<Vec<Arc<Product>>> = (!is_all || *sort != NEWEST_FIRST)
        .then(|| listing::all(&indexes.get(catalog), filter, *sort));
    let count = found.as_ref().map_or(catalog.len(), Vec::len);
    let pages = count.div_ceil(PRODUCTS_PER_PAGE).max(1);
    let page = query.page.clamp(1, pages);
    let skipped = (page - 1) * PRODUCTS_PER_PAGE;
    let row = |product: &Arc<Product>| row(product, text, currency);
    let rows: Vec<Value> = if let Some(found) = &found {
        let from = found.iter().skip(skipped);
        from.take(PRODUCTS_PER_PAGE).map(row).collect()
    } else {
        let newest_first = catalog.products().rev().skip(skipped);
        newest_first.take(PRODUCTS_PER_PAGE).map(row).collect()
    };
    let number = |number: usize| text.number(number as u64);
    let counted = if is_all {
        text.product_count(count)
    } else {
        let values = [("count", &*number(count)), ("all", &*number(catalog.len()))];
        text.fill("filter.count", &values)
    };
    let data = json!({
        "products": rows,
        "isEmpty": catalog.is_empty(),
        "isFiltered": !is_all,
        "count": counted,
        "pageOf": text.fill("pages.of", &[("page", &number(page)), ("pages", &number(pages))]),
        "hasPages": pages > 1,
        "newer": (page > 1).then(|| query.link(page - 1)),
        "older": (page < pages).then(|| query.link(page + 1)),
        "form": form(catalog, text, query),
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// What the form offers, and what of it is chosen.
fn form(catalog: &Catalog, text: &Text, query: &HomeQuery) -> Value {
    let option = |value: &str, words: &str, name: &str| json!({"value": value, "words": words, "isChosen": query.value(name) == value});
    let categories = listing::categories(catalog).into_iter();
    let categories: Vec<Value> = categories
        .map(|(category, count)| {
            let values = [
                ("category", category),
                ("count", &text.number(count as u64)),
            ];
            option(category, &text.fill("filter.category", &values), "category")
        })
        .collect();
    let orders = ORDERS.map(|(value, key)| option(value, text.get(key), "sort"));
    let levels = [("low", "tabs.low"), ("out", "tabs.out")];
    let levels = levels.map(|(value, key)| option(value, text.get(key), "stock"));
    json!({
        "q": query.value("q"),
        "categories": categories,
        "orders": orders,
        "levels": levels,
        "isOnSale": query.value("status") == "true",
        "minPrice": query.value("min_price"),
        "maxPrice": query.value("max_price"),
    })
}

/// A product as the template shows it.
fn row(product: &Product, text: &Text, currency: Option<&Currency>) -> Value {
    let draft = &product.draft;
    let letter = draft.title.chars().next();
    let mut row = json!({
        "id": product.id,
        "isOnSale": draft.status,
        "letter": letter.map(|letter| letter.to_uppercase().to_string()),
        "thumbnail": draft.thumbnails.first(),
    });
    for (field, value) in draft.values() {
        row[field.name] = match value {
            FieldRef::Text(shown) => shown.into(),
            FieldRef::Price(price) => {
                let price = text.price(price);
                match currency {
                    Some(currency) => format!("{price}\u{a0}{currency}").into(),
                    None => price.into(),
                }
            }
            FieldRef::Count(count) => text.number(count.into()).into(),
            // The template has names of its own for these.
            FieldRef::Flag(_) | FieldRef::Urls(_) => continue,
        };
    }
    row
}
