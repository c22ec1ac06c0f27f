//! Products as a file: CSV, a JSON array, or one JSON object a line. It is written a piece at a
//! time, however long that takes.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use shared::{Draft, FieldRef, Product};

use super::Format;
use super::guard::guard;

/// A mark at the beginning of a file by which some programs know that it is UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// About how many bytes are made at a time.
const PIECE_BYTES: usize = 16 * 1024;

/// Products on their way into a file.
pub struct Export {
    products: std::vec::IntoIter<Arc<Product>>,
    format: Format,
    has_begun: bool,
    has_ended: bool,
}

impl Export {
    /// An export of these products.
    pub fn new(products: Vec<Arc<Product>>, format: Format) -> Self {
        Self {
            products: products.into_iter(),
            format,
            has_begun: false,
            has_ended: false,
        }
    }

    fn write(&mut self, piece: &mut Vec<u8>) -> anyhow::Result<()> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if is_first {
            match self.format {
                Format::Csv => piece.extend(csv_line(
                    Draft::FIELDS.iter().map(|field| field.name.into()),
                )?),
                Format::Json => piece.push(b'['),
                Format::Ndjson => {}
            }
        }
        let mut is_first = is_first;
        while piece.len() < PIECE_BYTES {
            let Some(product) = self.products.next() else {
                if self.format == Format::Json {
                    piece.extend_from_slice(b"\n]\n");
                }
                self.has_ended = true;
                return Ok(());
            };
            match self.format {
                Format::Csv => piece.extend(csv_line(
                    product.draft.values().map(|(_, value)| to_cell(value)),
                )?),
                Format::Json => {
                    piece.extend_from_slice(if is_first { b"\n" } else { b",\n" });
                    serde_json::to_writer(&mut *piece, &product.draft)?;
                }
                Format::Ndjson => {
                    serde_json::to_writer(&mut *piece, &product.draft)?;
                    piece.push(b'\n');
                }
            }
            is_first = false;
        }
        Ok(())
    }
}

impl Iterator for Export {
    type Item = anyhow::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE_BYTES + 4 * 1024);
        if let Err(error) = self.write(&mut piece) {
            self.has_ended = true;
            return Some(Err(error));
        }
        Some(Ok(piece.into()))
    }
}

/// A field's value as a cell.
fn to_cell(value: FieldRef<'_>) -> Cow<'_, str> {
    match value {
        FieldRef::Text(text) => guard(text),
        FieldRef::Price(price) => price.to_string().into(),
        FieldRef::Flag(flag) => flag.to_string().into(),
        FieldRef::Count(count) => count.to_string().into(),
        // A bar parts addresses in other shops' files, so one that has a bar must not stand alone.
        FieldRef::Urls(urls) if urls.iter().any(|url| url.contains('|')) => {
            serde_json::to_string(urls).unwrap_or_default().into()
        }
        // No URL has a space in it.
        FieldRef::Urls(urls) => urls.join(" ").into(),
    }
}

fn csv_line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for cell in cells {
        writer.write_field(&*cell)?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(writer.into_inner()?)
}
