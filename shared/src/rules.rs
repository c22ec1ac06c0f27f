//! Validation: the one place that says what a product may look like.
//!
//! The form, the socket, the HTTP API and every import call [`Fields::draft`] or
//! [`Fields::patch`]; both yield every failing field at once.

mod fields;

use std::convert::Infallible;

use serde_json::{Map, Value};

use crate::integer;
use crate::invisible::{is_blank, is_invisible, turns_direction};
use crate::number::{self, NumberError};
use crate::product::{Draft, Field, FieldSource, Kind, Patch, Price, PriceError};
use crate::reason::{FieldReason, Reason, Rule};

/// A text of more bytes is too long for every field, however much of it would be one character
/// with what it stands beside: the longest has 2,000, of up to 32 bytes each.
const MAX_TEXT_BYTES: usize = 64 * 1024;

pub use fields::Fields;
pub(crate) use fields::Shallow;

/// Brings a text into Unicode's Normalization Form C, so that texts which look the same are the
/// same. The server has tables for it, the page asks the browser: none travel to it.
pub type Normalize = fn(&str) -> String;

impl Fields {
    /// The draft that the fields make, or every field that broke a rule.
    pub fn draft(self, nfc: Normalize) -> Result<Draft, Reason> {
        self.draft_where(NullMeans::Null, nfc)
    }

    /// The same where `null` stands for a field that was not given, as files have it.
    pub fn draft_without_nulls(self, nfc: Normalize) -> Result<Draft, Reason> {
        self.draft_where(NullMeans::Absent, nfc)
    }

    fn draft_where(self, null_means: NullMeans, nfc: Normalize) -> Result<Draft, Reason> {
        let mut check = Check::new(self, null_means, nfc);
        let Ok(draft) = Draft::read(&mut check);
        check.finish(draft)
    }

    /// The patch that the fields make, or every field that broke a rule. `null` takes a field
    /// away (RFC 7396), which gives it the value it has in a draft without it.
    pub fn patch(self, nfc: Normalize) -> Result<Patch, Reason> {
        let mut check = Check::new(self, NullMeans::Absent, nfc);
        let Ok(patch) = Patch::read(&mut check, |check, field| {
            check.fields.contains_key(field.name)
        });
        check.finish(patch)
    }
}

/// What `null` as a field's value stands for.
#[derive(PartialEq)]
enum NullMeans {
    /// Itself, which no field may be.
    Null,
    /// The field was not given.
    Absent,
}

/// Takes fields out one by one and notes what is wrong with them.
struct Check {
    fields: Map<String, Value>,
    /// How many names beside them are no fields.
    more_unknown: usize,
    null_means: NullMeans,
    nfc: Normalize,
    failed: Vec<FieldReason>,
}

impl Check {
    fn new(fields: Fields, null_means: NullMeans, nfc: Normalize) -> Self {
        Self {
            fields: fields.values,
            more_unknown: fields.more_unknown,
            null_means,
            nfc,
            failed: Vec::new(),
        }
    }

    fn fail(&mut self, field: &str, rule: Rule) {
        self.failed.push(FieldReason::new(field, rule));
    }

    /// The field's value, or the one of a product without it. What is wrong is noted; what is
    /// returned then is never seen.
    fn take<T: Checked>(&mut self, field: &Field) -> T {
        let checked = match self.fields.remove(field.name) {
            None => None,
            Some(Value::Null) if self.null_means == NullMeans::Absent => None,
            Some(value) => match T::check(value, field.kind, self.nfc) {
                Ok(checked) => Some(checked),
                Err(rule) => {
                    self.fail(field.name, rule);
                    return T::absent();
                }
            },
        };
        checked
            .filter(|checked| !(field.is_required && checked.is_nothing()))
            .unwrap_or_else(|| {
                if field.is_required {
                    self.fail(field.name, Rule::Required);
                }
                T::absent()
            })
    }

    fn finish<T>(mut self, value: T) -> Result<T, Reason> {
        // What is wrong comes before what is missing.
        self.failed
            .sort_by_key(|reason| reason.rule == Rule::Required);
        for field in std::mem::take(&mut self.fields).keys() {
            self.fail(field, Rule::Unknown);
        }
        if self.failed.is_empty() {
            Ok(value)
        } else {
            Err(Reason::invalid(self.failed, self.more_unknown))
        }
    }
}

impl FieldSource for Check {
    /// What is wrong is noted, so that the fields after it are checked too.
    type Error = Infallible;

    fn text(&mut self, field: &'static Field) -> Result<Box<str>, Infallible> {
        Ok(self.take(field))
    }

    fn price(&mut self, field: &'static Field) -> Result<Price, Infallible> {
        Ok(self.take(field))
    }

    fn flag(&mut self, field: &'static Field) -> Result<bool, Infallible> {
        Ok(self.take(field))
    }

    fn count(&mut self, field: &'static Field) -> Result<u32, Infallible> {
        Ok(self.take(field))
    }

