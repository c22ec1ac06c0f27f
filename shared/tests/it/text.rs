//! The words: both languages say everything, in the same places.

use std::collections::BTreeSet;

use shared::{Language, Price, Reason, Rule, Text};
use strum::IntoEnumIterator;

fn text(language: Language) -> Text {
    let path = format!(
        "{}/../views/text.{language}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let json = std::fs::read_to_string(path).expect("a language file");
    Text::from_json(&json).expect("JSON")
}

/// The `{places}` of a sentence.
fn places(sentence: &str) -> BTreeSet<&str> {
    let parts = sentence.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn both_languages_have_the_same_keys_and_places() {
    let (english, spanish) = (text(Language::English), text(Language::Spanish));
    let keys = |text: &Text| text.keys().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(keys(&english), keys(&spanish));
    for key in english.keys() {
        assert_eq!(places(english.get(key)), places(spanish.get(key)), "{key}");
        assert!(!spanish.get(key).is_empty(), "{key}");
    }
}

#[test]
fn every_reason_and_every_rule_has_its_words() {
    for language in Language::ALL {
        let text = text(language);
        let has = |key: String| text.keys().any(|there| there == key);
        for reason in Reason::iter() {
            assert!(has(format!("problem.{}", reason.code())), "{reason:?}");
            assert!(!reason.tell(&text).message.contains('{'), "{reason:?}");
        }
        for rule in Rule::iter() {
            assert!(has(format!("field.{}", rule.code())), "{rule:?}");
        }
    }
}

#[test]
fn numbers_are_written_the_way_of_the_language() {
    let price = Price::from_cents(123_456_789).expect("a price");
    assert_eq!(text(Language::English).price(price), "1,234,567.89");
    assert_eq!(text(Language::Spanish).price(price), "1.234.567,89");
    assert_eq!(text(Language::English).number(999), "999");
    assert_eq!(text(Language::Spanish).number(1_000), "1.000");
}

#[test]
fn a_value_that_looks_like_a_place_stays_as_it_is() {
    let text = Text::from_json(r#"{"k": "{a} and {b}, {c"}"#).expect("JSON");
    let filled = text.fill("k", &[("a", "{b}"), ("b", "x")]);
    assert_eq!(filled, "{b} and x, {c");
}

#[test]
fn a_language_is_found_by_its_tag_whatever_the_region() {
    assert_eq!(Language::from_tag("es-MX"), Some(Language::Spanish));
    assert_eq!(Language::from_tag("EN"), Some(Language::English));
    assert_eq!(Language::from_tag("de"), None);
}

#[test]
fn counts_and_prices_are_filled_in() {
    let words = r#"{"list.count_one": "{count} product", "list.count": "{count} products",
        "number.group": ",", "number.decimal": ".", "problem.x": "<{value}>"}"#;
    let text = Text::from_json(words).expect("JSON");
    assert_eq!(text.product_count(0), "0 products");
    assert_eq!(text.product_count(1), "1 product");
    assert_eq!(text.product_count(1_234), "1,234 products");
    assert_eq!(text.fill_count("list.count", 2), "2 products");
    assert_eq!(text.problem("x", &[("value", "y")]), "<y>");
    assert_eq!(text.get("list.count_one"), "{count} product");
    assert_eq!(text.get("missing"), "missing", "a missing key shows itself");
    assert_eq!(text.number(0), "0");
    assert_eq!(text.number(100_000), "100,000");
    assert_eq!(text.number(1_000_000), "1,000,000");
    assert_eq!(text.price(Price::from_cents(5).expect("a price")), "0.05");
    assert_eq!(text.keys().count(), 5);
    assert!(Text::from_json("[]").is_err());
}

#[test]
fn a_language_is_called_by_its_tag() {
    for language in Language::ALL {
        assert_eq!(Language::from_tag(language.tag()), Some(language));
        assert_eq!(language.to_string(), language.tag());
    }
    assert_eq!(Language::English.tag(), "en");
    assert_eq!(Language::Spanish.tag(), "es");
}
