//! A data file's rows, all of them: out of one, and into a new one.

use std::path::Path;

use rusqlite::{Connection, params};
use shared::{Digest, Revision};

use super::SqliteJournal;
use super::columns::write_product;
use super::load::read_catalog;
use super::roster::{read_roster, write_roster};
use super::schema::{HASH_VERSION, ROSTER_VERSION, too_old, version};
use super::write::write_change;
use crate::engine::journal::JournalError;
use crate::engine::journal::copy::{Row, Sink};
use crate::engine::journal::tables::{AnswerRow, ChangeRow, Fault, read_product};

/// Gives every row of a file of the newest version, at one moment.
pub fn each_row(
    connection: &Connection,
    take: &mut dyn FnMut(Row) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let transaction = connection.unchecked_transaction()?;
    if version(&transaction)? < HASH_VERSION {
        return Err(too_old());
    }
    let (id, revision) = read_catalog(&transaction)?;
    let mut products = Vec::new();
    let mut statement = transaction.prepare("SELECT * FROM products ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("products", "id", row));
        products.push(read_product(row).map_err(damaged)?);
    }
    let digest = products.iter().fold(Digest::default(), |sum, product| {
        sum.after(None, Some(product))
    });
    take(Row::Catalog(id, revision, digest))?;
    products
        .into_iter()
        .try_for_each(|product| take(Row::Product(product)))?;
    let mut statement = transaction.prepare("SELECT * FROM changes ORDER BY revision")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "revision", row));
        take(Row::Change(ChangeRow::read(row).map_err(damaged)?))?;
    }
    let mut statement = transaction.prepare("SELECT * FROM answers ORDER BY rowid")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("answers", "key", row));
        take(Row::Answer(AnswerRow::read(row).map_err(damaged)?))?;
    }
    if version(&transaction)? < ROSTER_VERSION {
        return Ok(());
    }
    let roster = read_roster(&transaction)?;
    roster
        .to_changes()
        .try_for_each(|change| take(Row::Roster(change)))
}

/// A new data file that gets another journal's rows.
pub struct SqliteSink(SqliteJournal);

impl SqliteSink {
    /// Makes the file, or takes one that nothing was ever written to.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let journal = SqliteJournal::open(path)?;
        let (_, revision) = read_catalog(&journal.connection)?;
        if revision != Revision(0) {
            return Err(JournalError::Taken(path.display().to_string()));
        }
        journal.connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Self(journal))
    }
}

impl Sink for SqliteSink {
    fn take(&mut self, row: Row) -> Result<(), JournalError> {
        let connection = &self.0.connection;
        match row {
            Row::Catalog(id, revision, _) => {
                connection.execute(
                    "UPDATE catalog SET id = ?1, revision = ?2",
                    params![id.0.as_ref(), revision.0],
                )?;
            }
            Row::Product(product) => write_product(connection, &product)?,
            Row::Change(row) => write_change(connection, &row)?,
            Row::Answer(row) => {
                connection
                    .prepare_cached("INSERT INTO answers VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![
                        row.key,
                        row.fingerprint,
                        row.revision.0,
                        row.change,
                        row.at,
                    ])?;
            }
            Row::Roster(change) => write_roster(connection, &change.statements())?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        self.0.connection.execute_batch("COMMIT")?;
        self.0.checkpoint();
        Ok(())
    }
}
