//! The columns of the table of products: one for each field, named as it is, and for a price
//! `price_cents`; and a hash of them all, by which a row that something else changed is found.

use std::sync::LazyLock;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Row, Transaction, params_from_iter};
use shared::product::FieldSource;
use shared::{Digest, Draft, Field, FieldRef, Kind, Price, Product, ProductId, Revision};

use super::row::{Fault, cell, json_cell};
use super::to_json;
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

/// Writes a row without a product in it, where there can be none: the last there is.
pub fn write_blank_product(transaction: &Transaction<'_>) -> Result<(), JournalError> {
    let mut values = vec![i64::MAX.into(), 0.into(), "".into()];
    for field in Draft::FIELDS {
        values.push(match field.kind {
            Kind::Price | Kind::Flag | Kind::Count => ToSqlOutput::from(0),
            Kind::Line { .. } | Kind::Lines { .. } | Kind::Code { .. } | Kind::Urls { .. } => {
                "".into()
            }
        });
    }
    let mut statement = transaction.prepare_cached(&WRITE)?;
    statement.execute(params_from_iter(values))?;
    Ok(())
}

/// Reads a product.
pub fn read_product(row: &Row<'_>) -> Result<Product, Fault> {
    Ok(Product {
        id: ProductId(cell(row, "id")?),
        revision: Revision(cell(row, "revision")?),
        draft: Draft::read(&mut Columns(row))?,
    })
}

/// Whether a product's row is as Vitrina wrote it.
pub fn has_its_hash(row: &Row<'_>, product: &Product) -> Result<bool, Fault> {
    let hash: String = cell(row, "hash")?;
    Ok(hash.parse() == Ok(Digest::of_product(product)))
}

struct Columns<'a>(&'a Row<'a>);

impl FieldSource for Columns<'_> {
    type Error = Fault;

    fn text(&mut self, field: &'static Field) -> Result<Box<str>, Fault> {
        cell(self.0, column(field))
    }

    fn price(&mut self, field: &'static Field) -> Result<Price, Fault> {
        let cents: u64 = cell(self.0, column(field))?;
        let too_high = || Fault::new(column(field), &format_args!("it can't be {cents}"));
        Price::from_cents(cents).ok_or_else(too_high)
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Fault> {
        cell(self.0, column(field))
    }

    fn count(&mut self, field: &'static Field) -> Result<u32, Fault> {
        cell(self.0, column(field))
    }

    fn urls(&mut self, field: &'static Field) -> Result<Box<[Box<str>]>, Fault> {
        json_cell(self.0, column(field))
    }
}
