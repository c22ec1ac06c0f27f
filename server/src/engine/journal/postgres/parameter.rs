//! Parameters of statements, for PostgreSQL.

use tokio_postgres::types::ToSql;

use crate::engine::journal::parameter::Parameter;

impl Parameter {
    /// It as a parameter of the database.
    pub fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(text) => text,
            Self::Integer(number) => number,
        }
    }
}
