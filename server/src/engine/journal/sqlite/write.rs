//! What is written when something becomes durable.

use rusqlite::{Transaction, params};
use shared::{Change, Revision};

use super::columns::write_product;
use super::load::client_answer_name;
use super::{now, to_json};
use crate::engine::journal::{JournalError, Key, Record};

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
    let change = to_json(&entry.change)?;
    let client = match &entry.key {
        Some(Key::Client(key)) => Some(key),
        Some(key @ Key::Idempotency(_)) => {
            write_answer(transaction, key, entry.revision, &change)?;
            None
        }
        None => None,
    };
    let by: &str = record.by.into();
    transaction
        .prepare_cached(
            "INSERT INTO changes (revision, change, page, request, digest, at, \"by\", before)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            entry.revision.0,
            change,
            client.map(|key| key.client.0.as_ref()),
            client.map(|key| key.request.0.cast_signed()),
            entry.digest.map(|digest| digest.to_string()),
            record.at,
            by,
            record.before.as_ref().map(to_json).transpose()?,
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
    let (name, fingerprint) = match key {
        Key::Client(key) => (client_answer_name(key), ""),
        Key::Idempotency(key) => (key.name.to_string(), key.fingerprint.as_ref()),
    };
    transaction
        .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![name, fingerprint, revision.0, effect, now()])?;
    Ok(())
}
