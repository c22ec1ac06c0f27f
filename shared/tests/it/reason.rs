//! Why something was refused, in names that programs rely on and in words for people.

use shared::{FieldReason, PriceError, ProductId, Reason, Revision, Rule, Text};
use strum::IntoEnumIterator;

/// Words that show what is filled into them.
fn text() -> Text {
    let mut words = serde_json::Map::new();
    for reason in Reason::iter() {
        let key = format!("problem.{}", reason.code());
        words.insert(key, "{value}{limit}".into());
    }
    for rule in Rule::iter() {
        let key = format!("field.{}", rule.code());
        words.insert(key, "{field} {limit} {options}".into());
    }
    words.insert(
        "problem.code_taken_by".to_owned(),
        "{value} of {title}".into(),
    );
    words.insert("number.group".to_owned(), ",".into());
    Text::from_json(&serde_json::Value::Object(words).to_string()).expect("JSON")
}

#[test]
fn the_names_of_reasons_and_rules_stay() {
    let reasons: Vec<&str> = Reason::iter().map(|reason| reason.code()).collect();
    let expected = [
        "invalid",
        "code_taken",
        "not_found",
        "not_kept",
        "changed",
        "malformed",
        "unknown_message",
        "not_text",
        "not_utf8",
        "not_saved",
        "outcome_unknown",
        "stopping",
        "key_reused",
        "not_tried",
        "too_many_cells",
        "unclosed_quote",
        "sign_in_first",
        "may_not_edit",
        "too_often",
    ];
    assert_eq!(reasons, expected);
    let rules: Vec<&str> = Rule::iter().map(Rule::code).collect();
    let expected = [
        "required",
        "too_long",
        "too_many",
        "control",
        "not_text",
        "not_a_number",
        "ambiguous",
        "too_many_decimals",
        "not_whole",
        "negative",
        "too_high",
        "not_a_bool",
        "not_a_list",
        "not_an_url",
        "unknown",
        "taken",
        "not_one_of",
        "not_a_mapping",
        "not_a_moment",
        "not_a_cursor",
        "twice",
        "another",
        "more",
    ];
    assert_eq!(rules, expected);
}

#[test]
fn a_reason_is_told_with_what_it_is_about() {
    let text = text();
    let cases = [
        (
            Reason::CodeTaken("LMP-1".to_owned(), Some("Lamp".to_owned())),
            "LMP-1 of Lamp",
        ),
        (Reason::CodeTaken("LMP-1".to_owned(), None), "LMP-1"),
        (Reason::NotFound(ProductId(7)), "7"),
        (Reason::NotKept(ProductId(7)), "7"),
        (Reason::Changed(ProductId(7), Revision(9)), "7"),
        (Reason::Malformed("line 1".to_owned()), "line 1"),
        (Reason::UnknownMessage("sing".to_owned()), "sing"),
        (Reason::KeyReused("k".to_owned()), "k"),
        (Reason::NotSaved, ""),
        (Reason::OutcomeUnknown, ""),
        (Reason::NotText, ""),
        (Reason::NotUtf8, ""),
        (Reason::Stopping, ""),
        (Reason::NotTried, ""),
        (Reason::UnclosedQuote, ""),
        (Reason::TooManyCells(6, 5), "65"),
    ];
    for (reason, value) in cases {
        let problem = reason.tell(&text);
        assert_eq!(problem.message, value, "{reason:?}");
        assert_eq!(problem.code, reason.code());
    }
}

#[test]
fn the_fields_that_are_the_reason_are_told_each_in_its_words() {
    let text = text();
    let invalid = Reason::Invalid(vec![
        FieldReason::new("title", Rule::TooLong(1_200)),
        FieldReason::new("title", Rule::Control),
        FieldReason::new("stock", Rule::TooHigh(9)),
        FieldReason::new("thumbnails", Rule::TooMany(10)),
        FieldReason::new("sort", Rule::NotOneOf(&["a", "b"])),
    ]);
    let problem = invalid.tell(&text);
    assert_eq!(problem.message, "title, stock, thumbnails, sort");
    let fields = problem.fields.iter();
    let fields: Vec<_> = fields
        .map(|field| {
            (
                field.field.as_str(),
                field.code.as_str(),
                field.message.as_str(),
            )
        })
        .collect();
    let expected = [
        ("title", "too_long", "title 1,200 "),
        ("title", "control", "title 0 "),
        ("stock", "too_high", "stock 9 "),
        ("thumbnails", "too_many", "thumbnails 10 "),
        ("sort", "not_one_of", "sort 0 a, b"),
    ];
    assert_eq!(fields, expected);
    let taken = Reason::CodeTaken("x".to_owned(), None);
    assert_eq!(taken.fields(), [FieldReason::new("code", Rule::Taken)]);
    assert_eq!(Reason::NotSaved.fields(), []);
    assert_eq!(Reason::NotSaved.tell(&text).fields, []);
}

#[test]
fn what_is_wrong_with_a_price_is_a_rule() {
    for (error, rule) in [
        (PriceError::NotANumber, Rule::NotANumber),
        (PriceError::Ambiguous, Rule::Ambiguous),
        (PriceError::TooManyDecimals, Rule::TooManyDecimals),
        (PriceError::Negative, Rule::Negative),
        (PriceError::TooHigh, Rule::TooHigh(1_000_000_000)),
    ] {
        assert_eq!(Rule::from(error), rule);
    }
}
