//! JSON: one array of objects, or one object a line. Neither is ever in memory whole.

use std::cell::Cell;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserializer;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use shared::{Fields, Reason};

use super::bounded::Bounded;
use super::mark::skip_byte_order_mark;
use super::row::{Row, Rows, Unreadable};

/// Reads every object of an array. Its line is its number: in an array lines mean little.
pub fn array(source: impl Read, rows: &mut Rows<'_>) -> Result<(), Unreadable> {
    let since_row = Cell::new(0);
    let source = Bounded::new(source, &since_row);
    let source = BufReader::new(skip_byte_order_mark(source));
    let mut json = serde_json::Deserializer::from_reader(source);
    let mut count = 0;
    let visitor = Array {
        rows,
        count: &mut count,
        since_row: &since_row,
    };
    let read = json.deserialize_seq(visitor).and_then(|()| json.end());
    read.map_err(|error| Unreadable::malformed(count + 1, &error))
}

struct Array<'a, 'b> {
    rows: &'a mut Rows<'b>,
    count: &'a mut u64,
    since_row: &'a Cell<usize>,
}

impl<'de> Visitor<'de> for Array<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of products")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        // What is valid JSON but no product spoils its own row alone.
        while let Some(element) = sequence.next_element::<Box<RawValue>>()? {
            *self.count += 1;
            self.since_row.set(0);
            if !(self.rows)(to_row(*self.count, element.get())) {
                // Nobody wants the rest, but an array ends where it ends.
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The row of an object, or why it is none.
fn to_row(line: u64, json: &str) -> Row {
    let fields: Result<Fields, _> = serde_json::from_str(json);
    match fields {
        Ok(fields) => Row::new(line, fields),
        Err(error) => {
            // Where it says it is counts from the beginning of the row, not of the file.
            let error = error.to_string();
            let what = error
                .rsplit_once(" at line ")
                .map_or(&*error, |(what, _)| what);
            Row::refused(line, Reason::Malformed(what.to_owned()))
        }
    }
}

/// Reads every line.
pub fn lines(source: impl Read, rows: &mut Rows<'_>) -> Result<(), Unreadable> {
    let since_row = Cell::new(0);
    let source = Bounded::new(source, &since_row);
    let mut source = BufReader::new(skip_byte_order_mark(source));
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        since_row.set(0);
        let unreadable = |reason| Unreadable { line, reason };
        match source.read_until(b'\n', &mut bytes) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(unreadable(Reason::Malformed(error.to_string()))),
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable(Reason::NotUtf8))?;
        if text.trim().is_empty() {
            continue;
        }
        if !rows(to_row(line, text)) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
