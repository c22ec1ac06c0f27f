//! Files to import: each row is a product or refused, in however small pieces they come.

use std::io::{self, Read};

use vitrina::fuzz::{Format, drafts};

#[test]
fn csv_rows() {
    bolero::check!().for_each(|bytes: &[u8]| read(Format::Csv, bytes));
}

#[test]
fn json_rows() {
    bolero::check!().for_each(|bytes: &[u8]| read(Format::Json, bytes));
}

#[test]
fn ndjson_rows() {
    bolero::check!().for_each(|bytes: &[u8]| read(Format::Ndjson, bytes));
}

fn read(format: Format, bytes: &[u8]) {
    assert_eq!(drafts(format, bytes), drafts(format, InPieces(bytes)));
}

/// Gives a few bytes at a time.
struct InPieces<'a>(&'a [u8]);

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(3);
        self.0.read(&mut buffer[..count])
    }
}
