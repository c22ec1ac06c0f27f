//! Whole numbers in JSON, which has one kind of number: `12.0` is 12 (RFC 8259 section 6).

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Number;

/// Up to here an `f64` tells every whole number from the next: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number that a JSON number stands for, if it does.
pub fn from_number(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        let is_whole = (0.0..=MAX_EXACT).contains(&float) && float.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is whole, and in the range"
        )]
        is_whole.then_some(float as u64)
    })
}

/// Reads a whole number; for `#[serde(deserialize_with)]`.
pub fn deserialize<'de, D: Deserializer<'de>, T: From<u64>>(
    deserializer: D,
) -> Result<T, D::Error> {
    convert(&Number::deserialize(deserializer)?)
}

/// Reads a whole number or `null`; for `#[serde(deserialize_with)]`.
pub fn deserialize_option<'de, D: Deserializer<'de>, T: From<u64>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<Number>::deserialize(deserializer)?;
    number.as_ref().map(convert).transpose()
}

fn convert<T: From<u64>, E: Error>(number: &Number) -> Result<T, E> {
    from_number(number)
        .map(T::from)
        .ok_or_else(|| E::custom(format_args!("{number} instead of a whole number from 0 on")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<u64> {
        from_number(&serde_json::from_str(json).expect("a number"))
    }

    #[test]
    fn a_number_without_a_fraction_is_whole_however_it_is_written() {
        assert_eq!(read("12"), Some(12));
        assert_eq!(read("12.0"), Some(12));
        assert_eq!(read("1.2e1"), Some(12));
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("-0.0"), Some(0));
        assert_eq!(read("18446744073709551615"), Some(u64::MAX));
        assert_eq!(read("9007199254740992.0"), Some(1 << 53));
    }

    #[test]
    fn what_has_a_fraction_or_a_sign_or_lost_digits_is_not() {
        for json in ["12.5", "-1", "-1.0", "9007199254740994.0", "1e300"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