    fn urls(&mut self, field: &'static Field) -> Result<Box<[Box<str>]>, Infallible> {
        Ok(self.take(field))
    }
}

/// A type that a JSON value becomes when it keeps the rules of its field.
trait Checked: Default {
    /// Checks a value that was given.
    fn check(value: Value, kind: Kind, nfc: Normalize) -> Result<Self, Rule>;

    /// The value where none was given.
    fn absent() -> Self {
        Self::default()
    }

    /// Whether the value says no more than its absence, which a required field doesn't take.
    fn is_nothing(&self) -> bool {
        false
    }
}

impl Checked for Box<str> {
    /// The text as it is kept: normalized, and without the space around it.
    fn check(value: Value, kind: Kind, nfc: Normalize) -> Result<Self, Rule> {
        let Value::String(mut text) = value else {
            return Err(Rule::NotText);
        };
        if text.len() > MAX_TEXT_BYTES {
            text = text.trim_matches(is_blank).to_owned();
        }
        let is_far_too_long = text.len() > MAX_TEXT_BYTES;
        if !text.is_ascii() && !is_far_too_long {
            text = nfc(&text);
        }
        let (max_chars, is_allowed): (usize, fn(char) -> bool) = match kind {
            Kind::Line { max_chars } => (max_chars, |c| !c.is_control() && !turns_direction(c)),
            Kind::Lines { max_chars } => (max_chars, |c| {
                "\n\r\t".contains(c) || !(c.is_control() || turns_direction(c))
            }),
            Kind::Code { max_chars } => {
                let is_other_space = |c: char| c.is_whitespace() && !c.is_control();
                text = text.replace(is_other_space, " ");
                (max_chars, |c| !c.is_control() && !is_invisible(c))
            }
            Kind::Price | Kind::Flag | Kind::Count | Kind::Urls { .. } => {
                return Err(Rule::NotText);
            }
        };
        if is_far_too_long {
            return Err(Rule::TooLong(max_chars));
        }
        let text = text.trim_matches(is_blank);
        if text.chars().all(|c| is_blank(c) || is_invisible(c)) {
            Ok(Self::default())
        } else if text.chars().count() > max_chars {
            Err(Rule::TooLong(max_chars))
        } else if text.chars().all(is_allowed) {
            Ok(text.into())
        } else {
            Err(Rule::Control)
        }
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl Checked for Price {
    fn check(value: Value, _: Kind, _: Normalize) -> Result<Self, Rule> {
        let price = match value {
            Value::Number(number) => Self::from_number(&number),
            Value::String(text) if text.trim().is_empty() => return Err(Rule::Required),
            Value::String(text) => Self::parse(&text),
            _ => Err(PriceError::NotANumber),
        };
        price.map_err(Rule::from)
    }
}

impl Checked for bool {
    fn check(value: Value, _: Kind, _: Normalize) -> Result<Self, Rule> {
        value.as_bool().ok_or(Rule::NotABool)
    }

    fn absent() -> Self {
        true
    }
}

impl Checked for u32 {
    fn check(value: Value, _: Kind, _: Normalize) -> Result<Self, Rule> {
        let number = match value {
            Value::Number(number) => number,
            // A file's text that is a number has become one.
            Value::String(text) if number::read(&text) == Err(NumberError::Ambiguous) => {
                return Err(Rule::Ambiguous);
            }
            _ => return Err(Rule::NotWhole),
        };
        match integer::from_number(&number) {
            Some(count) => Self::try_from(count).map_err(|_| Rule::TooHigh(Self::MAX.into())),
            None if number.as_f64().is_some_and(|float| float < 0.0) => Err(Rule::Negative),
            None => Err(Rule::NotWhole),
        }
    }
}

impl Checked for Box<[Box<str>]> {
    fn check(value: Value, kind: Kind, _: Normalize) -> Result<Self, Rule> {
        let (Value::Array(list), Kind::Urls { max, max_chars }) = (value, kind) else {
            return Err(Rule::NotAList);
        };
        if list.len() > max {
            return Err(Rule::TooMany(max));
        }
        list.into_iter()
            .map(|entry| {
                let url = entry.as_str().ok_or(Rule::NotAList)?.trim();
                if url.chars().count() > max_chars {
                    return Err(Rule::TooLong(max_chars));
                }
                if !is_image_url(url) {
                    return Err(Rule::NotAnUrl);
                }
                Ok(url.into())
            })
            .collect()
    }
}

/// An `http(s)` URL with a host, or a path on this server. `//host` is neither: a browser would
/// take it for another host.
fn is_image_url(url: &str) -> bool {
    let is_path = url.starts_with('/') && !url.starts_with("//");
    let lower = url.to_ascii_lowercase();
    let is_web = ["http://", "https://"]
        .iter()
        .filter_map(|scheme| lower.strip_prefix(scheme))
        .any(|rest| !rest.is_empty() && !rest.starts_with('/'));
    let is_wrong = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c) || c == '\\';
    (is_path || is_web) && !url.contains(is_wrong)
}
