//! Tells people who don't see the list what happens to it: one sentence for all that came together.

use std::rc::Rc;

use shared::Text;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::dom;

/// How long is gathered before anything is said, in milliseconds.
const GATHER_MS: f64 = 1_000.0;

/// Tells people what happens.
pub struct Announcer {
    text: Rc<Text>,
    place: Element,
    /// What happened since it last said something, the last in words.
    count: u64,
    last: String,
    since: f64,
    /// Something that is said whatever else happens.
    urgent: Option<String>,
}

impl Announcer {
    /// Finds its place.
    pub fn find(text: Rc<Text>) -> Result<Self, JsValue> {
        Ok(Self {
            text,
            place: dom::by_id("announcer")?,
            count: 0,
            last: String::new(),
            since: 0.0,
            urgent: None,
        })
    }

    /// Something happened to a product.
    pub fn on_change(&mut self, key: &str, title: &str, now: f64) {
        if self.count == 0 {
            self.since = now;
        }
        self.count += 1;
        self.last = self.text.fill(key, &[("title", title)]);
    }

    /// Says this as soon as possible.
    pub fn say(&mut self, words: String) {
        self.urgent = Some(words);
    }

    /// Says what there is to say, once enough of it was gathered.
    pub fn paint(&mut self, now: f64) {
        if let Some(words) = self.urgent.take() {
            dom::set_text(&self.place, &words);
            return;
        }
        if self.count == 0 || now - self.since < GATHER_MS {
            return;
        }
        let words = match self.count {
            1 => std::mem::take(&mut self.last),
            many => self.text.fill_count("say.many_products", many),
        };
        self.count = 0;
        // The same words again are said again only where they are another node.
        self.place.set_text_content(Some(&words));
    }
}
