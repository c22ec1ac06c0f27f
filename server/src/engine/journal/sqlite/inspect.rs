//! Looks at every row of a data file, whatever is wrong with it.

use super::load::{read_catalog, read_history};
use super::schema::{self, HASH_VERSION, version};
use crate::engine::journal::{Inspection, JournalError};
use rusqlite::{Connection, Row};
use shared::Revision;

/// Looks at all of a file. What can't be read of one table says nothing of the others.
pub fn inspect(connection: &Connection) -> Inspection {
    let mut found = Inspection::default();
    let damage = damage(connection);
    let damage = found.note("the file", damage);
    found.faults.extend(damage.into_iter().flatten());
    let schema = schema::faults(connection);
    let schema = found.note("the tables", schema);
    found.faults.extend(schema.into_iter().flatten());
    let catalog = read_catalog(connection);
    let catalog = found.note("table catalog", catalog);
    found.revision = catalog.map(|(_, revision)| revision);
    let count = count_catalogs(connection);
    if let Some(count) = found.note("table catalog", count)
        && count > 1
    {
        found
            .faults
            .push(format!("table catalog has {count} rows instead of one"));
    }
    let products = products(connection, &mut found);
    found.note("table products", products);
    let history = read_history(connection, Revision(0), found.revision);
    let history = found.note("table changes", history);
    found
        .faults
        .extend(history.into_iter().flat_map(|history| history.faults));
    let answers = answers(connection, &mut found);
    found.note("table answers", answers);
    found
}

/// What SQLite finds wrong with the file itself.
fn damage(connection: &Connection) -> Result<Vec<String>, JournalError> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let said = statement.query_map([], |row| row.get::<_, String>(0))?;
    let said = said.collect::<Result<Vec<_>, _>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

fn count_catalogs(connection: &Connection) -> Result<u64, JournalError> {
    let count = "SELECT count(*) FROM catalog";
    Ok(connection.query_row(count, [], |row| row.get(0))?)
}

fn products(connection: &Connection, found: &mut Inspection) -> Result<(), JournalError> {
    let has_hashes = version(connection)? >= HASH_VERSION;
    each_row(connection, "SELECT * FROM products ORDER BY id", |row| {
        found.take_product(row, has_hashes);
    })
}

fn answers(connection: &Connection, found: &mut Inspection) -> Result<(), JournalError> {
    let has_table = connection.table_exists(None, "answers")?;
    if !has_table {
        // Earlier versions have none; where it should be there its absence is told already.
        return Ok(());
    }
    each_row(connection, "SELECT * FROM answers", |row| {
        found.take_answer(row);
    })
}

fn each_row(
    connection: &Connection,
    sql: &str,
    mut look: impl FnMut(&Row<'_>),
) -> Result<(), JournalError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        look(row);
    }
    Ok(())
}
