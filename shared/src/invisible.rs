//! Characters that nobody sees. Two texts that differ in them look the same, and a text of nothing
//! else looks like none.

/// Whether a character shows nothing by itself (Unicode's `Default_Ignorable_Code_Point`, and the
/// blank ones among letters and symbols).
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character turns the direction of those after it around, beyond the end of the text
/// it stands in unless that is isolated (Unicode Standard Annex 9).
pub fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character is nothing at the ends of a text: space, and what programs leave there.
/// Joiners are not, since an emoji may end with one.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_signs_are_seen_and_joiners_and_marks_of_direction_are_not() {
        for c in ['a', 'ñ', '中', '1', '-', ' ', '\u{301}', '👩'] {
            assert!(!is_invisible(c) && !turns_direction(c), "{c:?}");
        }
        for c in [
            '\u{200b}', '\u{200d}', '\u{ad}', '\u{feff}', '\u{202e}', '\u{fe0f}',
        ] {
            assert!(is_invisible(c), "{c:?}");
        }
        assert!(turns_direction('\u{202e}') && turns_direction('\u{2067}'));
        assert!(!turns_direction('\u{200f}'), "a mark turns nothing around");
        assert!(is_blank('\u{a0}') && is_blank('\u{feff}') && !is_blank('\u{200d}'));
    }
}
