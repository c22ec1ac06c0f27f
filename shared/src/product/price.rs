//! Prices: whole cents, never floats.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::number::{self, Decimal, NumberError};

/// An amount in whole cents. JSON shows it as a number of whole units (`19.99`, `20`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price {
    cents: u64,
}

/// Why something can't be read as a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceError {
    /// It is not a number at all.
    NotANumber,
    /// It can be read in two ways; see [`NumberError::Ambiguous`].
    Ambiguous,
    /// It has more than two decimals.
    TooManyDecimals,
    /// It is below 0.
    Negative,
    /// It is above [`Price::MAX`].
    TooHigh,
}

impl From<NumberError> for PriceError {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::NotANumber => Self::NotANumber,
            NumberError::Ambiguous => Self::Ambiguous,
        }
    }
}

impl Price {
    /// 1,000,000,000.00.
    pub const MAX: Self = Self {
        cents: 100_000_000_000,
    };

    /// The price of this many cents; `None` above [`Price::MAX`].
    pub fn from_cents(cents: u64) -> Option<Self> {
        (cents <= Self::MAX.cents).then_some(Self { cents })
    }

    /// The amount in cents.
    pub fn cents(self) -> u64 {
        self.cents
    }

    /// Reads a JSON number by its shortest decimal form, so that 19.99 is 1,999 cents although no
    /// float is exactly that.
    pub fn from_number(number: &serde_json::Number) -> Result<Self, PriceError> {
        match number.as_f64() {
            // Written with an exponent from here on, and far outside the range anyway.
            Some(float) if float <= -1e15 => return Err(PriceError::Negative),
            Some(float) if float >= 1e15 => return Err(PriceError::TooHigh),
            Some(float) if float != 0.0 && float.abs() < 1e-4 => {
                return Err(PriceError::TooManyDecimals);
            }
            _ => {}
        }
        // A fourth zero says nothing, and keeps it from being taken for a thousand.
        match number.to_string() {
            decimal if decimal.contains('.') => Self::parse(&format!("{decimal}0000")),
            whole => Self::parse(&whole),
        }
    }

    /// Reads what people write, see [`number`]. Zeros after the second decimal say
    /// nothing and are accepted.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        let Decimal {
            is_negative,
            units,
            decimals,
        } = number::read(text)?;
        if decimals.len() > 2 {
            return Err(PriceError::TooManyDecimals);
        }
        let cents = format!("{units}{decimals:0<2}");
        match cents.trim_start_matches('0') {
            "" => Ok(Self { cents: 0 }),
            _ if is_negative => Err(PriceError::Negative),
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
    /// Two decimals and a decimal point: `19.99`. [`Text::price`](crate::Text::price) writes it
    /// in the reader's way.
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
