//! The rows of PostgreSQL.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::name;
use crate::engine::journal::tables::{Cells, Fault};

impl Cells for Row {
    fn text(&self, column: &str) -> Result<Option<String>, Fault> {
        let text: Option<String> = cell(self, column)?;
        Ok(text.map(|text| match column {
            "key" | "page" => name::read(&text),
            _ => text,
        }))
    }

    fn integer(&self, column: &str) -> Result<Option<i64>, Fault> {
        cell(self, column)
    }

    fn flag(&self, column: &str) -> Result<bool, Fault> {
        cell(self, column)
    }
}

/// A cell's value.
pub fn cell<'a, T: FromSql<'a>>(row: &'a Row, column: &str) -> Result<T, Fault> {
    row.try_get(column).map_err(|error| {
        let source = std::error::Error::source(&error);
        let why = source.map_or_else(|| error.to_string(), ToString::to_string);
        Fault::new(column, &why)
    })
}
