//! CSV (RFC 4180) as spreadsheets and shops write it: columns in any order under a row of names,
//! parted by comma, semicolon or tab; rows of nothing are skipped.

mod columns;
mod head;

use std::cell::Cell;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};
use shared::{Draft, Field, FieldReason, Fields, ImportColumn, Kind, Reason, Rule, number};

use super::bounded::Bounded;
use super::mark::skip_byte_order_mark;
use super::row::{Row, Rows, Unreadable};
use super::watch::Watched;
use crate::transfer::guard::unguard;
use columns::Columns;
use head::Head;

pub use columns::{Mapping, Said, field_named};

/// Words for yes, in the languages that spreadsheets write.
const YES: [&str; 20] = [
    "true",
    "1",
    "yes",
    "y",
    "sí",
    "si",
    "s",
    "verdadero",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "vero",
    "verdadeiro",
    "active",
    "activo",
    "publish",
    "published",
    "publicado",
    "enabled",
];

/// Words for no.
const NO: [&str; 20] = [
    "false",
    "0",
    "no",
    "n",
    "falso",
    "falsch",
    "nein",
    "faux",
    "non",
    "não",
    "nao",
    "-1",
    "draft",
    "borrador",
    "archived",
    "archivado",
    "inactive",
    "inactivo",
    "private",
    "disabled",
];

/// Reads every row. Tells which field each column is, where that is not plain.
pub fn read(
    source: impl Read,
    mapping: &Mapping,
    found: &mut dyn FnMut(Vec<ImportColumn>),
    rows: &mut Rows<'_>,
) -> Result<(), Unreadable> {
    let since_row = Cell::new(0);
    let mut source = skip_byte_order_mark(Bounded::new(source, &since_row));
    let head = Head::read(&mut source).map_err(|error| Unreadable::malformed(1, &error))?;
    let (delimiter, mut is_named) = (head.delimiter(), head.names_delimiter());
    let (source, watch) = Watched::new(head.chain(source), delimiter);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(source);
    let mut columns = None;
    let mut record = ByteRecord::new();
    loop {
        let start = reader.position().byte();
        let is_record = reader.read_byte_record(&mut record);
        let mut watch = watch.borrow_mut();
        let line = watch.line_from(start);
        match is_record {
            Ok(true) => {}
            Ok(false) if columns.is_none() => return Err(no_names(line)),
            Ok(false) => return Ok(()),
            // A row without an end is most likely one in quotes without one.
            Err(error) => {
                let opened = watch.in_quotes_since();
                return Err(match opened {
                    Some(line) => unclosed_quote(line),
                    None => Unreadable::malformed(line, &error),
                });
            }
        }
        if let Some(line) = watch.unclosed(reader.position().byte()) {
            return Err(unclosed_quote(line));
        }
        since_row.set(0);
        if is_nothing(&record) || std::mem::take(&mut is_named) {
            continue;
        }
        let Some(columns) = &columns else {
            let names = Columns::read(&record, mapping);
            let names = names.map_err(|reason| Unreadable { line, reason })?;
            if let Some(told) = names.told {
                found(told);
            }
            columns = Some(names.fields);
            continue;
        };
        let row = match read_fields(columns, &record) {
            Ok(fields) => Row::new(line, fields),
            Err(reason @ Reason::NotUtf8) => return Err(Unreadable { line, reason }),
            Err(reason) => Row::refused(line, reason),
        };
        if !rows(row) {
            return Ok(());
        }
    }
}

/// A file without even names lacks what they would have to name.
fn no_names(line: u64) -> Unreadable {
    let required = Draft::FIELDS.iter().filter(|field| field.is_required);
    let missing = required.map(|field| FieldReason::new(field.name, Rule::Required));
    Unreadable {
        line,
        reason: Reason::invalid(missing.collect(), 0),
    }
}

fn unclosed_quote(line: u64) -> Unreadable {
    Unreadable {
        line,
        reason: Reason::UnclosedQuote,
    }
}

/// Whether a row has nothing in any cell, as spreadsheets leave them.
fn is_nothing(record: &ByteRecord) -> bool {
    record.iter().all(is_empty)
}

/// Whether a cell has nothing but spaces, of whatever kind.
fn is_empty(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|cell| cell.trim().is_empty())
}

/// A row's values as the rules take them. An empty cell is `null`, which takes its field away.
fn read_fields(columns: &[Option<&Field>], record: &ByteRecord) -> Result<Fields, Reason> {
    let mut surplus = record.iter().skip(columns.len());
    if !surplus.all(is_empty) {
        return Err(Reason::TooManyCells(record.len(), columns.len()));
    }
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?;
        if let Some(field) = column {
            fields.insert(field.name.to_owned(), to_value(field.kind, cell));
        }
    }
    Ok(Fields::new(fields))
}

/// A cell as JSON. One that can't be read as its field's kind stays a text, which the rules refuse.
fn to_value(kind: Kind, cell: &str) -> Value {
    let trimmed = cell.trim();
    if trimmed.is_empty() {
        return Value::Null;
    }
    match kind {
        Kind::Count => to_count(trimmed),
        Kind::Flag => match trimmed.to_lowercase().as_str() {
            word if YES.contains(&word) => true.into(),
            word if NO.contains(&word) => false.into(),
            _ => trimmed.into(),
        },
        Kind::Urls { .. } => to_urls(trimmed),
        Kind::Price => cell.into(),
        Kind::Line { .. } | Kind::Code { .. } | Kind::Lines { .. } => unguard(trimmed).into(),
    }
}

fn to_count(cell: &str) -> Value {
    let number = number::read_whole(cell, None);
    number.map_or_else(|_| cell.into(), |number| number.to_json())
}

/// Addresses as a list: one written as JSON, as an export does where an address has a separator in
/// it, or several parted.
fn to_urls(cell: &str) -> Value {
    match serde_json::from_str(cell) {
        Ok(list @ Value::Array(_)) => list,
        _ => urls(cell).collect(),
    }
}

/// Addresses parted by spaces, or by bars as shops' exports often have them. A bar before anything
/// else is a part of an address.
fn urls(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(|mut rest| {
        let mut urls = Vec::new();
        let begins = |(at, _): &(usize, &str)| {
            let next = &rest[at + 1..];
            ["http://", "https://", "/"]
                .iter()
                .any(|start| next.starts_with(start))
        };
        let ends: Vec<usize> = rest
            .match_indices('|')
            .filter(begins)
            .map(|(at, _)| at)
            .collect();
        for end in ends.into_iter().rev() {
            urls.push(&rest[end + 1..]);
            rest = &rest[..end];
        }
        urls.push(rest);
        urls.into_iter().rev()
    })
}

#[cfg(test)]
mod tests;
