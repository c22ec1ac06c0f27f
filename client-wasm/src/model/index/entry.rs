//! A product as the list knows it.

use std::cell::OnceCell;
use std::sync::Arc;

use memchr::memmem::Finder;
use shared::Product;

use crate::model::fold::{Decompose, fold};
use crate::model::query::SortKey;

/// A product as the list knows it.
pub struct Entry {
    /// The product.
    pub product: Arc<Product>,
    /// Whether it is in the order.
    pub is_placed: bool,
    /// Its words, folded when they are first asked for.
    words: OnceCell<Words>,
}

/// What a product is sorted by: a number, or a folded text. Texts begin with different letters, mostly: their
/// first eight as a number settle it without a look at the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a>(u64, &'a str);

impl<'a> Key<'a> {
    fn number(number: u64) -> Self {
        Self(number, "")
    }

    fn text(text: &'a str) -> Self {
        let mut first = [0; 8];
        for (first, byte) in first.iter_mut().zip(text.bytes()) {
            *first = byte;
        }
        Self(u64::from_be_bytes(first), text)
    }
}

/// Title, code, category and description, a line each.
struct Words {
    text: Box<str>,
    /// Where the first three end.
    ends: [u32; 3],
}

impl Entry {
    /// A product that is in no place.
    pub fn new(product: Arc<Product>) -> Self {
        Self {
            product,
            is_placed: false,
            words: OnceCell::new(),
        }
    }

    /// Folds its words; `false` where they are.
    pub fn prepare(&self, decompose: Decompose) -> bool {
        let is_new = self.words.get().is_none();
        self.words(decompose);
        is_new
    }

    /// Whether it has all of these.
    pub fn has_all(&self, words: &[Finder<'_>], decompose: Decompose) -> bool {
        words.is_empty() || {
            let own = self.words(decompose).text.as_bytes();
            words.iter().all(|word| word.find(own).is_some())
        }
    }

    /// What it is sorted by.
    pub fn key(&self, by: SortKey, decompose: Decompose) -> Key<'_> {
        let draft = &self.product.draft;
        let line = |at: usize| {
            let Words { text, ends } = self.words(decompose);
            let start = at
                .checked_sub(1)
                .map_or(0, |before| ends[before] as usize + 1);
            Key::text(&text[start..ends[at] as usize])
        };
        match by {
            SortKey::Id => Key::number(self.product.id.0),
            SortKey::Revision => Key::number(self.product.revision.0),
            SortKey::Price => Key::number(draft.price.cents()),
            SortKey::Stock => Key::number(draft.stock.into()),
            SortKey::Title => line(0),
            SortKey::Code => line(1),
            SortKey::Category => line(2),
        }
    }

    fn words(&self, decompose: Decompose) -> &Words {
        self.words.get_or_init(|| {
            let draft = &self.product.draft;
            let mut text = String::new();
            let mut ends = [0; 3];
            let lines = [&draft.title, &draft.code, &draft.category];
            for (line, end) in lines.into_iter().zip(&mut ends) {
                text.push_str(&fold(line, decompose));
                // The rules allow a few thousand characters.
                *end = u32::try_from(text.len()).unwrap_or(u32::MAX);
                text.push('\n');
            }
            text.push_str(&fold(&draft.description, decompose));
            Words {
                text: text.into(),
                ends,
            }
        })
    }
}
