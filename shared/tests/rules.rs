//! The rules, field by field.

use serde_json::json;
use shared::{Fields, Price, Reason};

fn fields(value: serde_json::Value) -> Fields {
    serde_json::from_value(value).expect("an object")
}

#[test]
fn every_failing_field_is_told_at_once() {
    let given = fields(json!({"title": " ", "price": 1.999, "stock": -1, "colour": "red"}));
    let Err(Reason::Invalid(reasons)) = given.draft() else {
        panic!("accepted");
    };
    let mut names: Vec<_> = reasons.iter().map(|r| r.field.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["category", "code", "colour", "price", "stock", "title"]
    );
}

#[test]
fn a_price_is_kept_to_the_cent() {
    let price = Price::parse("19,99").expect("a price");
    assert_eq!(price.cents(), 1_999);
    assert_eq!(serde_json::to_string(&price).expect("JSON"), "19.99");
}
