//! Rows on their way into the tables, as arrays: one statement writes any number of them.

use std::fmt::Write as _;

use shared::{Digest, Draft, FieldRef, Kind, Product};
use tokio_postgres::types::ToSql;

use crate::engine::journal::tables::{AnswerRow, ChangeRow, column};
use crate::engine::journal::{JournalError, to_json};

use super::name;

/// One column of some rows.
pub enum Column {
    /// Of texts, some of which may be missing.
    Text(Vec<Option<String>>),
    /// Of numbers, some of which may be missing.
    Integer(Vec<Option<i64>>),
    /// Of yes and no.
    Flag(Vec<bool>),
}

impl Column {
    /// Its values, as a parameter.
    pub fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(texts) => texts,
            Self::Integer(numbers) => numbers,
            Self::Flag(flags) => flags,
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text[]",
            Self::Integer(_) => "bigint[]",
            Self::Flag(_) => "boolean[]",
        }
    }

    fn push_text(&mut self, text: Option<String>) {
        if let Self::Text(texts) = self {
            texts.push(text);
        }
    }

    fn push_integer(&mut self, number: Option<i64>) {
        if let Self::Integer(numbers) = self {
            numbers.push(number);
        }
    }

    fn push_flag(&mut self, flag: bool) {
        if let Self::Flag(flags) = self {
            flags.push(flag);
        }
    }
}

/// Rows of one table.
pub struct Rows {
    table: &'static str,
    /// What a row is known by.
    key: &'static str,
    names: Vec<&'static str>,
    columns: Vec<Column>,
    count: usize,
}

impl Rows {
    fn new(
        table: &'static str,
        key: &'static str,
        columns: impl IntoIterator<Item = (&'static str, Column)>,
    ) -> Self {
        let (names, columns) = columns.into_iter().unzip();
        Self {
            table,
            key,
            names,
            columns,
            count: 0,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Its columns, as parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &(dyn ToSql + Sync)> {
        self.columns.iter().map(Column::parameter)
    }

    /// The statement that puts them in, or in place of those with the same keys, if the condition
    /// holds. Its parameters are numbered from `first`.
    pub fn insert(&self, first: usize, condition: &str) -> String {
        let names = self.names.join(", ");
        let mut sql = format!("INSERT INTO {} ({names}) SELECT * FROM unnest(", self.table);
        for (place, column) in self.columns.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            // Writing to a text doesn't fail.
            let _ = write!(sql, "{comma}${}::{}", first + place, column.type_name());
        }
        let _ = write!(
            sql,
            ") WHERE {condition} ON CONFLICT ({}) DO UPDATE SET ",
            self.key
        );
        let others = self.names.iter().filter(|name| **name != self.key);
        let set: Vec<String> = others
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        sql + &set.join(", ")
    }
}

fn texts() -> Column {
    Column::Text(Vec::new())
}

fn integers() -> Column {
    Column::Integer(Vec::new())
}

/// Rows of the table of products.
pub struct Products(pub Rows);

impl Default for Products {
    fn default() -> Self {
        let own = [
            ("id", integers()),
            ("revision", integers()),
            ("hash", texts()),
        ];
        let fields = Draft::FIELDS.iter().map(|field| {
            let values = match field.kind {
                Kind::Price | Kind::Count => integers(),
                Kind::Flag => Column::Flag(Vec::new()),
                Kind::Line { .. } | Kind::Lines { .. } | Kind::Code { .. } | Kind::Urls { .. } => {
                    texts()
                }
            };
            (column(field), values)
        });
        Self(Rows::new("products", "id", own.into_iter().chain(fields)))
    }
}

impl Products {
    /// Adds a row.
    pub fn push(&mut self, product: &Product) -> Result<(), JournalError> {
        let Self(rows) = self;
        rows.count += 1;
        let [id, revision, hash, fields @ ..] = &mut rows.columns[..] else {
            return Ok(());
        };
        id.push_integer(Some(product.id.0.cast_signed()));
        revision.push_integer(Some(product.revision.0.cast_signed()));
        hash.push_text(Some(Digest::of_product(product).to_string()));
        for ((_, value), column) in product.draft.values().zip(fields) {
            match value {
                FieldRef::Text(text) => column.push_text(Some(text.to_owned())),
                FieldRef::Price(price) => column.push_integer(Some(price.cents().cast_signed())),
                FieldRef::Flag(flag) => column.push_flag(flag),
                FieldRef::Count(count) => column.push_integer(Some(count.into())),
                FieldRef::Urls(urls) => column.push_text(Some(to_json(&urls)?)),
            }
        }
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
                ("revision", integers()),
                ("change", texts()),
                ("page", texts()),
                ("request", integers()),
                ("digest", texts()),
                ("at", integers()),
                ("\"by\"", texts()),
                ("before", texts()),
                ("batch", integers()),
            ],
        ))
    }
}

impl Changes {
    /// Adds a row that this transaction writes.
    pub fn push(&mut self, row: ChangeRow, batch: Option<i64>) {
        let Self(rows) = self;
        rows.count += 1;
        let [
            revision,
            change,
            page,
            request,
            digest,
            at,
            by,
            before,
            batches,
        ] = &mut rows.columns[..]
        else {
            return;
        };
        revision.push_integer(Some(row.revision.0.cast_signed()));
        change.push_text(Some(row.change));
        page.push_text(row.page.map(|page| name::write(&page).into_owned()));
        request.push_integer(row.request);
        digest.push_text(row.digest);
        at.push_integer(row.at);
        by.push_text(row.by);
        before.push_text(row.before);
        batches.push_integer(batch);
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
                ("key", texts()),
                ("fingerprint", texts()),
                ("revision", integers()),
                ("change", texts()),
                ("at", integers()),
            ],
        ))
    }
}

impl Answers {
    /// Adds a row.
    pub fn push(&mut self, row: AnswerRow) {
        let Self(rows) = self;
        rows.count += 1;
        let [key, fingerprint, revision, change, at] = &mut rows.columns[..] else {
            return;
        };
        key.push_text(Some(name::write(&row.key).into_owned()));
        fingerprint.push_text(Some(row.fingerprint));
        revision.push_integer(Some(row.revision.0.cast_signed()));
        change.push_text(Some(row.change));
        at.push_integer(Some(row.at));
    }
}
