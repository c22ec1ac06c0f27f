//! The columns of the table of products: one for each field, named as it is, and for a price
//! `price_cents`; and a hash of them all, by which a row that something else changed is found.

use std::sync::LazyLock;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Row, Transaction, params_from_iter};
use shared::product::FieldSource;
use shared::{Digest, Draft, Field, FieldRef, Kind, Price, Product, ProductId, Revision};

use super::{from_json, to_json};
use crate::engine::journal::JournalError;

/// Puts a product in, or in place of the one with its id.
static WRITE: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = Draft::FIELDS.iter().map(column).collect();
    format!(
        "INSERT OR REPLACE INTO products (id, revision, hash, {}) VALUES (?, ?, ?{})",
        names.join(", "),
        ", ?".repeat(names.len())
    )
});

fn column(field: &Field) -> &'static str {
    match (field.kind, field.name) {
        (Kind::Price, "price") => "price_cents",
        (_, name) => name,
    }
}

/// Writes a product.
pub fn write_product(transaction: &Transaction<'_>, product: &Product) -> Result<(), JournalError> {
    let hash = Digest::of_product(product).to_string();
    let mut values = vec![
        product.id.0.to_sql()?,
        product.revision.0.to_sql()?,
        hash.into(),
    ];
    for (_, value) in product.draft.values() {
        values.push(match value {
            FieldRef::Text(text) => ToSqlOutput::from(text),
            FieldRef::Price(price) => ToSqlOutput::from(price.cents().cast_signed()),
            FieldRef::Flag(flag) => ToSqlOutput::from(flag),
            FieldRef::Count(count) => ToSqlOutput::from(count),
            FieldRef::Urls(urls) => ToSqlOutput::from(to_json(&urls)?),
        });
    }
    let mut statement = transaction.prepare_cached(&WRITE)?;
    statement.execute(params_from_iter(values))?;
    Ok(())
}

/// Reads a product.
pub fn read_product(row: &Row<'_>) -> rusqlite::Result<Product> {
    Ok(Product {
        id: ProductId(row.get("id")?),
        revision: Revision(row.get("revision")?),
        draft: Draft::read(&mut Columns(row))?,
    })
}

struct Columns<'a>(&'a Row<'a>);

impl FieldSource for Columns<'_> {
    type Error = rusqlite::Error;

    fn text(&mut self, field: &'static Field) -> rusqlite::Result<Box<str>> {
        self.0.get(column(field))
    }

    fn price(&mut self, field: &'static Field) -> rusqlite::Result<Price> {
        let cents: u64 = self.0.get(column(field))?;
        Price::from_cents(cents).ok_or(rusqlite::Error::InvalidQuery)
    }

    fn flag(&mut self, field: &'static Field) -> rusqlite::Result<bool> {
        self.0.get(column(field))
    }

    fn count(&mut self, field: &'static Field) -> rusqlite::Result<u32> {
        self.0.get(column(field))
    }

    fn urls(&mut self, field: &'static Field) -> rusqlite::Result<Box<[Box<str>]>> {
        from_json(self.0.get_ref(column(field))?.as_str()?)
    }
}
