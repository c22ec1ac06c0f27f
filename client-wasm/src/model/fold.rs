//! Texts as they are searched and sorted: without case, and without the accents of Latin and Greek
//! letters, as the server's own search has them.

use std::borrow::Cow;

/// Brings a text into Unicode's Normalization Form KD.
pub type Decompose = fn(&str) -> String;

/// A text as it is searched and sorted.
pub fn fold(text: &str, decompose: Decompose) -> Cow<'_, str> {
    if !text.is_ascii() {
        return fold_unicode(text, decompose).into();
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text.to_ascii_lowercase().into();
    }
    text.into()
}

fn fold_unicode(text: &str, decompose: Decompose) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut is_on_letter = false;
    for c in decompose(text).chars() {
        let is_mark = ('\u{300}'..='\u{36f}').contains(&c);
        if !is_mark {
            is_on_letter = can_have_accents(c);
        }
        if (is_mark && is_on_letter) || shared::invisible::is_invisible(c) {
            continue;
        }
        for c in c.to_lowercase() {
            match spelled_out(c) {
                Some(letters) => folded.push_str(letters),
                // Turkish capitals bring their dot along.
                None if ('\u{300}'..='\u{36f}').contains(&c) && is_on_letter => {}
                None => folded.push(c),
            }
        }
    }
    folded
}

/// Whether a letter is Latin or Greek.
fn can_have_accents(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\u{c0}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}')
}

/// The letters that people write for one whose stroke or form Unicode takes for a part of it.
fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ς' => "σ",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a browser does, for the letters of these tests.
    fn decompose(text: &str) -> String {
        let mut plain = String::new();
        for c in text.chars() {
            match c {
                'Á' => plain.push_str("A\u{301}"),
                'á' => plain.push_str("a\u{301}"),
                'é' => plain.push_str("e\u{301}"),
                'ñ' => plain.push_str("n\u{303}"),
                'İ' => plain.push_str("I\u{307}"),
                'が' => plain.push_str("か\u{3099}"),
                'й' => plain.push_str("и\u{306}"),
                c => plain.push(c),
            }
        }
        plain
    }

    #[test]
    fn case_and_accents_of_latin_letters_do_not_matter() {
        for (text, folded) in [
            ("Lamp", "lamp"),
            ("lamp", "lamp"),
            ("LÁMPARA", "lampara"),
            ("Ñandú".replace('Ñ', "ñ").as_str(), "nandú"),
            ("Straße", "strasse"),
            ("Smørrebrød", "smorrebrod"),
            ("ISPARTA ısparta İ", "isparta isparta i"),
            ("Ærø", "aero"),
            ("Lam\u{ad}pe", "lampe"),
        ] {
            assert_eq!(fold(text, decompose), folded, "{text}");
        }
        assert_ne!(fold("が", decompose), fold("か", decompose));
        assert_ne!(fold("й", decompose), fold("и", decompose));
    }
}
