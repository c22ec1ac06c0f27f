//! CSV (RFC 4180): columns in any order under a row of names, parted by comma, semicolon or tab.

use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};
use shared::{Draft, Field, FieldReason, Fields, Kind, Reason, Rule};

use super::row::{Row, Rows, Unreadable};

/// How many bytes are looked at to tell what parts the columns: a row of names is shorter.
const LOOK_BYTES: usize = 4 * 1024;

/// The mark that some programs begin a UTF-8 file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads every row.
pub fn read(source: impl Read, rows: &mut Rows<'_>) -> Result<(), Unreadable> {
    let unreadable = |error: &dyn std::fmt::Display, line| Unreadable {
        line,
        reason: Reason::Malformed(error.to_string()),
    };
    let mut source = BufReader::with_capacity(LOOK_BYTES, source);
    let head = source.fill_buf().map_err(|error| unreadable(&error, 1))?;
    let delimiter = delimiter(head);
    if head.starts_with(BYTE_ORDER_MARK) {
        source.consume(BYTE_ORDER_MARK.len());
    }
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(source);
    let names = reader
        .byte_headers()
        .map_err(|error| unreadable(&error, 1))?;
    let columns = columns(names).map_err(|reason| Unreadable { line: 1, reason })?;
    let mut record = ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(unreadable(&error, line)),
        }
        let line = record.position().map_or(line, csv::Position::line);
        let fields = fields(&columns, &record).map_err(|reason| Unreadable { line, reason })?;
        if !rows(Row::new(line, fields)) {
            return Ok(());
        }
    }
}

/// The byte that parts the columns: the one of three that the row of names has most of.
fn delimiter(head: &[u8]) -> u8 {
    let names = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| names.split(|byte| byte == delimiter).count();
    // Of equals the last is taken: the comma, which a row of one name has as many of.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(count)
        .unwrap_or(b',')
}

/// The field of each column; `None` for one that is ignored.
fn columns(names: &ByteRecord) -> Result<Vec<Option<&'static Field>>, Reason> {
    let mut unknown = Vec::new();
    let mut columns = Vec::new();
    for name in names {
        let name = std::str::from_utf8(name).map_err(|_| Reason::NotUtf8)?;
        let name = name.trim().to_lowercase();
        let field = Draft::FIELDS.iter().find(|field| field.name == name);
        if field.is_none() && !["", "id", "revision"].contains(&name.as_str()) {
            unknown.push(FieldReason::new(&name, Rule::Unknown));
        }
        columns.push(field);
    }
    if unknown.is_empty() {
        Ok(columns)
    } else {
        Err(Reason::Invalid(unknown))
    }
}

/// A row's values as the rules take them. An empty one is absent.
fn fields(columns: &[Option<&Field>], record: &ByteRecord) -> Result<Fields, Reason> {
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| Reason::NotUtf8)?;
        if let Some(field) = column
            && !cell.trim().is_empty()
        {
            fields.insert(field.name.to_owned(), to_value(field.kind, cell));
        }
    }
    Ok(Fields(fields))
}

/// A cell as JSON. One that can't be read as its field's kind stays a text, which the rules refuse.
fn to_value(kind: Kind, cell: &str) -> Value {
    let trimmed = cell.trim();
    match kind {
        Kind::Count => match trimmed.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => trimmed.into(),
        },
        Kind::Flag => match trimmed.to_lowercase().as_str() {
            "true" | "1" | "yes" | "sí" | "si" => true.into(),
            "false" | "0" | "no" => false.into(),
            _ => trimmed.into(),
        },
        Kind::Urls { .. } => urls(trimmed).collect(),
        Kind::Line { .. } | Kind::Lines { .. } | Kind::Price => cell.into(),
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
