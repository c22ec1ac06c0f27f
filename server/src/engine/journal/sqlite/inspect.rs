//! Looks at every row of a data file, whatever is wrong with it.

use rusqlite::{Connection, Row};
use shared::{Product, Revision};

use super::columns::{has_its_hash, read_product};
use super::history::read_answer;
use super::load::{read_catalog, read_history};
use super::row::Fault;
use super::schema::{self, HASH_VERSION, version};
use crate::engine::journal::JournalError;

/// What a data file holds, as far as it can be read.
#[derive(Default)]
pub struct Inspection {
    /// The catalog's revision.
    pub revision: Option<Revision>,
    /// The products.
    pub products: Vec<Product>,
    /// What is wrong: each names the table, the row and the column where there is one.
    pub faults: Vec<String>,
}

impl Inspection {
    /// Notes what a part of the inspection ended with.
    fn note<T>(&mut self, part: &str, ended: Result<T, JournalError>) -> Option<T> {
        ended
            .map_err(|error| match error {
                JournalError::Damaged(fault) => self.faults.push(fault),
                JournalError::Sqlite(error) => self.faults.push(format!("{part}: {error}")),
                error => self.faults.push(format!("{part}: {error}")),
            })
            .ok()
    }
}

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
    let history = read_history(connection, found.revision);
    let history = found.note("table changes", history);
    found
        .faults
        .extend(history.into_iter().flat_map(|history| history.faults));
    let answers = answers(connection, &mut found.faults);
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
    let Inspection {
        products, faults, ..
    } = found;
    each_row(connection, "SELECT * FROM products ORDER BY id", |row| {
        let product = match read_product(row) {
            Ok(product) => product,
            Err(fault) => return faults.push(fault.of("products", "id", row)),
        };
        match has_its_hash(row, &product) {
            _ if !has_hashes => {}
            Ok(true) => {}
            Ok(false) => faults.push(format!(
                "product {}: its row was changed from outside",
                product.id
            )),
            Err(fault) => faults.push(fault.of("products", "id", row)),
        }
        products.push(product);
    })
}

fn answers(connection: &Connection, faults: &mut Vec<String>) -> Result<(), JournalError> {
    let has_table = connection.table_exists(None, "answers")?;
    if !has_table {
        // Earlier versions have none; where it should be there its absence is told already.
        return Ok(());
    }
    each_row(connection, "SELECT * FROM answers", |row| {
        let read: Result<_, Fault> = read_answer(row);
        if let Err(fault) = read {
            faults.push(fault.of("answers", "key", row));
        }
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
