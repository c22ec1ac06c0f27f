//! `vitrina demo`: a sample catalog to look at, gone when the program ends.

use std::sync::Arc;

use anyhow::Context;
use shared::{Change, Product, ProductId, Revision};

use crate::engine::journal::{Entry, Journal, SqliteJournal};
use crate::transfer::Format;
use crate::transfer::import;

/// Forty products of a shop that speaks Spanish and English.
const PRODUCTS: &str = include_str!("demo.csv");

/// Puts the sample catalog into a new data file.
pub fn fill(journal: &mut SqliteJournal) -> anyhow::Result<()> {
    let mut entries = Vec::new();
    let drafts = import::drafts(Format::Csv, PRODUCTS.as_bytes());
    for (revision, draft) in (1..).map(Revision).zip(drafts) {
        let draft = draft.map_err(|reason| anyhow::anyhow!("{reason:?}"));
        let product = Product {
            id: ProductId(revision.0),
            revision,
            draft: draft.context("the sample catalog breaks the rules")?,
        };
        entries.push(Entry {
            revision,
            change: Change::Added(Arc::new(product)),
            key: None,
        });
    }
    Ok(journal.append(Revision(0), &entries)?)
}
