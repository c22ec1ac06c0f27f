//! `vitrina check`: whether everything in a data file is as it should be.

use std::path::Path;

use anyhow::bail;
use serde_json::json;
use shared::{Fields, Product, Revision};

use super::output::{print_json, spinner};
use crate::engine::journal::{DataFile, Loaded};
use crate::unicode::nfc;

/// Says what is wrong with a data file, a line each, and fails where anything is.
pub fn check(data: &Path, is_json: bool) -> anyhow::Result<()> {
    let file = DataFile::open(data)?;
    let bar = spinner(data);
    let mut wrong = file.damage()?;
    let loaded = file.load()?;
    wrong.extend(findings(&loaded));
    let foreign = file.foreign_rows()?.into_iter();
    wrong.extend(foreign.map(|id| format!("product {id}: its row was changed from outside")));
    bar.finish_and_clear();
    let (products, revision) = (loaded.catalog.len(), loaded.catalog.revision());
    if is_json {
        let found = json!({
            "file": data, "products": products, "revision": revision, "faults": wrong,
        });
        print_json(&found)?;
    } else {
        for finding in &wrong {
            println!("{finding}");
        }
    }
    if !wrong.is_empty() {
        bail!("{} has {} faults", data.display(), wrong.len());
    }
    if !is_json {
        println!(
            "{} is well: {products} products at revision {revision}",
            data.display()
        );
    }
    Ok(())
}

/// Whatever in it Vitrina would not have written.
fn findings(loaded: &Loaded) -> Vec<String> {
    let Loaded {
        catalog, recent, ..
    } = loaded;
    let revision = catalog.revision();
    let mut wrong: Vec<String> = catalog
        .products()
        .flat_map(|product| {
            let id = product.id;
            let holder = catalog.with_code(&product.draft.code);
            let has_its_code = holder.is_some_and(|holder| holder.id == id);
            let code = (!has_its_code).then(|| format!("product {id}: another has its code"));
            broken_rules(product).into_iter().chain(code)
        })
        .collect();
    for product in catalog.products() {
        let Product {
            id, revision: at, ..
        } = **product;
        if id.0 > at.0 || at > revision {
            wrong.push(format!("product {id}: it can't be at revision {at}"));
        }
    }
    let expected = (revision.0 + 1).saturating_sub(recent.len() as u64)..;
    for (expected, entry) in expected.zip(recent) {
        if entry.revision != Revision(expected) {
            wrong.push(format!("change {expected} is missing"));
            break;
        }
    }
    wrong
}

fn broken_rules(product: &Product) -> Option<String> {
    match Fields::from(&product.draft).draft(nfc) {
        Ok(draft) if draft == product.draft => None,
        Ok(_) => Some(format!(
            "product {}: a text of it is not kept as it should be",
            product.id
        )),
        Err(reason) => Some(format!("product {}: {reason:?}", product.id)),
    }
}
