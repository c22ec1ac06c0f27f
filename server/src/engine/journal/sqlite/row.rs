//! The cells of a row, and what is wrong with one that can't be read.

use std::fmt::Display;

use rusqlite::types::FromSql;
use rusqlite::{Error, Row};
use serde::de::DeserializeOwned;

/// What is wrong with a row.
#[derive(Debug)]
pub struct Fault {
    column: String,
    why: String,
}

impl Fault {
    /// This is wrong with the row's cell in this column.
    pub fn new(column: &str, why: &dyn Display) -> Self {
        Self {
            column: column.to_owned(),
            why: why.to_string(),
        }
    }

    /// Where it is and what is wrong. `key` is the column by which a row of the table is known.
    pub fn of(&self, table: &str, key: &str, row: &Row<'_>) -> String {
        use rusqlite::types::ValueRef;
        let name = match row.get_ref(key) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).escape_debug().to_string(),
            _ => "?".to_owned(),
        };
        let Self { column, why } = self;
        format!("table {table}, row {name}, column {column}: {why}")
    }
}

/// A cell's value.
pub fn cell<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Fault> {
    row.get(column).map_err(|error| {
        let why = match error {
            Error::InvalidColumnType(_, _, kind) => format!("it can't be {kind}"),
            Error::IntegralValueOutOfRange(_, number) => format!("it can't be {number}"),
            Error::InvalidColumnName(_) => "it is missing".to_owned(),
            Error::FromSqlConversionFailure(_, _, error) => error.to_string(),
            error => error.to_string(),
        };
        Fault::new(column, &why)
    })
}

/// A cell's JSON.
pub fn json_cell<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Fault> {
    let json: String = cell(row, column)?;
    serde_json::from_str(&json).map_err(|error| Fault::new(column, &error))
}
