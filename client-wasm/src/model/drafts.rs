//! What was typed and not saved, so that nothing of it is lost: by another click, by Escape, by another
//! language, by loading the page again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{Product, ProductId};

/// What something is typed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A new product. The number tells it from others that are not saved yet.
    New(u64),
    /// This product.
    Product(ProductId),
}

/// What was typed for a product, or for a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Typed {
    /// The product as it was when its fields were filled in; `None` for a new one.
    pub base: Option<Product>,
    /// Tells new products from each other.
    pub number: u64,
    /// What each field has, as it was typed.
    pub fields: BTreeMap<String, String>,
}

impl Typed {
    /// What it is for.
    pub fn subject(&self) -> Subject {
        match &self.base {
            Some(base) => Subject::Product(base.id),
            None => Subject::New(self.number),
        }
    }

    /// What it is called: the title that was typed.
    pub fn title(&self) -> &str {
        self.fields.get("title").map_or("", |title| title.trim())
    }
}

/// Everything that was typed and not saved: one draft for each product, and any number for new ones.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Drafts(Vec<Typed>);

impl Drafts {
    /// Reads what a browser kept; of what can't be read nothing is left.
    pub fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// What a browser is to keep; `None` where there is nothing.
    pub fn to_json(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        serde_json::to_string(self).ok()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes what was typed for a product.
    pub fn put(&mut self, typed: Typed) {
        self.remove(typed.subject());
        self.0.push(typed);
    }

    /// What was typed for this.
    pub fn get(&self, subject: Subject) -> Option<&Typed> {
        self.0.iter().find(|typed| typed.subject() == subject)
    }

    /// Forgets what was typed for this.
    pub fn remove(&mut self, subject: Subject) {
        self.0.retain(|typed| typed.subject() != subject);
    }

    /// The latest of them, but for that which is being filled in.
    pub fn latest(&self, except: Option<Subject>) -> Option<&Typed> {
        let mut latest = self.0.iter().rev();
        latest.find(|typed| except != Some(typed.subject()))
    }

    /// Products of which this says that they are gone, or others, have nothing to do with what was typed
    /// for them: that is left as new products, with these numbers.
    pub fn forget(&mut self, is_gone: impl Fn(&Product) -> bool, mut next: impl FnMut() -> u64) {
        for typed in &mut self.0 {
            if typed.base.as_ref().is_some_and(&is_gone) {
                typed.base = None;
                typed.number = next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(number: u64, title: &str) -> Typed {
        Typed {
            base: None,
            number,
            fields: BTreeMap::from([("title".to_owned(), title.to_owned())]),
        }
    }

    #[test]
    fn the_last_that_was_typed_for_a_product_is_kept() {
        let mut drafts = Drafts::default();
        assert_eq!(drafts.to_json(), None);
        drafts.put(typed(1, "Mu"));
        drafts.put(typed(1, "Mug "));
        let json = drafts.to_json().expect("something is kept");
        let again = Drafts::from_json(&json);
        assert_eq!(again, drafts);
        assert_eq!(again.latest(None).map(Typed::title), Some("Mug"));
        assert_eq!(
            again.latest(Some(Subject::New(1))),
            None,
            "that one is open"
        );
        drafts.remove(Subject::New(1));
        assert!(drafts.is_empty());
        assert_eq!(Drafts::from_json("{]"), Drafts::default());
    }

    #[test]
    fn one_new_product_takes_nothing_from_another() {
        let mut drafts = Drafts::default();
        drafts.put(typed(1, "Mug"));
        drafts.put(typed(2, "Lamp"));
        assert_eq!(drafts.latest(None).map(Typed::title), Some("Lamp"));
        drafts.remove(Subject::New(2));
        assert_eq!(drafts.get(Subject::New(1)).map(Typed::title), Some("Mug"));
    }
}
