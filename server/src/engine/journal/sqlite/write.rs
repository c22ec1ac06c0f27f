//! What is written when something becomes durable.

use rusqlite::{Connection, Transaction, params};
use shared::{Change, ProductId, Revision, Source};

use super::columns::{write_blank_product, write_product};
use super::load::read_catalog;
use crate::engine::journal::tables::ChangeRow;
use crate::engine::journal::{
    Entry, IdempotencyKey, JournalError, Key, Record, now_ms, now_seconds,
};

/// Writes a change, and what it makes of the products.
pub fn write_record(transaction: &Transaction<'_>, record: &Record) -> Result<(), JournalError> {
    let entry = &record.entry;
    match &entry.change {
        Change::Added(product) | Change::Updated(product) => {
            write_product(transaction, product)?;
        }
        Change::Deleted(id) => {
            transaction
                .prepare_cached("DELETE FROM products WHERE id = ?1")?
                .execute([id.0])?;
        }
    }
    let row = ChangeRow::new(record)?;
    if let Some(key @ Key::Idempotency(_)) = &entry.key {
        write_answer(transaction, key, entry.revision, &row.change)?;
    }
    write_change(transaction, &row)
}

/// Writes a row of the table of changes.
pub fn write_change(connection: &Connection, row: &ChangeRow) -> Result<(), JournalError> {
    connection
        .prepare_cached(
            "INSERT INTO changes (revision, change, page, request, digest, at, \"by\", before, product, person)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            row.revision.0,
            row.change,
            row.page,
            row.request,
            row.digest,
            row.at,
            row.by,
            row.before,
            row.product,
            row.person,
        ])?;
    Ok(())
}

/// Writes the answer to a request; `effect` is the JSON of what it did.
pub fn write_answer(
    transaction: &Transaction<'_>,
    key: &Key,
    revision: Revision,
    effect: &str,
) -> Result<(), JournalError> {
    let (name, fingerprint) = (key.answer_name(), key.fingerprint());
    transaction
        .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            name,
            fingerprint,
            revision.0,
            effect,
            now_seconds()
        ])?;
    Ok(())
}

/// Writes to every table and leaves nothing of it, so that a file that can't be written to is found
/// out at the start.
pub fn try_writing(connection: &mut Connection) -> Result<(), JournalError> {
    let (_, revision) = read_catalog(connection)?;
    let key = IdempotencyKey {
        // No header can say it.
        name: "\n".into(),
        fingerprint: "".into(),
    };
    let record = Record {
        entry: Entry {
            revision: revision.next(),
            change: Change::Deleted(ProductId(0)),
            digest: None,
            key: Some(Key::Idempotency(key)),
        },
        before: None,
        at: now_ms(),
        by: Source::Cli,
        person: None,
    };
    let transaction = connection.transaction()?;
    write_blank_product(&transaction)?;
    write_record(&transaction, &record)?;
    transaction.rollback()?;
    // And to the disk, which a transaction that is rolled back never meets.
    let transaction = connection.transaction()?;
    write_nothing(&transaction, revision)?;
    Ok(transaction.commit()?)
}

/// Writes to the disk and changes nothing: to and fro, since SQLite writes no page that it knows to
/// be as it was.
pub fn write_nothing(transaction: &Transaction<'_>, at: Revision) -> Result<(), JournalError> {
    let mut move_revision =
        transaction.prepare_cached("UPDATE catalog SET revision = ?1 WHERE revision = ?2")?;
    let there = move_revision.execute([at.next().0, at.0])?;
    if there != 1 {
        return Err(JournalError::NotAt(at));
    }
    move_revision.execute([at.0, at.next().0])?;
    Ok(())
}
