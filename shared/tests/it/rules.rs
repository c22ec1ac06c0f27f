//! The rules, field by field, at their limits.

use crate::nfc;
use serde_json::{Value, json};
use shared::{Draft, Fields, Patch, Price, Reason, Rule};

fn fields(value: Value) -> Fields {
    serde_json::from_value(value).expect("an object")
}

/// A good draft but for one field; without it where `value` is `None`.
fn with(field: &str, value: Option<Value>) -> Fields {
    let mut draft = json!({
        "title": "Lamp", "description": "", "code": "lamp", "price": 1, "status": true,
        "stock": 1, "category": "home", "thumbnails": [],
    });
    let object = draft.as_object_mut().expect("an object");
    match value {
        Some(value) => object.insert(field.to_owned(), value),
        None => object.remove(field),
    };
    fields(draft)
}

/// The rule a draft with this field breaks; `ok` where it breaks none.
fn broken(field: &str, value: Option<Value>) -> String {
    match with(field, value).draft(nfc) {
        Ok(_) => "ok".to_owned(),
        Err(Reason::Invalid(reasons)) => {
            assert_eq!(reasons.len(), 1, "{reasons:?}");
            assert_eq!(reasons[0].field, field);
            reasons[0].rule.code().to_owned()
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn check(field: &str, cases: Vec<(Value, &str)>) {
    for (value, rule) in cases {
        let text = value.to_string();
        let short: String = text.chars().take(60).collect();
        assert_eq!(broken(field, Some(value)), rule, "{field}: {short}");
    }
}

#[test]
fn texts_have_limits_in_characters_after_trimming() {
    for (field, limit) in [("title", 200), ("code", 64), ("category", 100)] {
        check(
            field,
            vec![
                (json!("x"), "ok"),
                (json!("ñ".repeat(limit)), "ok"),
                (json!(format!("  {}  ", "x".repeat(limit))), "ok"),
                (json!("x".repeat(limit + 1)), "too_long"),
                (json!(""), "required"),
                (json!(" \t "), "required"),
                (json!("a\u{0}b"), "control"),
                (json!("a\nb"), "control"),
                (json!("a\u{7f}b"), "control"),
                (json!(7), "not_text"),
                (json!(null), "not_text"),
            ],
        );
        assert_eq!(broken(field, None), "required");
    }
}

#[test]
fn a_description_may_be_absent_and_have_lines() {
    check(
        "description",
        vec![
            (json!(""), "ok"),
            (json!("one\r\n\ttwo"), "ok"),
            (json!("x".repeat(2_000)), "ok"),
            (json!("x".repeat(2_001)), "too_long"),
            (json!("a\u{1}b"), "control"),
            (json!([]), "not_text"),
        ],
    );
    assert_eq!(broken("description", None), "ok");
}

#[test]
fn a_price_has_two_decimals_and_a_range() {
    check(
        "price",
        vec![
            (json!(0), "ok"),
            (json!(-0.0), "ok"),
            (json!(0.01), "ok"),
            (json!(19.9), "ok"),
            (json!(1_000_000_000), "ok"),
            (json!(1_000_000_000.0), "ok"),
            (json!("1000000000.00"), "ok"),
            (json!(" 19,99 "), "ok"),
            (json!("1.500"), "ambiguous"),
            (json!("1,000"), "ambiguous"),
            (json!("1.5000"), "ok"),
            (json!(1_000_000_000.01), "too_high"),
            (json!(1e300), "too_high"),
            (json!(u64::MAX), "too_high"),
            (json!("99999999999999999999999999"), "too_high"),
            (json!(-0.01), "negative"),
            (json!("-1"), "negative"),
            (json!(-1e300), "negative"),
            (json!(0.001), "too_many_decimals"),
            (json!(1e-9), "too_many_decimals"),
            (json!("1.999"), "ambiguous"),
            (json!("1.9999"), "too_many_decimals"),
            (json!(1.999), "too_many_decimals"),
            (json!("1e3"), "not_a_number"),
            (json!("1.234,56"), "ok"),
            (json!("1,234.56"), "ok"),
            (json!("1.2.3"), "not_a_number"),
            (json!("abc"), "not_a_number"),
            (json!(true), "not_a_number"),
            (json!(""), "required"),
        ],
    );
    assert_eq!(broken("price", None), "required");
}

#[test]
fn a_stock_is_a_whole_number() {
    check(
        "stock",
        vec![
            (json!(0), "ok"),
            (json!(12.0), "ok"),
            (json!(u32::MAX), "ok"),
            (json!(u64::from(u32::MAX) + 1), "too_high"),
            (json!(-1), "negative"),
            (json!(-0.5), "negative"),
            (json!(1.5), "not_whole"),
            (json!("1"), "not_whole"),
            (json!(null), "not_whole"),
        ],
    );
    assert_eq!(broken("stock", None), "required");
}

#[test]
fn a_status_is_true_unless_given() {
    check(
        "status",
        vec![(json!(false), "ok"), (json!("yes"), "not_a_bool")],
    );
    let draft = with("status", None).draft(nfc).expect("a draft");
    assert!(draft.status);
}

#[test]
fn thumbnails_are_addresses_of_the_web_or_of_this_server() {
    let url = "https://example.com/a.png";
    check(
        "thumbnails",
        vec![
            (json!([]), "ok"),
            (
                json!([url, "http://x/y", "HTTPS://x", "/images/a.png"]),
                "ok",
            ),
            (json!(vec![url; 10]), "ok"),
            (json!(vec![url; 11]), "too_many"),
            (json!([format!("/{}", "x".repeat(1_999))]), "ok"),
            (json!([format!("/{}", "x".repeat(2_000))]), "too_long"),
            (json!([""]), "not_an_url"),
            (json!(["javascript:alert(1)"]), "not_an_url"),
            (json!(["data:image/png;base64,"]), "not_an_url"),
            (json!(["//evil.example/a.png"]), "not_an_url"),
            (json!(["/\\evil.example"]), "not_an_url"),
            (json!(["https://"]), "not_an_url"),
            (json!(["https:///path"]), "not_an_url"),
            (json!(["/a b"]), "not_an_url"),
            (json!("/a"), "not_a_list"),
            (json!([1]), "not_a_list"),
        ],
    );
    assert_eq!(broken("thumbnails", None), "ok");
}

#[test]
fn every_failing_field_is_told_at_once_unknown_ones_by_name() {
    let given =
        fields(json!({"title": " ", "price": 1.999, "stock": -1, "colour": "red", "id": 1}));
    let Err(Reason::Invalid(reasons)) = given.draft(nfc) else {
        panic!("accepted");
    };
    let mut names: Vec<_> = reasons.iter().map(|r| r.field.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "category", "code", "colour", "id", "price", "stock", "title"
        ]
    );
}

#[test]
fn a_patch_keeps_the_same_rules_for_what_it_names() {
    assert_eq!(fields(json!({})).patch(nfc), Ok(Patch::default()));
    let patch = fields(json!({"price": "2,50", "stock": 0})).patch(nfc);
    let patch = patch.expect("a patch");
    assert_eq!(patch.price, Price::from_cents(250));
    assert_eq!(patch.stock, Some(0));
    for bad in [
        json!({"title": ""}),
        json!({"code": " "}),
        json!({"x": 1}),
        json!({"price": null}),
    ] {
        assert!(fields(bad.clone()).patch(nfc).is_err(), "{bad}");
    }
}

#[test]
fn what_passed_the_rules_passes_them_again() {
    let draft = with("title", Some(json!("  Lamp  ")))
        .draft(nfc)
        .expect("a draft");
    assert_eq!(&*draft.title, "Lamp");
    let again = Fields::from(&draft).draft(nfc);
    assert_eq!(again.as_ref(), Ok(&draft));
    let json = serde_json::to_string(&draft).expect("JSON");
    let read: Draft = serde_json::from_str(&json).expect("a draft");
    assert_eq!(read, draft);
}

#[test]
fn a_price_is_kept_to_the_cent() {
    for (text, cents, json) in [
        ("19,99", 1_999, "19.99"),
        ("20", 2_000, "20"),
        ("0.1", 10, "0.1"),
        ("999999999.99", 99_999_999_999, "999999999.99"),
    ] {
        let price = Price::parse(text).expect("a price");
        assert_eq!(price.cents(), cents);
        assert_eq!(serde_json::to_string(&price).expect("JSON"), json);
        assert_eq!(serde_json::from_str::<Price>(json).expect("a price"), price);
    }
}

#[test]
fn null_takes_a_field_away() {
    let patch = fields(json!({"description": null, "thumbnails": null, "status": null})).patch(nfc);
    let patch = patch.expect("a patch");
    assert_eq!(patch.description.as_deref(), Some(""));
    assert_eq!(patch.thumbnails, Some(Box::default()));
    assert_eq!(patch.status, Some(true));
    let required =
        json!({"title": null, "code": null, "price": null, "stock": null, "category": null});
    let Err(Reason::Invalid(failed)) = fields(required).patch(nfc) else {
        panic!("required fields were taken away");
    };
    assert_eq!(failed.len(), 5);
    assert!(
        failed.iter().all(|reason| reason.rule == Rule::Required),
        "{failed:?}"
    );
}

#[test]
fn what_is_wrong_comes_before_what_is_missing() {
    let given = fields(json!({"stock": -1, "price": "a lot", "x": 1, "status": 7}));
    let Err(Reason::Invalid(failed)) = given.draft(nfc) else {
        panic!("accepted");
    };
    let names: Vec<_> = failed.iter().map(|reason| reason.field.as_str()).collect();
    assert_eq!(
        names,
        ["price", "status", "stock", "title", "code", "category", "x"]
    );
}

#[test]
fn a_patch_can_be_sent_as_the_fields_it_names() {
    let patch = Patch {
        stock: Some(4),
        ..Patch::default()
    };
    assert_eq!(Fields::from(&patch), fields(json!({"stock": 4})));
    assert_eq!(Fields::from(&patch).patch(nfc), Ok(patch));
}

#[test]
fn texts_are_kept_composed_and_a_text_of_nothing_that_is_seen_is_none() {
    let draft = with("title", Some(json!("cafe\u{301}")))
        .draft(nfc)
        .expect("a draft");
    assert_eq!(&*draft.title, "caf\u{e9}");
    for field in ["title", "code", "category"] {
        let invisible = [
            "\u{200b}",
            "\u{feff}\u{200d}",
            "\u{ad} \u{2060}",
            "\u{3164}",
            "\u{2800}",
        ];
        for text in invisible {
            assert_eq!(
                broken(field, Some(json!(text))),
                "required",
                "{field}: {text:?}"
            );
        }
        check(
            field,
            vec![
                (json!("\u{feff}x\u{200b}"), "ok"),
                (json!("a\u{202e}b"), "control"),
                (json!("a\u{2066}b"), "control"),
            ],
        );
    }
    // Emoji, Persian and Hindi are written with joiners, and Hebrew with marks of direction.
    for text in [
        "👩\u{200d}🔧 set",
        "می\u{200c}خواهم",
        "क्\u{200d}ष",
        "❤\u{fe0f}",
        "a\u{200f}b",
    ] {
        let draft = with("title", Some(json!(text)))
            .draft(nfc)
            .expect("a draft");
        assert_eq!(&*draft.title, text);
    }
}

#[test]
fn a_code_has_nothing_in_it_that_nobody_sees() {
    check(
        "code",
        vec![
            (json!("a\u{200b}b"), "control"),
            (json!("a\u{ad}b"), "control"),
            (json!("a\u{200d}b"), "control"),
            (json!("a\u{feff}b"), "control"),
            (json!("a\u{200e}b"), "control"),
            (json!("a\tb"), "control"),
        ],
    );
    let draft = with("code", Some(json!("LMP\u{a0}1\u{2003}b")))
        .draft(nfc)
        .expect("a draft");
    assert_eq!(&*draft.code, "LMP 1 b");
}

#[test]
fn in_a_file_null_stands_for_a_field_that_is_not_there() {
    let draft = with("description", Some(json!(null))).draft_without_nulls(nfc);
    assert_eq!(&*draft.expect("a draft").description, "");
    let draft = with("status", Some(json!(null))).draft_without_nulls(nfc);
    assert!(draft.expect("a draft").status);
    let Err(Reason::Invalid(failed)) = with("stock", Some(json!(null))).draft_without_nulls(nfc)
    else {
        panic!("accepted");
    };
    assert_eq!(failed[0].rule, Rule::Required);
    assert_eq!(broken("stock", Some(json!("1,000"))), "ambiguous");
}

#[test]
fn a_name_that_is_there_twice_makes_no_fields() {
    let twice: Result<Fields, _> = serde_json::from_str(r#"{"title":"a","title":"b"}"#);
    let why = twice.expect_err("accepted").to_string();
    assert!(why.contains("title is there twice"), "{why}");
    let list: Result<Fields, _> = serde_json::from_str("[]");
    let why = list.expect_err("accepted").to_string();
    assert!(why.contains("an object of fields"), "{why}");
}
