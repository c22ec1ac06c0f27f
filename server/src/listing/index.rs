//! What lists are made of: every product's words, folded, and what it is sorted by, side by side
//! in memory. A search reads it from one end to the other, at the speed of memory; products
//! themselves are all over the place.

use std::sync::{Arc, Mutex, PoisonError};

use shared::{Catalog, Price, Product, ProductId, Revision};

use crate::unicode::fold;

/// The index of the newest catalog anybody asked about. It is made when it is first asked for.
#[derive(Default)]
pub struct Indexes(Mutex<Arc<Index>>);

impl Indexes {
    /// The index of this catalog, or of a newer one.
    pub fn get(&self, catalog: &Catalog) -> Arc<Index> {
        // An index is replaced as a whole, so one that failed to be made left the last.
        let mut index = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if index.revision < catalog.revision() {
            *index = Arc::new(index.update_to(catalog));
        }
        index.clone()
    }
}

/// The rows of one catalog, in id order.
#[derive(Default)]
pub struct Index {
    /// The catalog's revision.
    pub revision: Revision,
    /// One for each product.
    pub rows: Vec<Row>,
    text: String,
}

/// One product.
pub struct Row {
    /// The product itself.
    pub product: Arc<Product>,
    /// Its id.
    pub id: ProductId,
    /// Its price.
    pub price: Price,
    /// Its stock.
    pub stock: u32,
    /// Whether it is on sale.
    pub status: bool,
    /// Where its words begin: title, code, category and description, a line each.
    start: usize,
    /// How long each of them is, in bytes.
    lengths: [u32; 4],
}

/// One of a row's words.
#[derive(Clone, Copy)]
pub enum Part {
    /// Its title.
    Title = 0,
    /// Its code.
    Code = 1,
    /// Its category.
    Category = 2,
}

impl Index {
    /// All words of a row, in lines.
    pub fn words(&self, row: &Row) -> &str {
        let line_breaks = row.lengths.len() - 1;
        let length: usize = row.lengths.iter().map(|length| *length as usize).sum();
        &self.text[row.start..row.start + length + line_breaks]
    }

    /// One line of them.
    pub fn part(&self, row: &Row, part: Part) -> &str {
        let before = &row.lengths[..part as usize];
        let before: usize = before.iter().map(|length| *length as usize + 1).sum();
        let start = row.start + before;
        &self.text[start..start + row.lengths[part as usize] as usize]
    }

    /// The index of another catalog. What did not change is copied, not folded again.
    fn update_to(&self, catalog: &Catalog) -> Self {
        let mut index = Self {
            revision: catalog.revision(),
            rows: Vec::with_capacity(catalog.len()),
            text: String::with_capacity(self.text.len()),
        };
        let mut known = self.rows.iter().peekable();
        for product in catalog.products() {
            while known.next_if(|row| row.id < product.id).is_some() {}
            let same = known.next_if(|row| Arc::ptr_eq(&row.product, product));
            let row = match same {
                Some(row) => {
                    let start = index.text.len();
                    index.text.push_str(self.words(row));
                    Row {
                        product: product.clone(),
                        start,
                        ..*row
                    }
                }
                None => Row::new(product, &mut index.text),
            };
            index.rows.push(row);
        }
        index
    }
}

impl Row {
    fn new(product: &Arc<Product>, text: &mut String) -> Self {
        let draft = &product.draft;
        let start = text.len();
        let parts = [
            &draft.title,
            &draft.code,
            &draft.category,
            &draft.description,
        ];
        let mut lengths = [0; 4];
        for (part, length) in parts.into_iter().zip(&mut lengths) {
            if text.len() > start {
                text.push('\n');
            }
            let folded = fold(part);
            // The rules allow a few thousand characters.
            *length = u32::try_from(folded.len()).unwrap_or(u32::MAX);
            text.push_str(&folded);
        }
        Self {
            product: product.clone(),
            id: product.id,
            price: draft.price,
            stock: draft.stock,
            status: draft.status,
            start,
            lengths,
        }
    }
}
