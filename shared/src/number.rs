//! Numbers as people and spreadsheets write them: `1234.5`, `1234,5`, `1.234,50`, `1,234.50`,
//! `1 234,50`. One reading for the form, for files and for texts over HTTP.

use serde_json::Value;

use crate::text::Text;

/// A number that was written as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Whether there is a minus sign before it.
    pub is_negative: bool,
    /// The digits before the decimal separator, without leading zeros; empty for zero.
    pub units: String,
    /// The digits after it, without the zeros at their end.
    pub decimals: String,
}

impl Decimal {
    /// A whole number as JSON. More than a JSON number holds is more than any rule allows.
    pub fn to_json(&self) -> Value {
        let count = match self.units.as_str() {
            "" => 0,
            units => units.parse().unwrap_or(u64::MAX),
        };
        match i64::try_from(count) {
            Ok(count) if self.is_negative => (-count).into(),
            _ => count.into(),
        }
    }
}

/// Why a text is not taken for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// It is none.
    NotANumber,
    /// It has exactly three digits after its only separator: `1,000` is one to some people and a
    /// thousand to others.
    Ambiguous,
}

/// The character that parts thousands in a language, by which a reader's `1.000` is no longer
/// ambiguous where no decimals are possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouping(char);

impl Grouping {
    /// The grouping of a language.
    pub fn new(text: &Text) -> Option<Self> {
        text.get("number.group").chars().next().map(Self)
    }
}

/// Separators that can only part thousands: spaces of all kinds, and the apostrophe.
const GROUP_ONLY: [char; 6] = [' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '\u{2019}'];

/// Reads a number that may have decimals.
pub fn read(text: &str) -> Result<Decimal, NumberError> {
    read_grouped(text, None)
}

/// Reads a whole number, for a reader whose language groups by this character. Decimals may follow
/// if they are zeros.
pub fn read_whole(text: &str, grouping: Option<Grouping>) -> Result<Decimal, NumberError> {
    let number = read_grouped(text, grouping)?;
    if number.decimals.is_empty() {
        Ok(number)
    } else {
        Err(NumberError::NotANumber)
    }
}

fn read_grouped(text: &str, grouping: Option<Grouping>) -> Result<Decimal, NumberError> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '\u{2212}']);
    let (is_negative, digits) = (unsigned.is_some(), unsigned.unwrap_or(text));
    let (units, decimals) = split(digits, grouping)?;
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber);
    }
    let units = ungroup(units)?;
    Ok(Decimal {
        is_negative,
        units: units.trim_start_matches('0').to_owned(),
        decimals: decimals.trim_end_matches('0').to_owned(),
    })
}

/// The digits before and after the decimal separator; those before may be grouped.
fn split(digits: &str, grouping: Option<Grouping>) -> Result<(&str, &str), NumberError> {
    let is_separator = |c: &char| matches!(c, '.' | ',');
    let Some(last) = digits.rfind(['.', ',']) else {
        return Ok((digits, ""));
    };
    let separators: Vec<char> = digits.chars().filter(is_separator).collect();
    let separator = separators[separators.len() - 1];
    let (before, after) = (&digits[..last], &digits[last + 1..]);
    let is_grouped_otherwise = before.contains(GROUP_ONLY);
    match separators[..] {
        [_] if after.len() == 3 && !is_grouped_otherwise => {
            if grouping == Some(Grouping(separator)) {
                Ok((digits, ""))
            } else {
                Err(NumberError::Ambiguous)
            }
        }
        [_] => Ok((before, after)),
        // Twice the same can only part thousands.
        _ if separators.iter().all(|other| *other == separator) => Ok((digits, "")),
        // The last of two kinds parts the decimals, and the other one thousands.
        _ if separators
            .iter()
            .filter(|other| **other == separator)
            .count()
            == 1 =>
        {
            Ok((before, after))
        }
        _ => Err(NumberError::NotANumber),
    }
}

