//! What other servers wrote, read with the order taken or without.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::join;
use shared::{Catalog, Digest, Revision};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::address::Address;
use super::load::{Head, empty};
use super::schema::refuse_newer;
use super::session::to_error;
use super::statements::Statements;
use crate::engine::journal::tables::{Cells, Fault, read_answer, read_entry, text};
use crate::engine::journal::{
    Answer, ByOthers, Entry, JournalError, MAX_CHANGES_AT_ONCE, oldest_answer,
};

/// The answers to requests, by the names of their keys, with the fingerprints of those requests.
pub type Answers = HashMap<String, (Arc<str>, Answer)>;

/// What somebody finds who looks, or who has taken the order.
pub struct Found {
    /// The latest transaction that wrote.
    pub batch: i64,
    /// What others wrote; `None` where it doesn't follow from what is known.
    pub by_others: Option<ByOthers>,
    /// The answers to requests that were asked about.
    pub answers: Answers,
}

impl Found {
    /// Whether that is all that others wrote.
    pub fn is_all(&self) -> bool {
        match &self.by_others {
            Some(ByOthers::Changes(_, entries)) => entries.len() < MAX_CHANGES_AT_ONCE,
            Some(ByOthers::Nothing) => true,
            Some(ByOthers::Replaced(_)) | None => false,
        }
    }
}

/// Takes the order, which waits for whoever has it, and reads what others wrote since a catalog that
/// is known, in one round trip.
pub async fn take(
    client: &Client,
    statements: &Statements,
    address: &Address,
    known: &Catalog,
    names: &[String],
) -> Result<Found, JournalError> {
    let error = |error: tokio_postgres::Error| to_error(&error, address);
    let since: [&(dyn ToSql + Sync); 2] = [&known.revision().0.cast_signed(), &LIMIT];
    let oldest = oldest_answer().cast_signed();
    let answers = async {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        client.query(&statements.answers, &[&names, &oldest]).await
    };
    // They leave in this order. What is read is what is there once the lock is taken.
    let (begun, queued, head, changes, answers) = join!(
        client.batch_execute("BEGIN"),
        client.query(&statements.queue, &[]),
        client.query_opt(&statements.take, &[]),
        client.query(&statements.changes, &since),
        answers,
    );
    begun.map_err(error)?;
    queued.map_err(error)?;
    let head = Head::read(&head.map_err(error)?.ok_or_else(|| empty(address))?)?;
    refuse_newer(head.version, address)?;
    Ok(Found {
        batch: head.batch,
        by_others: read_changes(known, &head, &changes.map_err(error)?),
        answers: read_answers(&answers.map_err(error)?)?,
    })
}

/// As the type of a parameter.
#[expect(clippy::cast_possible_wrap, reason = "it is small")]
const LIMIT: i64 = MAX_CHANGES_AT_ONCE as i64;

/// What others wrote since a catalog that is known, and the latest transaction that wrote, without
/// taking the order.
pub async fn look(
    client: &Client,
    statements: &Statements,
    address: &Address,
    known: &Catalog,
) -> Result<Found, JournalError> {
    let since = known.revision().0.cast_signed();
    let rows = client.query(&statements.look, &[&since, &LIMIT]).await;
    let mut rows = rows.map_err(|error| to_error(&error, address))?;
    let first = rows.first().ok_or_else(|| empty(address))?;
    let head = Head::read(first)?;
    refuse_newer(head.version, address)?;
    // Without a change there is one row, of the catalog alone.
    let has_change = first.integer("revision");
    if !has_change.is_ok_and(|revision| revision.is_some()) {
        rows.clear();
    }
    Ok(Found {
        batch: head.batch,
        by_others: read_changes(known, &head, &rows),
        answers: Answers::new(),
    })
}

/// What these changes make of a catalog that is known; `None` where they don't lead to the head, or,
/// where there are more of them, not to what the last one says.
fn read_changes(known: &Catalog, head: &Head, rows: &[Row]) -> Option<ByOthers> {
    if rows.is_empty() {
        let is_same = (known.revision(), known.digest()) == (head.revision, head.digest);
        return is_same.then_some(ByOthers::Nothing);
    }
    let mut catalog = known.clone();
    let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
    for row in rows {
        // What can't be read is left to whoever reads everything.
        let entry = read_entry(row).ok()?.entry;
        if entry.revision != catalog.revision().next() {
            return None;
        }
        catalog.apply(entry.revision, [entry.change.clone()]);
        entries.push(entry);
    }
    let said: (Revision, Option<Digest>) = if rows.len() < MAX_CHANGES_AT_ONCE {
        (head.revision, Some(head.digest))
    } else {
        (catalog.revision(), entries.last()?.digest)
    };
    let is_led_there = (catalog.revision(), Some(catalog.digest())) == said;
    is_led_there.then_some(ByOthers::Changes(catalog, entries))
}

fn read_answers(rows: &[Row]) -> Result<Answers, JournalError> {
    let mut answers = Answers::with_capacity(rows.len());
    for row in rows {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("answers", "key", row));
        let name = text(row, "key").map_err(damaged)?;
        answers.insert(name, read_answer(row).map_err(damaged)?);
    }
    Ok(answers)
}
