//! Validation: the one place that says what a product may look like.
//!
//! The form, the socket, the HTTP API and every import call [`Fields::draft`] or
//! [`Fields::patch`]; both yield every failing field at once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::problem::{FieldReason, Reason, Rule};
use crate::product::{Draft, Patch, Price, PriceError};
use crate::whole;

/// Most characters of a title.
pub const TITLE_CHARS: usize = 200;
/// Most characters of a description.
pub const DESCRIPTION_CHARS: usize = 2_000;
/// Most characters of a code.
pub const CODE_CHARS: usize = 64;
/// Most characters of a category.
pub const CATEGORY_CHARS: usize = 100;
/// Most thumbnails of a product.
pub const THUMBNAILS: usize = 10;
/// Most characters of a thumbnail's URL: what browsers and servers agree to carry.
pub const THUMBNAIL_CHARS: usize = 2_000;

/// What somebody typed or sent for a product, before the rules have seen it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(pub Map<String, Value>);

impl Fields {
    /// The draft that the fields make, or every field that broke a rule.
    pub fn draft(self) -> Result<Draft, Reason> {
        let mut check = Check::new(self);
        let title = check.text("title", TITLE_CHARS, Lines::One);
        let description = check.text("description", DESCRIPTION_CHARS, Lines::Many);
        let code = check.text("code", CODE_CHARS, Lines::One);
        let price = check.price();
        let status = check.status();
        let stock = check.stock();
        let category = check.text("category", CATEGORY_CHARS, Lines::One);
        let thumbnails = check.thumbnails();
        let draft = Draft {
            title: check.required("title", title),
            description: description.unwrap_or_default(),
            code: check.required("code", code),
            price: check.required_or("price", price, Price::MAX),
            status: status.unwrap_or(true),
            stock: check.required("stock", stock),
            category: check.required("category", category),
            thumbnails: thumbnails.unwrap_or_default(),
        };
        check.finish(draft)
    }

    /// The patch that the fields make, or every field that broke a rule. `null` takes a field
    /// away (RFC 7396), which gives it the value it has in a draft without it.
    pub fn patch(mut self) -> Result<Patch, Reason> {
        let nothing = [
            ("title", "".into()),
            ("description", "".into()),
            ("code", "".into()),
            ("price", "".into()),
            ("status", true.into()),
            ("category", "".into()),
            ("thumbnails", Value::Array(Vec::new())),
        ];
        for (field, instead) in nothing {
            if let Some(value) = self.0.get_mut(field).filter(|value| value.is_null()) {
                *value = instead;
            }
        }
        let mut check = Check::new(self);
        if check.fields.get("stock") == Some(&Value::Null) {
            check.fields.remove("stock");
            check.fail("stock", Rule::Required);
        }
        let patch = Patch {
            title: check.text("title", TITLE_CHARS, Lines::One),
            description: check.text("description", DESCRIPTION_CHARS, Lines::Many),
            code: check.text("code", CODE_CHARS, Lines::One),
            price: check.price(),
            status: check.status(),
            stock: check.stock(),
            category: check.text("category", CATEGORY_CHARS, Lines::One),
            thumbnails: check.thumbnails(),
        };
        for (field, given) in [
            ("title", &patch.title),
            ("code", &patch.code),
            ("category", &patch.category),
        ] {
            if given.as_deref() == Some("") {
                check.fail(field, Rule::Required);
            }
        }
        check.finish(patch)
    }
}

impl From<&Draft> for Fields {
    fn from(draft: &Draft) -> Self {
        Self::of(draft)
    }
}

impl From<&Patch> for Fields {
    fn from(patch: &Patch) -> Self {
        Self::of(patch)
    }
}

impl Fields {
    fn of(fields: &impl Serialize) -> Self {
        match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => Self(fields),
            // Drafts and patches are plain structs: they always serialize to an object.
            _ => Self::default(),
        }
    }
}

/// Whether a text may have line breaks.
#[derive(Clone, Copy, PartialEq)]
enum Lines {
    One,
    Many,
}

/// Takes fields out one by one and notes what is wrong with them.
struct Check {
    fields: Map<String, Value>,
    failed: Vec<FieldReason>,
}

impl Check {
    fn new(fields: Fields) -> Self {
        Self {
            fields: fields.0,
            failed: Vec::new(),
        }
    }

    fn fail(&mut self, field: &str, rule: Rule) {
        self.failed.push(FieldReason::new(field, rule));
    }

    fn failed<T>(&mut self, field: &str, rule: Rule) -> Option<T> {
        self.fail(field, rule);
        None
    }

