//! `vitrina check`: whether everything in a data file is as it should be.

use std::collections::HashSet;

use anyhow::bail;
use serde_json::json;
use shared::catalog::fold_code;
use shared::{Fields, Product};

use super::output::{count, print, print_json, spinner};
use crate::engine::journal::{Inspection, Store};
use crate::unicode::nfc;

/// Says what is wrong with a data file, a line each, and fails where anything is.
pub fn check(store: &Store, is_json: bool) -> anyhow::Result<()> {
    let bar = spinner(store);
    let inspection = store.inspect();
    bar.finish_and_clear();
    let Inspection {
        revision,
        products,
        mut faults,
    } = match inspection {
        Ok(inspection) => inspection,
        Err(error) if is_json => Inspection {
            faults: vec![error.to_string()],
            ..Inspection::default()
        },
        Err(error) => return Err(error.into()),
    };
    faults.extend(broken_rules(&products));
    if let Some(revision) = revision {
        let is_impossible =
            |product: &&Product| product.id.0 > product.revision.0 || product.revision > revision;
        let impossible = products.iter().filter(is_impossible);
        faults.extend(impossible.map(|Product { id, revision, .. }| {
            format!("product {id}: it can't be at revision {revision}")
        }));
    }
    if is_json {
        print_json(&json!({
            "file": store.to_string(), "products": products.len(), "revision": revision, "faults": faults,
        }))?;
    } else {
        for fault in &faults {
            print(&fault)?;
        }
    }
    if !faults.is_empty() {
        bail!("{store} has {}", count(faults.len() as u64, "fault"));
    }
    if let (false, Some(revision)) = (is_json, revision) {
        print(&format_args!(
            "{store} is well: {} at revision {revision}",
            count(products.len() as u64, "product")
        ))?;
    }
    Ok(())
}

/// The rules that products break, each by itself and together.
fn broken_rules(products: &[Product]) -> Vec<String> {
    let mut codes = HashSet::new();
    let mut broken = Vec::new();
    for Product { id, draft, .. } in products {
        if !codes.insert(fold_code(&draft.code)) {
            broken.push(format!("product {id}: another has its code"));
        }
        match Fields::from(draft).draft(nfc) {
            Ok(kept) if kept == *draft => {}
            Ok(_) => broken.push(format!(
                "product {id}: a text of it is not kept as it should be"
            )),
            Err(reason) => broken.push(format!("product {id}: {reason:?}")),
        }
    }
    broken
}
