//! The rows of SQLite.

use rusqlite::types::FromSql;
use rusqlite::{Error, Row};

use crate::engine::journal::tables::{Cells, Fault};

impl Cells for Row<'_> {
    fn text(&self, column: &str) -> Result<Option<String>, Fault> {
        cell(self, column)
    }

    fn integer(&self, column: &str) -> Result<Option<i64>, Fault> {
        cell(self, column)
    }

    fn flag(&self, column: &str) -> Result<bool, Fault> {
        cell(self, column)
    }
}

fn cell<T: FromSql>(row: &Row<'_>, column: &str) -> Result<T, Fault> {
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