    /// A text without the space around it.
    fn text(&mut self, field: &str, limit: usize, lines: Lines) -> Option<Box<str>> {
        let Value::String(value) = self.fields.remove(field)? else {
            return self.failed(field, Rule::NotText);
        };
        let value = value.trim();
        let hidden = |c: char| c.is_control() && !(lines == Lines::Many && "\n\r\t".contains(c));
        if value.chars().count() > limit {
            self.failed(field, Rule::TooLong(limit))
        } else if value.contains(hidden) {
            self.failed(field, Rule::Control)
        } else {
            Some(value.into())
        }
    }

    fn price(&mut self) -> Option<Price> {
        let price = match self.fields.remove("price")? {
            Value::Number(number) => Price::from_number(&number),
            Value::String(text) if text.trim().is_empty() => {
                return self.failed("price", Rule::Required);
            }
            Value::String(text) => Price::parse(&text),
            _ => Err(PriceError::NotANumber),
        };
        match price {
            Ok(price) => Some(price),
            Err(error) => self.failed("price", error.into()),
        }
    }

    fn status(&mut self) -> Option<bool> {
        match self.fields.remove("status")? {
            Value::Bool(status) => Some(status),
            _ => self.failed("status", Rule::NotABool),
        }
    }

    fn stock(&mut self) -> Option<u32> {
        let Value::Number(number) = self.fields.remove("stock")? else {
            return self.failed("stock", Rule::NotWhole);
        };
        match (whole::of(&number), number.as_f64()) {
            (Some(stock), _) => match u32::try_from(stock) {
                Ok(stock) => Some(stock),
                Err(_) => self.failed("stock", Rule::TooHigh(u32::MAX.into())),
            },
            (None, Some(stock)) if stock < 0.0 => self.failed("stock", Rule::Negative),
            _ => self.failed("stock", Rule::NotWhole),
        }
    }

    fn thumbnails(&mut self) -> Option<Box<[Box<str>]>> {
        let Value::Array(list) = self.fields.remove("thumbnails")? else {
            return self.failed("thumbnails", Rule::NotAList);
        };
        if list.len() > THUMBNAILS {
            return self.failed("thumbnails", Rule::TooMany(THUMBNAILS));
        }
        let mut thumbnails = Vec::with_capacity(list.len());
        for entry in list {
            let Value::String(url) = entry else {
                return self.failed("thumbnails", Rule::NotAList);
            };
            let url = url.trim();
            if url.chars().count() > THUMBNAIL_CHARS {
                return self.failed("thumbnails", Rule::TooLong(THUMBNAIL_CHARS));
            }
            if !is_image_url(url) {
                return self.failed("thumbnails", Rule::NotAnUrl);
            }
            thumbnails.push(url.into());
        }
        Some(thumbnails.into())
    }

    /// The value, or `Required` where none was given and no other rule has spoken.
    fn required<T: Default + IsEmpty>(&mut self, field: &str, value: Option<T>) -> T {
        let value = value.filter(|value| !value.is_empty());
        self.required_or(field, value, T::default())
    }

    fn required_or<T>(&mut self, field: &str, value: Option<T>, instead: T) -> T {
        value.unwrap_or_else(|| {
            if !self.failed.iter().any(|reason| reason.field == field) {
                self.fail(field, Rule::Required);
            }
            instead
        })
    }

    fn finish<T>(mut self, value: T) -> Result<T, Reason> {
        for field in std::mem::take(&mut self.fields).keys() {
            self.fail(field, Rule::Unknown);
        }
        if self.failed.is_empty() {
            Ok(value)
        } else {
            Err(Reason::Invalid(self.failed))
        }
    }
}

/// What counts as nothing for a required field: an empty text does, the number 0 doesn't.
trait IsEmpty {
    fn is_empty(&self) -> bool;
}

impl IsEmpty for Box<str> {
    fn is_empty(&self) -> bool {
        str::is_empty(self)
    }
}

impl IsEmpty for u32 {
    fn is_empty(&self) -> bool {
        false
    }
}

/// An `http(s)` URL with a host, or a path on this server. `//host` is neither: a browser would
/// take it for another host.
fn is_image_url(url: &str) -> bool {
    let path = url.starts_with('/') && !url.starts_with("//");
    let lower = url.to_ascii_lowercase();
    let web = ["http://", "https://"]
        .iter()
        .filter_map(|scheme| lower.strip_prefix(scheme))
        .any(|rest| !rest.is_empty() && !rest.starts_with('/'));
    (path || web) && !url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\')
}
