//! `vitrina history`: what happened, the newest change first.

use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use shared::{Change, Draft, PastChange, Product};

use super::output::print;
use crate::engine::journal::{Archive, HistoryQuery, Store};

/// The most changes that are read at a time.
const MAX_AT_ONCE: usize = 1_000;

/// Tells changes, a line each.
pub fn tell(store: Store, mut query: HistoryQuery, is_json: bool) -> anyhow::Result<()> {
    let archive = Archive::new(store);
    let mut left = query.limit;
    let mut told = 0;
    loop {
        query.limit = left.min(MAX_AT_ONCE);
        let piece = archive.read(&query)?;
        for change in &piece.changes {
            if is_json {
                print(&serde_json::to_string(change)?)?;
            } else {
                print(&in_one_line(change))?;
            }
        }
        told += piece.changes.len();
        left -= piece.changes.len();
        let next = query.go_on(&piece);
        if next.is_none() || left == 0 {
            if !is_json {
                note(told, next.is_some());
            }
            return Ok(());
        }
    }
}

/// Says what a person could take for something else.
fn note(told: usize, has_more: bool) {
    let words = match told {
        0 => "nothing is kept of what was asked for",
        _ if has_more => "there is more: ask for it with --limit N, or --until a time",
        _ => return,
    };
    // Nobody may read it.
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// A change as people read it, in this machine's time.
fn in_one_line(past: &PastChange) -> String {
    let at = past
        .at
        .as_deref()
        .and_then(|at| at.parse::<Timestamp>().ok());
    let at = at.map(|at| at.to_zoned_datetime(TimeZone::system()));
    let at = at.map_or_else(
        || "at an unknown time".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
    );
    let source = past.source.map_or("?", Into::into);
    let by = past.by.as_deref().map(|by| format!(" {by}"));
    let by = by.unwrap_or_default();
    let what = match (&past.change, past.before.as_deref()) {
        (Change::Added(product), _) => format!("added {}", name(product)),
        (Change::Updated(product), Some(before)) => {
            format!(
                "updated {}: {}",
                name(product),
                differences(before, product)
            )
        }
        (Change::Updated(product), None) => format!("updated {}", name(product)),
        (Change::Deleted(_), Some(before)) => format!("deleted {}", name(before)),
        (Change::Deleted(id), None) => format!("deleted product {id}"),
    };
    format!("{at} #{} {source}{by} {what}", past.revision)
}

/// The product as people know it. What a text has of line breaks must not begin a line here.
fn name(product: &Product) -> String {
    let title = Value::from(&*product.draft.title);
    format!("{title} (product {})", product.id)
}

/// Every field that is another, with what it was and is.
fn differences(before: &Product, after: &Product) -> String {
    let json = |product: &Product| serde_json::to_value(&product.draft).unwrap_or_default();
    let (before, after) = (json(before), json(after));
    let names = Draft::FIELDS.iter().map(|field| field.name);
    let differences = names.filter_map(|name| {
        let (old, new) = (&before[name], &after[name]);
        (old != new).then(|| format!("{name} {old} -> {new}"))
    });
    let differences: Vec<String> = differences.collect();
    differences.join(", ")
}
