//! The cells of a row, and what is wrong with one that can't be read.

use std::fmt::Display;

use serde::de::DeserializeOwned;

/// A row of a database.
pub trait Cells {
    /// A cell's text; `None` where it is empty.
    fn text(&self, column: &str) -> Result<Option<String>, Fault>;

    /// A cell's number.
    fn integer(&self, column: &str) -> Result<Option<i64>, Fault>;

    /// A cell's yes or no.
    fn flag(&self, column: &str) -> Result<bool, Fault>;
}

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
    pub fn of(&self, table: &str, key: &str, row: &impl Cells) -> String {
        let number = row.integer(key).ok().flatten();
        let name = || {
            let text = row.text(key).ok().flatten()?;
            Some(text.escape_debug().to_string())
        };
        let name = number.map(|number| number.to_string()).or_else(name);
        let name = name.as_deref().unwrap_or("?");
        let Self { column, why } = self;
        format!("table {table}, row {name}, column {column}: {why}")
    }
}

fn required<T>(column: &str, cell: Option<T>) -> Result<T, Fault> {
    cell.ok_or_else(|| Fault::new(column, &"it can't be Null"))
}

/// A text that must be there.
pub fn text(row: &impl Cells, column: &str) -> Result<String, Fault> {
    required(column, row.text(column)?)
}

/// A number that must be there, and is not below zero.
pub fn number(row: &impl Cells, column: &str) -> Result<u64, Fault> {
    required(column, optional_number(row, column)?)
}

/// A number that is not below zero.
pub fn optional_number(row: &impl Cells, column: &str) -> Result<Option<u64>, Fault> {
    let number = row.integer(column)?;
    let cast = |number: i64| {
        let wrong = |_| Fault::new(column, &format_args!("it can't be {number}"));
        u64::try_from(number).map_err(wrong)
    };
    number.map(cast).transpose()
}

/// A text of JSON that must be there.
pub fn json<T: DeserializeOwned>(row: &impl Cells, column: &str) -> Result<T, Fault> {
    let json = text(row, column)?;
    serde_json::from_str(&json).map_err(|error| Fault::new(column, &error))
}
