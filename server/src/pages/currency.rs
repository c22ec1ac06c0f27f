//! What prices are in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A currency, by its code (ISO 4217).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Currency(Arc<str>);

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.trim().to_ascii_uppercase();
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(code.into()))
        } else {
            Err("give the three letters of a currency, such as EUR".to_owned())
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_has_three_letters() {
        let read = |text: &str| text.parse::<Currency>().map(|code| code.to_string());
        assert_eq!(read("eur"), Ok("EUR".to_owned()));
        for wrong in ["", "€", "EURO", "E1R"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
