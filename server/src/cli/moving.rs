//! `vitrina move`: everything from one journal into a new one.

use anyhow::bail;
use serde_json::json;

use super::output::{count, print, print_json, spinner};
use crate::engine::journal::{
    PostgresReader, PostgresSink, Sink, SqliteJournal, SqliteSink, Store,
};

/// Copies everything, with ids, revisions, history and answers, and looks whether both are the same.
pub fn copy(from: &Store, to: &Store, is_json: bool) -> anyhow::Result<()> {
    // Held until all is copied, so that nobody writes meanwhile.
    let _held = hold(from)?;
    let mut sink: Box<dyn Sink> = match to {
        Store::File(path) => Box::new(SqliteSink::open(path)?),
        Store::Database(address) => Box::new(PostgresSink::open(address)?),
    };
    let bar = spinner(to);
    let copied = from.copy_into(sink.as_mut());
    drop(sink);
    bar.finish_and_clear();
    copied?;
    let (before, after) = (from.load()?, to.load()?);
    let digest = after.catalog.digest();
    let is_same = before.catalog == after.catalog && before.catalog.digest() == digest;
    if !is_same || before.id != after.id {
        bail!("{from} was changed meanwhile: empty {to} and move it again");
    }
    let (products, revision) = (after.catalog.len(), after.catalog.revision());
    if is_json {
        return print_json(&json!({
            "from": from.to_string(), "to": to.to_string(),
            "products": products, "revision": revision, "digest": digest,
        }));
    }
    print(&format_args!(
        "{to}: {} at revision {revision}, as in {from}",
        count(products as u64, "product")
    ))
}

/// Keeps servers from writing, or makes sure that none does.
fn hold(store: &Store) -> Result<Option<SqliteJournal>, anyhow::Error> {
    match store {
        Store::File(path) if path.exists() => Ok(Some(SqliteJournal::open(path)?)),
        Store::File(path) => bail!("{} is not there", path.display()),
        Store::Database(address) => match PostgresReader::open(address)?.servers()? {
            0 => Ok(None),
            servers => bail!("{servers} servers write to {address}: stop them first"),
        },
    }
}
