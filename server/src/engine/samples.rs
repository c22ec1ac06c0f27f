//! Small catalogs for unit tests.

use std::sync::Arc;

use shared::{
    Catalog, CatalogId, Change, Command, Decision, Draft, Patch, Price, ProductId, Revision, Source,
};

use super::hub::Published;
use super::journal::{Entry, Loaded, Record};

/// A product's fields with this code.
pub fn draft(code: &str) -> Draft {
    Draft {
        title: format!("Product {code}").into(),
        description: Box::default(),
        code: code.into(),
        price: Price::default(),
        status: true,
        stock: 1,
        category: "tools".into(),
        thumbnails: Box::default(),
    }
}

/// The command that adds a product with this code.
pub fn add(code: &str) -> Command {
    Command::Add(draft(code))
}

/// The command that sets a product's stock.
pub fn set_stock(id: u64, stock: u32) -> Command {
    Command::Update {
        id: ProductId(id),
        patch: Patch {
            stock: Some(stock),
            ..Patch::default()
        },
        if_revision: None,
    }
}

/// The command that deletes a product.
pub fn delete(id: u64) -> Command {
    Command::Delete {
        id: ProductId(id),
        if_revision: None,
    }
}

/// Does a command that leads to a change.
pub fn run(catalog: &mut Catalog, command: Command) -> (Revision, Change) {
    let Ok(Decision::Change(change)) = catalog.decide(command) else {
        panic!("it leads to no change");
    };
    let revision = catalog.revision().next();
    catalog.apply(revision, [change.clone()]);
    (revision, change)
}

/// Does a command, as it is published.
pub fn publish(catalog: &mut Catalog, command: Command) -> Published {
    let (revision, change) = run(catalog, command);
    Published {
        revision,
        change,
        digest: Some(catalog.digest()),
    }
}

/// The record of a change that nobody's request led to, and that led to this catalog.
pub fn record((revision, change): (Revision, Change), catalog: &Catalog) -> Record {
    Record {
        entry: Entry {
            revision,
            change,
            digest: Some(catalog.digest()),
            key: None,
        },
        before: None,
        at: 0,
        by: Source::Http,
        person: None,
    }
}

/// What a journal holds with this catalog and these recent changes.
pub fn loaded(catalog: Catalog, recent: Vec<Entry>) -> Loaded {
    Loaded {
        id: CatalogId(Arc::from("c1")),
        catalog,
        recent,
        requests: Vec::new(),
    }
}
