//! The catalog as a file: CSV, a JSON array, or one JSON object a line. It is written a piece at a
//! time from a catalog that stays at its revision, however long that takes.

use std::sync::Arc;

use axum::body::Bytes;
use shared::{Catalog, Product, ProductId};

use crate::import::Format;

/// About how many bytes are made at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// The columns of a CSV file: the fields of a draft.
pub const COLUMNS: [&str; 8] = [
    "title",
    "description",
    "code",
    "price",
    "status",
    "stock",
    "category",
    "thumbnails",
];

/// A catalog on its way into a file.
pub struct Export {
    catalog: Arc<Catalog>,
    format: Format,
    after: ProductId,
    is_begun: bool,
    is_ended: bool,
}

impl Export {
    /// Nothing is written yet.
    pub fn new(catalog: Arc<Catalog>, format: Format) -> Self {
        Self {
            catalog,
            format,
            after: ProductId(0),
            is_begun: false,
            is_ended: false,
        }
    }

    fn write(&mut self, piece: &mut Vec<u8>) -> anyhow::Result<()> {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        if is_first {
            match self.format {
                Format::Csv => piece.extend(csv_line(COLUMNS.map(String::from))?),
                Format::Json => piece.push(b'['),
                Format::Ndjson => {}
            }
        }
        let mut is_first = is_first;
        for product in self.catalog.products_after(self.after) {
            if piece.len() >= PIECE_BYTES {
                return Ok(());
            }
            match self.format {
                Format::Csv => piece.extend(csv_line(row(product))?),
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
            self.after = product.id;
        }
        if self.format == Format::Json {
            piece.extend_from_slice(b"\n]\n");
        }
        self.is_ended = true;
        Ok(())
    }
}

impl Iterator for Export {
    type Item = anyhow::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_ended {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE_BYTES + 4 * 1024);
        if let Err(error) = self.write(&mut piece) {
            self.is_ended = true;
            return Some(Err(error));
        }
        Some(Ok(piece.into()))
    }
}

fn row(product: &Product) -> [String; 8] {
    let draft = &product.draft;
    [
        draft.title.to_string(),
        draft.description.to_string(),
        draft.code.to_string(),
        draft.price.to_string(),
        draft.status.to_string(),
        draft.stock.to_string(),
        draft.category.to_string(),
        // No URL has a space in it.
        draft.thumbnails.join(" "),
    ]
}

fn csv_line(row: [String; 8]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(row)?;
    Ok(writer.into_inner()?)
}
