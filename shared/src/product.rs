//! The product and the forms it takes on its way in: draft, patch.

mod field;
mod price;

use serde::{Deserialize, Serialize};

use crate::id::{ProductId, Revision};
use field::{FieldType, product_fields};

pub use field::{Field, FieldRef, FieldSource, Kind};
pub use price::{Price, PriceError};

product_fields! {
    /// What it is called: 1 to 200 characters.
    title: Box<str>, Kind::Line { max_chars: 200 }, required;
    /// Up to 2,000 characters, line breaks among them.
    description: Box<str>, Kind::Lines { max_chars: 2_000 }, optional;
    /// 1 to 64 characters, unique in the catalog without regard to case.
    code: Box<str>, Kind::Code { max_chars: 64 }, required;
    /// 0 to 1,000,000,000.00.
    price: Price, Kind::Price, required;
    /// Whether it is on sale.
    status: bool, Kind::Flag, optional;
    /// How many there are.
    stock: u32, Kind::Count, required;
    /// 1 to 100 characters.
    category: Box<str>, Kind::Line { max_chars: 100 }, required;
    /// Up to 10 `http(s)` URLs or paths that start with `/`, each of up to 2,000 characters: what
    /// browsers and servers agree to carry.
    thumbnails: Box<[Box<str>]>, Kind::Urls { max: 10, max_chars: 2_000 }, optional;
}

/// What is listed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The revision at which it was added.
    pub id: ProductId,
    /// The revision of its latest change.
    pub revision: Revision,
    /// Everything a person gave.
    #[serde(flatten)]
    pub draft: Draft,
}

impl Product {
    /// About how many bytes the product's JSON has, to cut a catalog into frames without encoding
    /// it twice.
    pub fn json_bytes(&self) -> usize {
        /// Names, numbers and punctuation: about 16 bytes a field, with the id and the revision.
        const REST: usize = 16 * (Draft::FIELDS.len() + 2);
        let values = self.draft.values().map(|(_, value)| value);
        values.map(FieldRef::text_bytes).sum::<usize>() + REST
    }
}