/// Takes the separators of thousands out: one kind, each before three digits.
fn ungroup(digits: &str) -> Result<String, NumberError> {
    let mut groups = digits.split(|c: char| !c.is_ascii_digit());
    let first = groups.next().unwrap_or_default();
    let mut separators = digits.chars().filter(|c| !c.is_ascii_digit());
    let Some(separator) = separators.next() else {
        return match first {
            "" => Err(NumberError::NotANumber),
            plain => Ok(plain.to_owned()),
        };
    };
    let is_one_kind = separators.all(|other| other == separator);
    let can_group = matches!(separator, '.' | ',') || GROUP_ONLY.contains(&separator);
    let are_thousands = groups.all(|group| group.len() == 3);
    if is_one_kind && can_group && are_thousands && (1..=3).contains(&first.len()) {
        Ok(digits.chars().filter(char::is_ascii_digit).collect())
    } else {
        Err(NumberError::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: Result<Decimal, NumberError>) -> Result<String, NumberError> {
        let Decimal {
            is_negative,
            units,
            decimals,
        } = number?;
        let sign = if is_negative { "-" } else { "" };
        Ok(format!("{sign}{units}.{decimals}"))
    }

    #[test]
    fn a_number_is_read_however_it_is_grouped() {
        for (text, number) in [
            ("0", "."),
            ("007", "7."),
            ("1234", "1234."),
            ("1234.5", "1234.5"),
            ("1234,50", "1234.5"),
            (" 12. ", "12."),
            ("1.234,56", "1234.56"),
            ("1,234.56", "1234.56"),
            ("1,234,567", "1234567."),
            ("1.234.567", "1234567."),
            ("1.234.567,8", "1234567.8"),
            ("1 234,5", "1234.5"),
            ("1\u{a0}234\u{a0}567,5", "1234567.5"),
            ("1 234,567", "1234.567"),
            ("1'234.50", "1234.5"),
            ("12 345", "12345."),
            ("-1", "-1."),
            ("\u{2212}1,5", "-1.5"),
            ("1.0000", "1."),
            ("1.2345", "1.2345"),
        ] {
            assert_eq!(written(read(text)).as_deref(), Ok(number), "{text}");
        }
    }

    #[test]
    fn three_digits_after_the_only_separator_can_be_read_in_two_ways() {
        for text in [
            "1,000", "1.000", "1.200", "12,345", "0.500", "-1.999", "1234.567",
        ] {
            assert_eq!(read(text), Err(NumberError::Ambiguous), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "-",
            ".",
            ",",
            ".5",
            "abc",
            "1e3",
            "1.2.3",
            "1,2,3",
            "1.234,567.8",
            "1,234.5,6",
            "12 34",
            "1  234",
            "1 234'567",
            "1.234 567",
            "1234,567,890",
            "--1",
            "+1",
            "1a",
            "$1",
            ",234,567",
            "1,23.4",
            "1_000",
        ] {
            assert_eq!(read(text), Err(NumberError::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_whole_number_is_read_as_the_readers_language_groups_it() {
        let whole = |text, grouping| written(read_whole(text, Some(Grouping(grouping))));
        assert_eq!(whole("1.000", '.').as_deref(), Ok("1000."));
        assert_eq!(whole("1,000", ',').as_deref(), Ok("1000."));
        assert_eq!(whole("1.000", ','), Err(NumberError::Ambiguous));
        assert_eq!(whole("1.000.000", ',').as_deref(), Ok("1000000."));
        assert_eq!(whole("1234.567", '.'), Err(NumberError::NotANumber));
        assert_eq!(whole("12,0", '.').as_deref(), Ok("12."));
        assert_eq!(whole("12.00", '.').as_deref(), Ok("12."));
        assert_eq!(whole("12.5", '.'), Err(NumberError::NotANumber));
        assert_eq!(read_whole("1.000", None), Err(NumberError::Ambiguous));
        let text = Text::from_json(r#"{"number.group": "."}"#).expect("JSON");
        assert_eq!(Grouping::new(&text), Some(Grouping('.')));
    }
}
