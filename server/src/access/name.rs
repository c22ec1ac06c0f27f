//! What people and programs are called.

use shared::invisible::{is_invisible, turns_direction};
use unicode_normalization::UnicodeNormalization;

/// The most characters of a name.
pub const MAX_NAME_CHARS: usize = 64;

/// A name as it is kept, if it can be one: of visible characters and spaces between them, composed (Unicode
/// Standard Annex 15, NFC), since keyboards differ in how they write the same letters.
pub fn check_name(name: &str) -> Option<String> {
    let name: String = name.trim().nfc().collect();
    let hides = |char: char| char.is_control() || is_invisible(char) || turns_direction(char);
    let is_visible = !name.chars().any(hides);
    let is_short = name.chars().count() <= MAX_NAME_CHARS;
    (!name.is_empty() && is_visible && is_short).then_some(name)
}

/// What is the same for all ways to write a name.
pub fn fold_name(name: &str) -> String {
    let lower = name.trim().nfc().collect::<String>().to_lowercase();
    lower.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen() {
        let name = Some("Ana María".to_owned());
        assert_eq!(check_name(" Ana María "), name);
        assert_eq!(check_name("Ana Mari\u{301}a"), name);
        for wrong in ["", "  ", "a\nb", "a\u{200b}b", "a\0", &"x".repeat(65)] {
            assert_eq!(check_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for same in ["josé", "JOSÉ", "jose\u{301}", " José "] {
            assert_eq!(fold_name(same), "josé");
        }
        assert_ne!(fold_name("jose"), "josé");
    }
}
