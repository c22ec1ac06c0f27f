//! How a product is written.

use std::sync::LazyLock;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, Transaction, params_from_iter};
use shared::{Digest, Draft, FieldRef, Kind, Product};

use crate::engine::journal::tables::column;
use crate::engine::journal::{JournalError, to_json};

/// Puts a product in, or in place of the one with its id.
static WRITE: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = Draft::FIELDS.iter().map(column).collect();
    format!(
        "INSERT OR REPLACE INTO products (id, revision, hash, {}) VALUES (?, ?, ?{})",
        names.join(", "),
        ", ?".repeat(names.len())
    )
});

/// Writes a product.
pub fn write_product(connection: &Connection, product: &Product) -> Result<(), JournalError> {
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
    let mut statement = connection.prepare_cached(&WRITE)?;
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
