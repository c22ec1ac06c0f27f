//! What people and programs are called.

use shared::invisible::{is_invisible, turns_direction};

/// The most characters of a name.
pub const MAX_NAME_CHARS: usize = 64;

/// A name as it is kept, if it can be one: of visible characters and spaces between them.
pub fn check_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let hides = |char: char| char.is_control() || is_invisible(char) || turns_direction(char);
    let is_visible = !name.chars().any(hides);
    let is_short = name.chars().count() <= MAX_NAME_CHARS;
    (!name.is_empty() && is_visible && is_short).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen() {
        assert_eq!(check_name(" Ana María "), Some("Ana María"));
        for wrong in ["", "  ", "a\nb", "a\u{200b}b", "a\0", &"x".repeat(65)] {
            assert_eq!(check_name(wrong), None, "{wrong:?}");
        }
    }
}
