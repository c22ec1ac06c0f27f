//! What a data file holds.

use std::sync::Arc;

use rusqlite::{Connection, params_from_iter};
use shared::{Catalog, CatalogId, Product, RequestKey, Revision};

use super::schema::{HASH_VERSION, HISTORY_VERSION, ROSTER_VERSION, too_old, version};
use crate::engine::journal::history::{Bounds, Collector};
use crate::engine::journal::tables::{
    self, Fault, History, collect_past, has_its_hash, read_entry, read_product, read_unchanged,
};
use crate::engine::journal::{
    Effect, HistoryQuery, JournalError, Loaded, Piece, RETAINED_CHANGES, before_retained,
    oldest_answer,
};

/// Everything a file holds, whatever its version. What is wrong with the history costs the history
/// alone; what is wrong with a product is an error.
pub fn load(connection: &Connection) -> Result<Loaded, JournalError> {
    let (id, revision) = read_catalog(connection)?;
    let products = read_products(connection)?;
    let count = products.len();
    let catalog = Catalog::new(revision, products);
    if catalog.len() != count {
        let why = "two products have one id".to_owned();
        return Err(JournalError::Damaged(why));
    }
    let since = before_retained(revision);
    let mut history = read_history(connection, since, Some(revision))?;
    for fault in &history.faults {
        tracing::warn!(%fault, "a part of the history is lost");
    }
    history.share(&catalog);
    let mut requests = history.requests;
    if version(connection)? >= HASH_VERSION {
        requests.extend(unchanged(connection)?);
    }
    Ok(Loaded {
        id,
        catalog,
        recent: history.entries,
        requests,
    })
}

/// Which catalog it is, and its revision.
pub fn read_catalog(connection: &Connection) -> Result<(CatalogId, Revision), JournalError> {
    let mut statement = connection.prepare("SELECT rowid, * FROM catalog")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Err(JournalError::Damaged("table catalog is empty".to_owned()));
    };
    let damaged = |fault: Fault| JournalError::Damaged(fault.of("catalog", "rowid", row));
    tables::read_catalog(row).map_err(damaged)
}

fn read_products(connection: &Connection) -> Result<Vec<Arc<Product>>, JournalError> {
    let has_hashes = version(connection)? >= HASH_VERSION;
    let mut statement = connection.prepare("SELECT * FROM products ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut products = Vec::new();
    let mut foreign = 0;
    while let Some(row) = rows.next()? {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("products", "id", row));
        let product = read_product(row).map_err(damaged)?;
        if has_hashes && !has_its_hash(row, &product).map_err(damaged)? {
            foreign += 1;
        }
        products.push(Arc::new(product));
    }
    if foreign > 0 {
        tracing::warn!(
            products = foreign,
            "something else than Vitrina changed the data file: `vitrina check` names the products"
        );
    }
    Ok(products)
}

/// The retained changes after `since`, up to this revision, as far as that is known.
pub fn read_history(
    connection: &Connection,
    since: Revision,
    revision: Option<Revision>,
) -> Result<History, JournalError> {
    let columns = if version(connection)? >= HASH_VERSION {
        "digest, before"
    } else {
        "NULL AS digest, NULL AS before"
    };
    let mut statement = connection.prepare(&format!(
        "SELECT revision, change, page, request, {columns} FROM changes
        WHERE revision > ?1 ORDER BY revision"
    ))?;
    let mut rows = statement.query([since.0])?;
    let mut history = History::default();
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                let entry = read_entry(row);
                history.push(entry.map_err(|fault| fault.of("changes", "revision", row)));
            }
            Ok(None) => break,
            Err(error) => {
                history.push(Err(format!("table changes: {error}")));
                break;
            }
        }
    }
    if let Some(revision) = revision {
        history.end_at(revision);
    }
    Ok(history)
}

/// The changes that are asked for.
pub fn read_past(connection: &Connection, query: &HistoryQuery) -> Result<Piece, JournalError> {
    if version(connection)? < HISTORY_VERSION {
        return Err(too_old());
    }
    if query.by.is_some() && version(connection)? < ROSTER_VERSION {
        return Err(too_old());
    }
    let bounds = match query.known_bounds() {
        Some(bounds) => bounds,
        None => find_bounds(connection, query)?,
    };
    let (sql, parameters) = query.to_sql(bounds);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let mut collector = Collector::new(query, bounds);
    while let Some(row) = rows.next()? {
        collect_past(row, &mut collector);
    }
    Ok(collector.finish())
}

fn find_bounds(connection: &Connection, query: &HistoryQuery) -> Result<Bounds, JournalError> {
    let (sql, parameters) = query.bounds_sql();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let Some(row) = rows.next()? else {
        return Ok(Bounds::ALL);
    };
    let damaged = |fault: Fault| JournalError::Damaged(fault.of("changes", "low", row));
    Bounds::read(row).map_err(damaged)
}

/// The requests of clients that left their products as they were.
fn unchanged(connection: &Connection) -> Result<Vec<(RequestKey, Revision, Effect)>, JournalError> {
    // More of them are not remembered.
    let mut statement = connection.prepare(
        "SELECT * FROM (
            SELECT rowid AS place, * FROM answers WHERE key LIKE char(10) || '%' AND at >= ?1
            ORDER BY place DESC LIMIT ?2
        ) ORDER BY place",
    )?;
    let mut rows = statement.query([oldest_answer(), RETAINED_CHANGES as u64])?;
    let mut unchanged = Vec::new();
    while let Some(row) = rows.next()? {
        match read_unchanged(row) {
            Ok(read) => unchanged.extend(read),
            Err(fault) => {
                let fault = fault.of("answers", "key", row);
                tracing::warn!(%fault, "the answer to a request is lost");
            }
        }
    }
    Ok(unchanged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::journal::parameter::Parameter;
    use crate::engine::journal::{Place, SqliteJournal};

    /// How SQLite answers a statement.
    fn plan(connection: &Connection, (sql, parameters): (String, Vec<Parameter>)) -> String {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .expect("it is SQL");
        let steps = statement.query_map(params_from_iter(parameters), |row| {
            row.get::<_, String>("detail")
        });
        let steps: Result<Vec<String>, _> = steps.expect("a plan").collect();
        steps.expect("texts").join("\n")
    }

    #[test]
    fn no_query_of_the_history_goes_through_all_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        SqliteJournal::open(&path).expect("a data file");
        let connection = Connection::open(&path).expect("a file");
        for place in [
            Place::Newest,
            Place::Before(Revision(9)),
            Place::After(Revision(2)),
        ] {
            for (product, by, time) in [
                (None, None, None),
                (Some(shared::ProductId(1)), None, None),
                (None, Some("ana"), None),
                (None, None, Some(5)),
            ] {
                let query = HistoryQuery {
                    product,
                    by: by.map(str::to_owned),
                    from: time,
                    until: time,
                    place,
                    limit: 3,
                    ..HistoryQuery::default()
                };
                let read = plan(&connection, query.to_sql(Bounds::ALL));
                assert!(read.contains("SEARCH changes USING"), "{read}");
                assert!(!read.contains("TEMP B-TREE"), "{read}");
                let by_person = read.contains("USING INDEX changes_of_person");
                assert_eq!(by_person, by.is_some(), "{read}");
                if time.is_some() {
                    let bounds = plan(&connection, query.bounds_sql());
                    assert_eq!(
                        bounds.matches("COVERING INDEX changes_at").count(),
                        2,
                        "{bounds}"
                    );
                }
            }
        }
    }
}
