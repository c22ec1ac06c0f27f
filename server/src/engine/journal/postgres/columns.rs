//! Rows on their way into the tables, as arrays: one statement writes any number of them.

use std::error::Error;

use bytes::BytesMut;
use shared::{Digest, Draft, FieldRef, Kind, Product};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::name;
use crate::engine::journal::tables::{AnswerRow, ChangeRow, column};
use crate::engine::journal::{JournalError, to_json};

/// A cell of a row.
#[derive(Debug)]
enum Cell {
    Text(Option<String>),
    Integer(Option<i64>),
    Flag(bool),
}

impl Cell {
    fn text(text: impl Into<String>) -> Self {
        Self::Text(Some(text.into()))
    }

    fn number(number: u64) -> Self {
        Self::Integer(Some(number.cast_signed()))
    }
}

impl ToSql for Cell {
    fn to_sql(
        &self,
        r#type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(r#type, out),
            Self::Integer(number) => number.to_sql(r#type, out),
            Self::Flag(flag) => flag.to_sql(r#type, out),
        }
    }

    fn accepts(r#type: &Type) -> bool {
        matches!(*r#type, Type::TEXT | Type::INT8 | Type::BOOL)
    }

    to_sql_checked!();
}

/// A column of a table, and the type of an array of its cells.
struct Column {
    name: &'static str,
    array: &'static str,
    cells: Vec<Cell>,
}

/// Rows of one table.
pub struct Rows {
    table: &'static str,
    /// What a row is known by.
    key: &'static str,
    columns: Vec<Column>,
    count: usize,
}

impl Rows {
    fn new(
        table: &'static str,
        key: &'static str,
        columns: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Self {
        let columns = columns.into_iter().map(|(name, array)| Column {
            name,
            array,
            cells: Vec::new(),
        });
        Self {
            table,
            key,
            columns: columns.collect(),
            count: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds a row: a cell for each column, in their order.
    fn push(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.count += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.cells.push(cell);
        }
    }

    /// Its columns, as parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &(dyn ToSql + Sync)> {
        self.columns.iter().map(|column| {
            let cells: &(dyn ToSql + Sync) = &column.cells;
            cells
        })
    }

    /// The statement that puts them in, or in place of those with the same keys, if the condition
    /// holds. Its parameters are numbered from `first`.
    pub fn insert(&self, first: usize, condition: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let parameters = (first..).zip(&self.columns);
        let arrays: Vec<String> = parameters
            .map(|(number, column)| format!("${number}::{}", column.array))
            .collect();
        let others = names.iter().filter(|name| **name != self.key);
        let set: Vec<String> = others
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({}) WHERE {condition}
            ON CONFLICT ({}) DO UPDATE SET {}",
            self.table,
            names.join(", "),
            arrays.join(", "),
            self.key,
            set.join(", ")
        )
    }
}

const TEXT: &str = "text[]";
const INTEGER: &str = "bigint[]";
const FLAG: &str = "boolean[]";

/// Rows of the table of products.
pub struct Products(pub Rows);

impl Default for Products {
    fn default() -> Self {
        let own = [("id", INTEGER), ("revision", INTEGER), ("hash", TEXT)];
        let fields = Draft::FIELDS.iter().map(|field| {
            let array = match field.kind {
                Kind::Price | Kind::Count => INTEGER,
                Kind::Flag => FLAG,
                Kind::Line { .. } | Kind::Lines { .. } | Kind::Code { .. } | Kind::Urls { .. } => {
                    TEXT
                }
            };
            (column(field), array)
        });
        Self(Rows::new("products", "id", own.into_iter().chain(fields)))
    }
}

impl Products {
    /// Adds a row.
    pub fn push(&mut self, product: &Product) -> Result<(), JournalError> {
        let mut cells = vec![
            Cell::number(product.id.0),
            Cell::number(product.revision.0),
            Cell::text(Digest::of_product(product).to_string()),
        ];
        for (_, value) in product.draft.values() {
            cells.push(match value {
                FieldRef::Text(text) => Cell::text(text),
                FieldRef::Price(price) => Cell::number(price.cents()),
                FieldRef::Flag(flag) => Cell::Flag(flag),
                FieldRef::Count(count) => Cell::number(count.into()),
                FieldRef::Urls(urls) => Cell::text(to_json(&urls)?),
            });
        }
        self.0.push(cells);
        Ok(())
    }
}

/// Rows of the table of changes.
pub struct Changes(pub Rows);

impl Default for Changes {
    fn default() -> Self {
        Self(Rows::new(
            "changes",
            "revision",
            [
                ("revision", INTEGER),
                ("change", TEXT),
                ("page", TEXT),
                ("request", INTEGER),
                ("digest", TEXT),
                ("at", INTEGER),
                ("\"by\"", TEXT),
                ("before", TEXT),
                ("product", INTEGER),
                ("person", TEXT),
                ("batch", INTEGER),
            ],
        ))
    }
}

impl Changes {
    /// Adds a row, which this transaction writes, or which another journal had.
    pub fn push(&mut self, row: ChangeRow, batch: Option<i64>) {
        self.0.push([
            Cell::number(row.revision.0),
            Cell::text(row.change),
            Cell::Text(row.page.map(|page| name::write(&page).into_owned())),
            Cell::Integer(row.request),
            Cell::Text(row.digest),
            Cell::Integer(row.at),
            Cell::Text(row.by),
            Cell::Text(row.before),
            Cell::Integer(row.product),
            Cell::Text(row.person),
            Cell::Integer(batch),
        ]);
    }
}

/// Rows of the table of answers.
pub struct Answers(pub Rows);

impl Default for Answers {
    fn default() -> Self {
        Self(Rows::new(
            "answers",
            "key",
            [
                ("key", TEXT),
                ("fingerprint", TEXT),
                ("revision", INTEGER),
                ("change", TEXT),
                ("at", INTEGER),
            ],
        ))
    }
}

impl Answers {
    /// Adds a row.
    pub fn push(&mut self, row: AnswerRow) {
        self.0.push([
            Cell::text(name::write(&row.key)),
            Cell::text(row.fingerprint),
            Cell::number(row.revision.0),
            Cell::text(row.change),
            Cell::Integer(Some(row.at)),
        ]);
    }
}
