//! What people and programs are called.

use caseless::Caseless;
use shared::invisible::{is_invisible, turns_direction};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The most characters of a name.
pub const MAX_NAME_CHARS: usize = 64;

/// A name as it is kept, if it can be one: of visible characters and spaces between them, composed (Unicode
/// Standard Annex 15, NFC), since keyboards differ in how they write the same letters.
pub fn check_name(name: &str) -> Option<String> {
    let name: String = one_space(name).nfc().collect();
    let hides = |char: char| {
        char.is_control() || is_invisible(char) || turns_direction(char) || is_nothing(char)
    };
    let is_visible = !name.chars().any(hides);
    let is_short = name.chars().count() <= MAX_NAME_CHARS;
    let begins = name
        .chars()
        .next()
        .is_some_and(|first| !is_combining_mark(first));
    (begins && is_visible && is_short).then_some(name)
}

/// A name with one space between its words, of whatever kind they were.
fn one_space(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a character means nothing to others: of private use, or none at all (Unicode Standard, sections 23.5
/// and 23.7).
fn is_nothing(char: char) -> bool {
    let code = u32::from(char);
    matches!(code, 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xF0000..) || code & 0xFFFE == 0xFFFE
}

/// What is the same for all ways to write a name, wide letters and those of a ligature too (Unicode Standard,
/// section 3.13, like D146).
pub fn fold_name(name: &str) -> String {
    one_space(name).nfkc().default_case_fold().nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen() {
        let name = Some("Ana María".to_owned());
        assert_eq!(check_name(" Ana María "), name);
        assert_eq!(check_name("Ana Mari\u{301}a"), name);
        assert_eq!(check_name("Ana\u{3000} \u{a0}María"), name);
        let strange = ["\u{301}", "a\u{fffe}", "\u{e000}", "a\u{202e}b"];
        let wrong = ["", "  ", "a\u{200b}b", "a\0", &"x".repeat(65)];
        for wrong in wrong.into_iter().chain(strange) {
            assert_eq!(check_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for same in ["josé", "JOSÉ", "jose\u{301}", " José "] {
            assert_eq!(fold_name(same), "josé");
        }
        assert_ne!(fold_name("jose"), "josé");
        for [one, other] in [["ａdmin", "Admin"], ["ΟΔΟΣ", "οδος"], ["Straße", "STRASSE"]]
        {
            assert_eq!(fold_name(one), fold_name(other));
        }
    }
}
