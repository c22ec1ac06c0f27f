//! What the tables hold.

use std::sync::Arc;

use futures_util::TryStreamExt;
use shared::{Catalog, CatalogId, Digest, Product, Revision};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::address::Address;
use super::row::cell;
use super::schema::refuse_newer;
use super::session::to_error;
use crate::engine::journal::tables::{
    self, Fault, History, has_its_hash, read_entry, read_product, read_unchanged,
};
use crate::engine::journal::{
    JournalError, Loaded, RETAINED_CHANGES, before_retained, oldest_answer,
};

/// The one row of the table of the catalog.
pub struct Head {
    /// Which catalog it is.
    pub id: CatalogId,
    /// The version of the tables.
    pub version: i32,
    /// Its revision.
    pub revision: Revision,
    /// What its products are.
    pub digest: Digest,
    /// The latest transaction that wrote.
    pub batch: i64,
}

impl Head {
    /// The columns that it is read from, in a query of the catalog alone.
    pub const COLUMNS: &str = "id AS catalog, version, revision AS head, \
        digest AS head_digest, batch AS head_batch";

    /// Reads it.
    pub fn read(row: &Row) -> Result<Self, JournalError> {
        let read = || {
            let digest = tables::text(row, "head_digest")?.parse();
            Ok(Self {
                id: CatalogId(tables::text(row, "catalog")?.into()),
                version: cell(row, "version")?,
                revision: Revision(tables::number(row, "head")?),
                digest: digest.map_err(|error| Fault::new("digest", &error))?,
                batch: cell(row, "head_batch")?,
            })
        };
        read().map_err(|fault: Fault| JournalError::Damaged(fault.of("catalog", "catalog", row)))
    }
}

/// Calls a function with each row that a query gives.
pub async fn each_row(
    client: &Client,
    address: &Address,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    mut take: impl FnMut(&Row) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let error = |error: tokio_postgres::Error| to_error(&error, address);
    let parameters = parameters.iter().copied();
    let rows = client.query_raw(sql, parameters).await.map_err(error)?;
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.try_next().await.map_err(error)? {
        take(&row)?;
    }
    Ok(())
}

/// Begins to read all tables as they are at one moment.
pub async fn begin_reading(client: &Client, address: &Address) -> Result<(), JournalError> {
    // What is read takes its time to be taken in; nobody waits for it.
    let sql = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
        SET LOCAL idle_in_transaction_session_timeout TO 0";
    let begun = client.batch_execute(sql).await;
    begun.map_err(|error| to_error(&error, address))
}

/// Ends it.
pub async fn end_reading(client: &Client, address: &Address) -> Result<(), JournalError> {
    let ended = client.batch_execute("COMMIT").await;
    ended.map_err(|error| to_error(&error, address))
}

/// Everything the tables hold at one moment, and the row of the catalog. Products that don't add up
/// to what that says are an error, since every server must have the same.
pub async fn load(client: &Client, address: &Address) -> Result<(Loaded, Head), JournalError> {
    begin_reading(client, address).await?;
    let loaded = load_all(client, address).await;
    end_reading(client, address).await?;
    loaded
}

async fn load_all(client: &Client, address: &Address) -> Result<(Loaded, Head), JournalError> {
    let head = read_head(client, address).await?;
    let mut products: Vec<Arc<Product>> = Vec::new();
    let mut foreign = Vec::new();
    let all = "SELECT * FROM products ORDER BY id";
    each_row(client, address, all, &[], |row| {
        let damaged = |fault: Fault| JournalError::Damaged(fault.of("products", "id", row));
        let product = read_product(row).map_err(damaged)?;
        if !has_its_hash(row, &product).map_err(damaged)? {
            foreign.push(product.id);
        }
        products.push(Arc::new(product));
        Ok(())
    })
    .await?;
    let catalog = Catalog::new(head.revision, products);
    if catalog.digest() != head.digest {
        let why = match foreign.first() {
            Some(first) => format!(
                "something else than Vitrina changed {} of its products, {first} among them: put \
                 them back, as `vitrina check` names them",
                foreign.len()
            ),
            None => "its tables don't belong together: put a backup back, all of it".to_owned(),
        };
        return Err(JournalError::Database {
            database: address.to_string(),
            why,
        });
    }
    let since = before_retained(head.revision);
    let mut history = read_history(client, address, since, head.revision).await?;
    for fault in &history.faults {
        tracing::warn!(%fault, "a part of the history is lost");
    }
    history.share(&catalog);
    let mut requests = history.requests;
    let limit = i64::try_from(RETAINED_CHANGES).unwrap_or(i64::MAX);
    let unchanged = "SELECT * FROM (
            SELECT * FROM answers WHERE key LIKE E'\\n%' AND at >= $1 ORDER BY at DESC LIMIT $2
        ) AS latest ORDER BY at";
    let oldest = oldest_answer().cast_signed();
    each_row(client, address, unchanged, &[&oldest, &limit], |row| {
        match read_unchanged(row) {
            Ok(read) => requests.extend(read),
            Err(fault) => {
                let fault = fault.of("answers", "key", row);
                tracing::warn!(%fault, "the answer to a request is lost");
            }
        }
        Ok(())
    })
    .await?;
    let loaded = Loaded {
        id: head.id.clone(),
        catalog,
        recent: history.entries,
        requests,
    };
    Ok((loaded, head))
}

/// The table of the catalog has no row, most likely since a backup is being put back.
pub fn empty(address: &Address) -> JournalError {
    JournalError::Unready {
        database: address.to_string(),
        why: "table catalog is empty".to_owned(),
    }
}

/// Reads the row of the catalog.
pub async fn read_head(client: &Client, address: &Address) -> Result<Head, JournalError> {
    let sql = format!("SELECT {} FROM catalog", Head::COLUMNS);
    let row = client.query_opt(&sql, &[]).await;
    let row = row.map_err(|error| to_error(&error, address))?;
    let row = row.ok_or_else(|| empty(address))?;
    let head = Head::read(&row)?;
    refuse_newer(head.version, address)?;
    Ok(head)
}

/// The retained changes after `since`, up to this revision, as far as that is known.
pub async fn read_history(
    client: &Client,
    address: &Address,
    since: Revision,
    revision: Revision,
) -> Result<History, JournalError> {
    let sql = "SELECT * FROM changes WHERE revision > $1 ORDER BY revision";
    let mut history = History::default();
    each_row(client, address, sql, &[&since.0.cast_signed()], |row| {
        let entry = read_entry(row);
        history.push(entry.map_err(|fault| fault.of("changes", "revision", row)));
        Ok(())
    })
    .await?;
    history.end_at(revision);
    Ok(history)
}
