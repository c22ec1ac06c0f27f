//! The words people read, one file per language (`views/text.en.json`, `views/text.es.json`).
//!
//! The server fills its templates and problems from here, the page its own messages: a refusal
//! reads the same over HTTP, over the socket and at the form's field.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;

use crate::product::Price;

/// The languages that Vitrina speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, also for those who read neither.
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// The language's tag (BCP 47): `en`, `es`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The language with this tag; regions (`es-MX`) don't matter.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// One language's words: a flat JSON object of keys to sentences with `{places}` to fill.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Text(HashMap<String, String>);

impl Text {
    /// Reads a language file.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The words under a key. A missing key shows itself, which a test forbids.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.0.get(key).map_or(key, String::as_str)
    }

    /// The words under a key with each `{name}` replaced by its value.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut rest = self.get(key);
        let mut filled = String::with_capacity(rest.len());
        // One pass from left to right, so that a value which looks like a place stays as it is.
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let place = after
                .split_once('}')
                .and_then(|(name, tail)| Some((values.iter().find(|(n, _)| *n == name)?.1, tail)));
            if let Some((value, tail)) = place {
                filled.push_str(value);
                rest = tail;
            } else {
                filled.push('{');
                rest = after;
            }
        }
        filled + rest
    }

    /// The words for a problem with this code, with these in their places.
    pub fn problem(&self, code: &str, values: &[(&str, &str)]) -> String {
        self.fill(&format!("problem.{code}"), values)
    }

    /// The words under a key with its `{count}`. Where one is another word than many, these stand
    /// under the key with `_one` at its end.
    pub fn fill_count(&self, key: &str, count: u64) -> String {
        let one = format!("{key}_one");
        let key = if count == 1 && self.0.contains_key(&one) {
            &one
        } else {
            key
        };
        self.fill(key, &[("count", &self.number(count))])
    }

    /// How many products there are.
    pub fn product_count(&self, count: usize) -> String {
        self.fill_count("list.count", count as u64)
    }

    /// A price the way this language writes it: `1,234.50`, `1.234,50`.
    pub fn price(&self, price: Price) -> String {
        let plain = price.to_string();
        let (whole, cents) = plain.split_once('.').unwrap_or((&plain, "00"));
        self.group(whole) + self.get("number.decimal") + cents
    }

    /// A whole number the way this language writes it: `12,345`, `12.345`.
    pub fn number(&self, number: u64) -> String {
        self.group(&number.to_string())
    }

    fn group(&self, digits: &str) -> String {
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push_str(self.get("number.group"));
            }
            grouped.push(digit);
        }
        grouped
    }

    /// Every key of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
