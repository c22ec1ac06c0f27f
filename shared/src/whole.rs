//! Whole numbers in JSON, which has one kind of number: `12.0` is 12 (RFC 8259 section 6).

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Number;

/// Up to here an `f64` tells every whole number from the next: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that a JSON number is, if it is one.
pub fn of(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        let is_whole = (0.0..=EXACT).contains(&float) && float.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, and in the range"
        )]
        is_whole.then_some(float as u64)
    })
}

/// Reads a whole number.
pub fn read<'de, D: Deserializer<'de>, T: From<u64>>(deserializer: D) -> Result<T, D::Error> {
    whole(&Number::deserialize(deserializer)?)
}

/// Reads a whole number, or `null`.
pub fn read_option<'de, D: Deserializer<'de>, T: From<u64>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    number.as_ref().map(whole).transpose()
}

fn whole<T: From<u64>, E: Error>(number: &Number) -> Result<T, E> {
    let whole = of(number)
        .ok_or_else(|| E::custom(format_args!("{number} instead of a whole number from 0 on")))?;
    Ok(whole.into())
}
