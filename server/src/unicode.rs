//! Texts that look the same to people and differ to programs: normalization (Unicode Standard
//! Annex 15) where they enter, and folding where they are searched.

use std::borrow::Cow;

use caseless::Caseless;
use shared::invisible::is_invisible;
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
    // Before folding, which makes a letter of the iota below others, and after it, since it
    // composes a few.
    let bare = without_accents(text.nfkd().filter(|c| !is_invisible(*c)));
    let folded = without_accents(bare.chars().default_case_fold().nfkd());
    let mut without_strokes = String::with_capacity(folded.len());
    for c in folded.chars() {
        match without_stroke(c) {
            Some(bare) => without_strokes.push_str(bare),
            None => without_strokes.push(c),
        }
    }
    without_strokes.nfc().collect()
}

/// Decomposed characters without the marks that stand on Latin or Greek letters.
fn without_accents(chars: impl Iterator<Item = char>) -> String {
    let mut is_on_letter = false;
    chars
        .filter(|c| {
            let is_mark = ('\u{300}'..='\u{36f}').contains(c);
            if !is_mark {
                is_on_letter = can_have_accents(*c);
            }
            !(is_mark && is_on_letter)
        })
        .collect()
}

/// Whether a letter is Latin or Greek.
fn can_have_accents(c: char) -> bool {
    c.is_ascii_alphabetic()
        || c.is_alphabetic()
            && matches!(c, '\u{c0}'..='\u{2af}' | '\u{370}'..='\u{3ff}' | '\u{1e00}'..='\u{1fff}')
}

/// The letters that people write for Latin letters whose stroke or form Unicode takes for a part
/// of the letter.
fn without_stroke(c: char) -> Option<&'static str> {
    Some(match c {
        'ƀ' => "b",
        'ȼ' => "c",
        'đ' | 'ð' => "d",
        'ɇ' => "e",
        'ǥ' => "g",
        'ħ' => "h",
        'ı' | 'ɨ' => "i",
        'ɉ' => "j",
        'ł' | 'ƚ' | 'ⱡ' => "l",
        'ø' => "o",
        'ɍ' => "r",
        'ŧ' => "t",
        'ʉ' => "u",
        'ɏ' => "y",
        'ƶ' => "z",
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
            ("mɔ́kɔ́", "mɔkɔ"),
            ("ƀlue", "blue"),
            ("ᾠδή", "ωδη"),
            ("Lam\u{ad}penschirm", "lampenschirm"),
            ("Tee\u{200b}kanne", "teekanne"),
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
