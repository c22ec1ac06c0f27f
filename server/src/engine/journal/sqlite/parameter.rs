//! Parameters of statements, for SQLite.

use rusqlite::types::{ToSql, ToSqlOutput, Value};

use crate::engine::journal::parameter::Parameter;

impl ToSql for Parameter {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => text.as_str().into(),
            Self::Integer(Some(number)) => (*number).into(),
            Self::Integer(None) => ToSqlOutput::Owned(Value::Null),
        })
    }
}
