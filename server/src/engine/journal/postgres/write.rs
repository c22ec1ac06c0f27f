//! The one statement that makes a batch durable.

use std::collections::BTreeMap;

use shared::{Catalog, Change, ProductId};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Statement};

use super::columns::{Answers, Changes, Products, Rows};
use super::schema::VERSION;
use crate::engine::journal::tables::{AnswerRow, ChangeRow};
use crate::engine::journal::{Answer, Batch, Effect, JournalError, oldest_answer};

/// Queues for the order. Whoever waits for a row alone waits for a version of it, and one that writes
/// again at once has locked the next one before: this lock is given in the order in which it is asked for.
/// It goes with the transaction.
pub const TAKE_TURN: &str =
    "SELECT pg_advisory_xact_lock(hashtext('vitrina ' || current_schema())::bigint)";

/// Whether it is still the moment that the batch was decided for. Every part of the statement asks.
const MOVED: &str = "EXISTS (SELECT FROM moved)";

/// The parameters that come before the rows.
const FIRST_ROWS: usize = 12;

/// The statement.
pub fn sql() -> String {
    let parts = [
        ("put", &Products::default().0),
        ("changed", &Changes::default().0),
        ("answered", &Answers::default().0),
    ];
    let mut next = FIRST_ROWS;
    let parts: Vec<String> = parts
        .into_iter()
        .map(|(name, rows): (&str, &Rows)| {
            let first = next;
            next += rows.parameters().count();
            format!("{name} AS ({})", rows.insert(first, MOVED))
        })
        .collect();
    format!(
        "WITH turn AS MATERIALIZED ({TAKE_TURN}),
        moved AS (
            UPDATE catalog SET revision = $1, digest = $2, batch = $3 FROM turn
            WHERE batch = $4 AND revision = $5 AND digest = $6 AND version = $7
                AND NOT EXISTS (SELECT FROM answers WHERE key = ANY($8) AND at >= $9)
            RETURNING catalog.revision
        ),
        deleted AS (DELETE FROM products WHERE id = ANY($10) AND {MOVED}),
        {}
        SELECT pg_notify('vitrina_' || current_schema(), $11) FROM moved",
        parts.join(", ")
    )
}

/// A batch on its way.
pub struct Write {
    /// Its number.
    pub batch: i64,
    revision: (i64, i64),
    digest: (String, String),
    deleted: Vec<i64>,
    products: Products,
    changes: Changes,
    answers: Answers,
    notification: String,
}

impl Write {
    /// What leads from one catalog to another, for the server with this name.
    pub fn new(
        server: i64,
        before: &Catalog,
        after: &Catalog,
        batch: &Batch,
    ) -> Result<Self, JournalError> {
        let number = rand::random::<i64>();
        // Of a product that changes several times the last state alone is written, as is the answer to
        // a request that comes twice.
        let mut last: BTreeMap<ProductId, &Change> = BTreeMap::new();
        let mut answers: BTreeMap<String, AnswerRow> = BTreeMap::new();
        let mut changes = Changes::default();
        for record in &batch.records {
            last.insert(record.entry.change.id(), &record.entry.change);
            changes.push(ChangeRow::new(record)?, Some(number));
            if let Some(answer) = AnswerRow::of_record(record) {
                let answer = answer?;
                answers.insert(answer.key.clone(), answer);
            }
        }
        for (key, product) in &batch.unchanged {
            let answer = Answer {
                revision: product.revision,
                effect: Effect::Unchanged(product.clone()),
            };
            let answer = AnswerRow::new(key, &answer)?;
            answers.insert(answer.key.clone(), answer);
        }
        let mut products = Products::default();
        let mut deleted = Vec::new();
        for (id, change) in last {
            match change {
                Change::Added(product) | Change::Updated(product) => products.push(product)?,
                Change::Deleted(_) => deleted.push(id.0.cast_signed()),
            }
        }
        let mut rows = Answers::default();
        for answer in answers.into_values() {
            rows.push(answer);
        }
        let (revision, digest) = (after.revision(), after.digest());
        Ok(Self {
            batch: number,
            revision: (before.revision().0.cast_signed(), revision.0.cast_signed()),
            digest: (before.digest().to_string(), digest.to_string()),
            deleted,
            products,
            changes,
            answers: rows,
            notification: format!("{server} {revision} {digest}"),
        })
    }

    /// The revision that it was decided against.
    pub fn revision_before(&self) -> i64 {
        self.revision.0
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.products.0.len() + self.changes.0.len() + self.answers.0.len()
    }

    /// Sends it, for whoever knows that this was the latest batch before and that no request with one
    /// of these names was answered. Returns whether that was so; else nothing is done.
    pub async fn send(
        &self,
        client: &Client,
        statement: &Statement,
        latest: i64,
        names: &[String],
    ) -> Result<bool, Error> {
        let oldest = oldest_answer().cast_signed();
        let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![
            &self.revision.1,
            &self.digest.1,
            &self.batch,
            &latest,
            &self.revision.0,
            &self.digest.0,
            &VERSION,
            &names,
            &oldest,
            &self.deleted,
            &self.notification,
        ];
        parameters.extend(self.products.0.parameters());
        parameters.extend(self.changes.0.parameters());
        parameters.extend(self.answers.0.parameters());
        let moved = client.query(statement, &parameters).await?;
        Ok(!moved.is_empty())
    }
}
