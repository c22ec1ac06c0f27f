//! `vitrina demo`: a sample catalog to look at, gone when the program ends.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use shared::{Catalog, Change, Product, ProductId, Revision, Source};

use crate::engine::journal::{Batch, Entry, Journal, Record, SqliteJournal, now_ms};
use crate::transfer::Format;
use crate::transfer::import;

/// Forty products of a shop that speaks Spanish and English.
const PRODUCTS: &str = include_str!("demo.csv");

/// Puts the sample catalog into a new data file.
pub fn fill(journal: &mut SqliteJournal) -> anyhow::Result<()> {
    let mut catalog = Catalog::default();
    let mut batch = Batch::default();
    let drafts = import::drafts(Format::Csv, PRODUCTS.as_bytes());
    for (revision, draft) in (1..).map(Revision).zip(drafts) {
        let draft = draft.map_err(|reason| anyhow::anyhow!("{reason:?}"));
        let product = Product {
            id: ProductId(revision.0),
            revision,
            draft: draft.context("the sample catalog breaks the rules")?,
        };
        let change = Change::Added(Arc::new(product));
        catalog.apply(revision, [change.clone()]);
        batch.records.push(Record {
            entry: Entry {
                revision,
                change,
                digest: Some(catalog.digest()),
                key: None,
            },
            before: None,
            at: now_ms(),
            by: Source::Cli,
            person: None,
        });
    }
    journal.append(&Catalog::default(), &catalog, &batch, Instant::now())?;
    Ok(())
}
