//! What other servers wrote, read with the order taken or without.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::join;
use shared::{Catalog, Digest, Revision};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::address::Address;
use super::load::{Head, load};
use super::schema::refuse_newer;
use super::session::{to_error, unreachable};
use super::statements::Statements;
use crate::engine::journal::tables::{Cells, Fault, read_answer, read_entry, text};
use crate::engine::journal::{Answer, ByOthers, Entry, JournalError, oldest_answer};

/// The answers to requests, by the names of their keys, with the fingerprints of those requests.
pub type Answers = HashMap<String, (Arc<str>, Answer)>;

/// What somebody finds who has taken the order.
pub struct Taken {
    /// The latest transaction that wrote.
    pub batch: i64,
    /// What others wrote.
    pub by_others: ByOthers,
    /// The answers to requests that were asked about.
    pub answers: Answers,
}

/// Takes the order, which waits for whoever has it, and reads what others wrote since a catalog that
/// is known, in one round trip. In the end it is still taken, unless there is another catalog.
pub async fn take(
    client: &Client,
    statements: &Statements,
    address: &Address,
    known: &Catalog,
    names: &[String],
) -> Result<Taken, JournalError> {
    let error = |error: tokio_postgres::Error| to_error(&error, address);
    let since: [&(dyn ToSql + Sync); 1] = [&known.revision().0.cast_signed()];
    let oldest = oldest_answer().cast_signed();
    let answers = async {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        client.query(&statements.answers, &[&names, &oldest]).await
    };
    // They leave in this order. What is read is what is there once the lock is taken.
    let (begun, head, changes, answers) = join!(
        client.batch_execute("BEGIN"),
        client.query_opt(&statements.take, &[]),
        client.query(&statements.changes, &since),
        answers,
    );
    begun.map_err(error)?;
    let head = head.map_err(error)?;
    let head = head.ok_or_else(|| unreachable(address, "table catalog is empty"));
    let head = Head::read(&head?)?;
    refuse_newer(head.version, address)?;
    let changes = changes.map_err(error)?;
    let Some(by_others) = read_changes(known, &head, &changes)? else {
        client.batch_execute("ROLLBACK").await.map_err(error)?;
        return replaced(client, address).await;
    };
    Ok(Taken {
        batch: head.batch,
        by_others,
        answers: read_answers(&answers.map_err(error)?)?,
    })
}

/// What others wrote since a catalog that is known, and the latest transaction that wrote, without
/// taking the order.
pub async fn look(
    client: &Client,
    statements: &Statements,
    address: &Address,
    known: &Catalog,
) -> Result<Taken, JournalError> {
    let since = known.revision().0.cast_signed();
    let rows = client.query(&statements.look, &[&since]).await;
    let mut rows = rows.map_err(|error| to_error(&error, address))?;
    let Some(first) = rows.first() else {
        return Err(unreachable(address, "table catalog is empty"));
    };
    let head = Head::read(first)?;
    refuse_newer(head.version, address)?;
    // Without a change there is one row, of the catalog alone.
    let has_change = first
        .integer("revision")
        .is_ok_and(|revision| revision.is_some());
    if !has_change {
        rows.clear();
    }
    match read_changes(known, &head, &rows)? {
        Some(by_others) => Ok(Taken {
            batch: head.batch,
            by_others,
            answers: Answers::new(),
        }),
        None => replaced(client, address).await,
    }
}

/// All that is there, which doesn't follow from what is known.
async fn replaced(client: &Client, address: &Address) -> Result<Taken, JournalError> {
    let (loaded, head) = load(client, address).await?;
    Ok(Taken {
        batch: head.batch,
        by_others: ByOthers::Replaced(Box::new(loaded)),
        answers: Answers::new(),
    })
}

/// What these changes make of a catalog that is known; `None` where they don't lead to the head.
fn read_changes(
    known: &Catalog,
    head: &Head,
    rows: &[Row],
) -> Result<Option<ByOthers>, JournalError> {
    let is_head =
        |revision: Revision, digest: Digest| (revision, digest) == (head.revision, head.digest);
    if rows.is_empty() {
        let is_same = is_head(known.revision(), known.digest());
        return Ok(is_same.then_some(ByOthers::Nothing));
    }
    let mut catalog = known.clone();
    let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
    for row in rows {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "revision", row));
        let entry = read_entry(row).map_err(damaged)?.entry;
        if entry.revision != catalog.revision().next() {
            return Ok(None);
        }
        catalog.apply(entry.revision, [entry.change.clone()]);
        entries.push(entry);
    }
    let is_led_there = is_head(catalog.revision(), catalog.digest());
    Ok(is_led_there.then_some(ByOthers::Changes(catalog, entries)))
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
