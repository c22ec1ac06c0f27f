//! What a data file holds.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};
use shared::{Catalog, CatalogId, Change, ClientId, Product, RequestId, RequestKey, Revision};

use super::columns::read_product;
use super::schema::{HASH_VERSION, version};
use super::{from_json, oldest_answer};
use crate::engine::journal::{Effect, Entry, JournalError, Key, Loaded};

/// Everything a file holds, whatever its version.
pub fn load(connection: &Connection) -> Result<Loaded, JournalError> {
    let (id, revision): (String, u64) = connection
        .query_row("SELECT id, revision FROM catalog", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?
        .ok_or_else(|| JournalError::Damaged("table catalog is empty".to_owned()))?;
    let mut statement = connection.prepare("SELECT * FROM products ORDER BY id")?;
    let products = statement
        .query_map([], |row| read_product(row).map(Arc::new))?
        .collect::<Result<Vec<_>, _>>()?;
    let count = products.len();
    let catalog = Catalog::new(Revision(revision), products);
    if catalog.len() != count {
        let why = "two products have one id".to_owned();
        return Err(JournalError::Damaged(why));
    }
    let has_digests = version(connection)? >= HASH_VERSION;
    let digest = if has_digests { "digest" } else { "NULL" };
    let mut statement = connection.prepare(&format!(
        "SELECT revision, change, page, request, {digest} AS digest FROM changes ORDER BY revision"
    ))?;
    let mut recent = statement
        .query_map([], read_entry)?
        .collect::<Result<Vec<_>, _>>()?;
    for entry in &mut recent {
        share(&mut entry.change, &catalog);
    }
    Ok(Loaded {
        id: CatalogId(id.into()),
        catalog,
        recent,
        unchanged: if has_digests {
            unchanged(connection)?
        } else {
            Vec::new()
        },
    })
}

/// Makes a change share the catalog's own product where it is the one that the change made.
fn share(change: &mut Change, catalog: &Catalog) {
    if let Change::Added(product) | Change::Updated(product) = change
        && let Some(same) = catalog.get(product.id)
        && same.revision == product.revision
    {
        *product = same.clone();
    }
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let page: Option<String> = row.get("page")?;
    let request: Option<i64> = row.get("request")?;
    let digest: Option<String> = row.get("digest")?;
    Ok(Entry {
        revision: Revision(row.get("revision")?),
        change: from_json(&row.get::<_, String>("change")?)?,
        // One that can't be read is one that is not known.
        digest: digest.and_then(|digest| digest.parse().ok()),
        key: page.zip(request).map(|(page, request)| {
            Key::Client(RequestKey {
                client: ClientId(page.into()),
                request: RequestId(request.cast_unsigned()),
            })
        }),
    })
}

/// The name under which the answer to a client's request stands among the answers to keys. No
/// header can say it, since it has line breaks.
pub fn client_answer_name(key: &RequestKey) -> String {
    format!("\n{}\n{}", key.client, key.request)
}

fn unchanged(connection: &Connection) -> Result<Vec<(RequestKey, Arc<Product>)>, JournalError> {
    let mut statement = connection.prepare(
        "SELECT key, change FROM answers WHERE key LIKE char(10) || '%' AND at >= ?1 ORDER BY at",
    )?;
    let mut rows = statement.query([oldest_answer()])?;
    let mut unchanged = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get("key")?;
        let effect: Effect = from_json(&row.get::<_, String>("change")?)?;
        let mut parts = name.trim_start().rsplitn(2, '\n');
        let request = parts.next().and_then(|request| request.parse().ok());
        if let (Some(request), Some(client), Effect::Unchanged(product)) =
            (request, parts.next(), effect)
        {
            let client = ClientId(client.into());
            let request = RequestId(request);
            unchanged.push((RequestKey { client, request }, product));
        }
    }
    Ok(unchanged)
}
