//! The retained changes: those that lead, one after the other, to the catalog as it is.

use std::sync::Arc;

use shared::{
    Catalog, CatalogId, Change, ClientId, Digest, PastChange, Product, RequestId, RequestKey,
    Revision,
};

use super::cells::{Cells, Fault, json, number, text};
use crate::engine::journal::history::Collector;
use crate::engine::journal::{Answer, Effect, Entry, Key, RETAINED_CHANGES};
use crate::moment::to_rfc3339;

/// A retained change, and the product as it was before.
pub struct HistoryRow {
    /// The change.
    pub entry: Entry,
    before: Option<Arc<Product>>,
}

/// The retained changes as far as they can be trusted.
#[derive(Default)]
pub struct History {
    /// The latest, without a gap.
    pub entries: Vec<Entry>,
    /// What clients' requests led to, those too that are before a gap.
    pub requests: Vec<(RequestKey, Revision, Effect)>,
    /// What is wrong with the others.
    pub faults: Vec<String>,
}

impl History {
    /// Takes the next row, or what is wrong with it.
    pub fn push(&mut self, row: Result<HistoryRow, String>) {
        let row = match row {
            Ok(row) => row,
            Err(fault) => return self.lose(fault),
        };
        let revision = row.entry.revision;
        if let Some(Key::Client(key)) = &row.entry.key {
            let effect = Effect::from(&row.entry.change);
            self.requests.push((key.clone(), revision, effect));
        }
        if let Some(last) = self.entries.last() {
            let next = last.revision.next();
            if revision != next {
                self.lose(format!("change {next} is missing"));
            } else if !row.follows(last.digest) {
                return self.lose(format!(
                    "table changes, row {revision}: it doesn't follow from the one before"
                ));
            }
        }
        self.entries.push(row.entry);
        // Nobody resumes from before the latest of them, however many are looked at.
        forget_all_but_latest(&mut self.entries);
        forget_all_but_latest(&mut self.requests);
    }

    /// Says which revision the last of them must have led to.
    pub fn end_at(&mut self, revision: Revision) {
        let last = self
            .entries
            .last()
            .map_or(Revision(0), |last| last.revision);
        // What is lost already needs no second word.
        let is_told = self.entries.is_empty() && !self.faults.is_empty();
        if last != revision {
            self.entries.clear();
            if !is_told {
                self.faults.push(if last > revision {
                    format!("change {last} is beyond the catalog, which is at {revision}")
                } else {
                    format!("change {} is missing", last.next())
                });
            }
        }
    }

    fn lose(&mut self, fault: String) {
        self.entries.clear();
        self.faults.push(fault);
    }

    /// Makes changes share the catalog's own products where these are the ones that they made.
    pub fn share(&mut self, catalog: &Catalog) {
        for entry in &mut self.entries {
            if let Change::Added(product) | Change::Updated(product) = &mut entry.change
                && let Some(same) = catalog.get(product.id)
                && same.revision == product.revision
            {
                *product = same.clone();
            }
        }
    }
}

/// Keeps the latest, and some more: each is moved once at most.
fn forget_all_but_latest<T>(list: &mut Vec<T>) {
    if list.len() > 2 * RETAINED_CHANGES {
        list.drain(..RETAINED_CHANGES);
    }
}

impl HistoryRow {
    /// Whether this change makes of a catalog with that digest one with its own, as far as both are
    /// known.
    fn follows(&self, before: Option<Digest>) -> bool {
        let Some((before, after)) = before.zip(self.entry.digest) else {
            return true;
        };
        let now = match &self.entry.change {
            Change::Added(product) | Change::Updated(product) => Some(product.as_ref()),
            Change::Deleted(_) => None,
        };
        before.after(self.before.as_deref(), now) == after
    }
}

/// Reads which catalog it is, and its revision.
pub fn read_catalog(row: &impl Cells) -> Result<(CatalogId, Revision), Fault> {
    let id = CatalogId(text(row, "id")?.into());
    Ok((id, Revision(number(row, "revision")?)))
}

/// Reads a retained change.
pub fn read_entry(row: &impl Cells) -> Result<HistoryRow, Fault> {
    let page = row.text("page")?;
    let request = row.integer("request")?;
    let digest = row.text("digest")?;
    let digest = digest.map(|text| text.parse().map_err(|error| Fault::new("digest", &error)));
    let entry = Entry {
        revision: Revision(number(row, "revision")?),
        change: json(row, "change")?,
        digest: digest.transpose()?,
        key: page.zip(request).map(|(page, request)| {
            Key::Client(RequestKey {
                client: ClientId(page.into()),
                request: RequestId(request.cast_unsigned()),
            })
        }),
    };
    let before = read_before(row)?;
    Ok(HistoryRow { entry, before })
}

/// Takes a change as it is told, where there is room for it. One that can't be read is said to the log,
/// and costs nobody the others.
pub fn collect_past(row: &impl Cells, into: &mut Collector) {
    let mut read = || -> Result<(), Fault> {
        if !into.has_room(Revision(number(row, "revision")?)) {
            return Ok(());
        }
        let length = |column| {
            row.text(column)
                .map(|text| text.map_or(0, |text| text.len()))
        };
        let bytes = length("change")? + length("before")?;
        into.push(bytes, read_past(row)?);
        Ok(())
    };
    if let Err(fault) = read() {
        let fault = fault.of("changes", "revision", row);
        tracing::warn!(%fault, "a change of the history can't be read");
    }
}

/// Reads a change as it is told.
fn read_past(row: &impl Cells) -> Result<PastChange, Fault> {
    let source = row.text("by")?;
    Ok(PastChange {
        revision: Revision(number(row, "revision")?),
        at: row.integer("at")?.and_then(to_rfc3339),
        // A later version may know more of them.
        source: source.and_then(|source| source.parse().ok()),
        by: row.text("person").unwrap_or_default(),
        change: json(row, "change")?,
        before: read_before(row)?,
    })
}

/// Reads the product as it was before a change.
pub fn read_before(row: &impl Cells) -> Result<Option<Arc<Product>>, Fault> {
    let before = row.text("before")?;
    let read = |json: String| serde_json::from_str(&json).map_err(|e| Fault::new("before", &e));
    before.map(read).transpose()
}

/// Reads the answer to a request, and the fingerprint of that request.
pub fn read_answer(row: &impl Cells) -> Result<(Arc<str>, Answer), Fault> {
    let answer = Answer {
        revision: Revision(number(row, "revision")?),
        effect: json(row, "change")?,
    };
    Ok((text(row, "fingerprint")?.into(), answer))
}

/// Reads the answer to a client's request that left its product as it was, where it is one.
pub fn read_unchanged(row: &impl Cells) -> Result<Option<(RequestKey, Revision, Effect)>, Fault> {
    let name = text(row, "key")?;
    let (_, Answer { revision, effect }) = read_answer(row)?;
    let mut parts = name.trim_start().rsplitn(2, '\n');
    let request = parts.next().and_then(|request| request.parse().ok());
    let key = request
        .zip(parts.next())
        .map(|(request, client)| RequestKey {
            client: ClientId(client.into()),
            request: RequestId(request),
        });
    Ok(key.map(|key| (key, revision, effect)))
}
