//! The product and the forms it takes on its way in: draft, patch.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::change::Revision;

/// Names a product for ever: the revision at which it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProductId(pub u64);

impl From<u64> for ProductId {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
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
        /// Names, numbers and punctuation.
        const REST: usize = 160;
        let Draft {
            title,
            description,
            code,
            category,
            thumbnails,
            ..
        } = &self.draft;
        let thumbnails: usize = thumbnails.iter().map(|url| url.len() + 3).sum();
        title.len() + description.len() + code.len() + category.len() + thumbnails + REST
    }
}

/// The fields a person gives for a product. A value of this type has passed
/// [the rules](crate::rules), or comes from a place where it had. It is kept in memory for as long
/// as the product is listed, so its texts have no room to grow.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draft {
    /// 1 to 200 characters.
    pub title: Box<str>,
    /// Up to 2,000 characters.
    pub description: Box<str>,
    /// 1 to 64 characters, unique in the catalog without regard to case.
    pub code: Box<str>,
    /// 0 to 1,000,000,000.00.
    pub price: Price,
    /// Whether it is on sale.
    pub status: bool,
    /// How many there are.
    pub stock: u32,
    /// 1 to 100 characters.
    pub category: Box<str>,
    /// Up to 10 `http(s)` URLs or paths that start with `/`.
    pub thumbnails: Box<[Box<str>]>,
}

/// The fields to change in a product; `None` means unchanged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Patch {
    /// See [`Draft::title`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Box<str>>,
    /// See [`Draft::description`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Box<str>>,
    /// See [`Draft::code`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Box<str>>,
    /// See [`Draft::price`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// See [`Draft::status`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<bool>,
    /// See [`Draft::stock`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock: Option<u32>,
    /// See [`Draft::category`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Box<str>>,
    /// See [`Draft::thumbnails`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnails: Option<Box<[Box<str>]>>,
}

impl Patch {
    /// The draft with the fields of the patch in place of its own.
    pub fn applied_to(self, draft: &Draft) -> Draft {
        let old = draft.clone();
        Draft {
            title: self.title.unwrap_or(old.title),
            description: self.description.unwrap_or(old.description),
            code: self.code.unwrap_or(old.code),
            price: self.price.unwrap_or(old.price),
            status: self.status.unwrap_or(old.status),
            stock: self.stock.unwrap_or(old.stock),
            category: self.category.unwrap_or(old.category),
            thumbnails: self.thumbnails.unwrap_or(old.thumbnails),
        }
    }
}

impl From<Draft> for Patch {
    /// The patch that sets every field, as HTTP's `PUT` does.
    fn from(draft: Draft) -> Self {
        Self {
            title: Some(draft.title),
            description: Some(draft.description),
            code: Some(draft.code),
            price: Some(draft.price),
            status: Some(draft.status),
            stock: Some(draft.stock),
            category: Some(draft.category),
            thumbnails: Some(draft.thumbnails),
        }
    }
}

/// An amount in whole cents. JSON shows it as a number of whole units (`19.99`, `20`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price {
    cents: u64,
}

/// Why a text is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// Not a number at all.
    NotANumber,
    /// More than two decimals.
    TooManyDecimals,
    /// Under 0.
    Negative,
    /// Over [`Price::MAX`].
    TooHigh,
}

impl Price {
    /// 1,000,000,000.00.
    pub const MAX: Self = Self {
        cents: 100_000_000_000,
    };

    /// The price of so many cents; `None` over [`Price::MAX`].
    pub fn from_cents(cents: u64) -> Option<Self> {
        (cents <= Self::MAX.cents).then_some(Self { cents })
    }

    /// The amount in cents.
    pub fn cents(self) -> u64 {
        self.cents
    }

    /// The price that a JSON number says. Its shortest decimal form is read, so that 19.99 is
    /// 1,999 cents although no float is exactly that.
    pub fn from_number(number: &serde_json::Number) -> Result<Self, PriceError> {
        match number.as_f64() {
            // Written with an exponent from here on, and far outside the range anyway.
            Some(float) if float <= -1e15 => Err(PriceError::Negative),
            Some(float) if float >= 1e15 => Err(PriceError::TooHigh),
            Some(float) if float != 0.0 && float.abs() < 1e-4 => Err(PriceError::TooManyDecimals),
            _ => Self::parse(&number.to_string()),
        }
    }

    /// Reads `1234`, `1234.5`, `1234.50`, or the same with a decimal comma. Zeros after the
    /// second decimal say nothing and are accepted; signs of grouping are not.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(decimals) {
            return Err(PriceError::NotANumber);
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 2 {
            return Err(PriceError::TooManyDecimals);
        }
        let cents = format!("{whole}{decimals:0<2}");
        match cents.trim_start_matches('0') {
            "" => Ok(Self { cents: 0 }),
            _ if negative => Err(PriceError::Negative),
            // Only digits are left, so the one way to fail is to be too large.
            cents => cents
                .parse()
                .ok()
                .and_then(Self::from_cents)
                .ok_or(PriceError::TooHigh),
        }
    }
}

impl fmt::Display for Price {
    /// Two decimals and a decimal point: `19.99`. [`Text::price`](crate::Text::price) shows it
    /// the reader's way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.cents.is_multiple_of(100) {
            return serializer.serialize_u64(self.cents / 100);
        }
        // JSON has no decimals of its own. Up to `MAX` a price has 12 digits and an f64 tells 15
        // apart, so its shortest form is the price to the cent.
        #[expect(clippy::cast_precision_loss, reason = "MAX is far below 2^53")]
        serializer.serialize_f64(self.cents as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Self::parse(&text),
            serde_json::Value::Number(number) => Self::from_number(&number),
            _ => Err(PriceError::NotANumber),
        }
        .map_err(|error| de::Error::custom(format!("no price: {error:?}")))
    }
}
