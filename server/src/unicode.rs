//! Texts that look the same to people and differ to programs: normalization (Unicode Standard
//! Annex 15) where they enter, and folding where they are searched.

use std::borrow::Cow;

use caseless::Caseless;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Brings a text into Normalization Form C.
pub fn nfc(text: &str) -> String {
    if is_nfc(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

/// A text as it is searched and sorted: without case, and without the accents of Latin and Greek
/// letters. Marks of other scripts stay, since there they make other words: the voicing of kana,
/// the vowels of Hindi.
pub fn fold(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return fold_unicode(text).into();
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text.to_ascii_lowercase().into();
    }
    text.into()
}

fn fold_unicode(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut can_have_accents = false;
    // Decomposed again after folding, which composes a few.
    for c in text.nfkd().default_case_fold().nfkd() {
        if ('\u{300}'..='\u{36f}').contains(&c) {
            if can_have_accents {
                continue;
            }
        } else {
            can_have_accents = c.is_ascii_alphabetic() || ('\u{370}'..='\u{3ff}').contains(&c);
        }
        match without_stroke(c) {
            Some(bare) => {
                folded.push_str(bare);
                can_have_accents = true;
            }
            None => folded.push(c),
        }
    }
    folded.nfc().collect()
}

/// The letters that people write for Latin letters whose stroke or form Unicode takes for a part
/// of the letter.
fn without_stroke(c: char) -> Option<&'static str> {
    Some(match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_the_same_become_the_same() {
        assert_eq!(nfc("cafe\u{301}"), "café");
        assert_eq!(nfc("café"), "café");
        assert_eq!(nfc("\u{1112}\u{1161}\u{11ab}"), "한");
    }

    #[test]
    fn case_and_accents_of_latin_and_greek_letters_do_not_matter() {
        for (text, folded) in [
            ("Lamp", "lamp"),
            ("lamp", "lamp"),
            ("LÁMPARA", "lampara"),
            ("cafe\u{301}", "cafe"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("Łódź", "lodz"),
            ("Smørrebrød", "smorrebrod"),
            ("ISPARTA ısparta İ", "isparta isparta i"),
            ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
            ("Σίσυφος", "σισυφοσ"),
            ("ﬁlet", "filet"),
            ("Ｔシャツ", "tシャツ"),
            ("Ærø", "aero"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn marks_that_make_other_words_stay() {
        assert_ne!(fold("がく"), fold("かく"));
        assert_ne!(fold("パン"), fold("ハン"));
        assert_ne!(fold("कि"), fold("क"));
        assert_ne!(fold("й"), fold("и"));
        assert_eq!(fold("が"), fold("か\u{3099}"));
    }
}
