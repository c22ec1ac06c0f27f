//! Products, the table of their fields, and the ids that name them.

use std::sync::Arc;

use serde_json::json;
use shared::{
    CatalogId, Change, ClientId, Draft, FieldRef, Kind, Patch, Price, Product, ProductId,
    RequestId, Revision,
};

fn draft() -> Draft {
    Draft {
        title: "Lamp".into(),
        description: "Warm".into(),
        code: "LMP-1".into(),
        price: Price::from_cents(1_999).expect("a price"),
        status: false,
        stock: 12,
        category: "home".into(),
        thumbnails: ["/a.png".into(), "/b.png".into()].into(),
    }
}

#[test]
fn the_table_of_fields_is_what_json_and_files_rely_on() {
    let names: Vec<&str> = Draft::FIELDS.iter().map(|field| field.name).collect();
    let expected = [
        "title",
        "description",
        "code",
        "price",
        "status",
        "stock",
        "category",
        "thumbnails",
    ];
    assert_eq!(names, expected);
    let required = Draft::FIELDS.iter().filter(|field| field.is_required);
    let required: Vec<&str> = required.map(|field| field.name).collect();
    assert_eq!(required, ["title", "code", "price", "stock", "category"]);
    let json = serde_json::to_value(draft()).expect("JSON");
    let object = json.as_object().expect("an object");
    assert!(names.iter().all(|name| object.contains_key(*name)));
    assert_eq!(object.len(), names.len());
    for field in Draft::FIELDS {
        assert!(!field.about.is_empty() && field.about == field.about.trim());
    }
}

#[test]
fn values_come_in_the_order_of_the_table_and_of_their_kind() {
    let draft = draft();
    for (field, value) in draft.values() {
        let fits = match field.kind {
            Kind::Line { .. } | Kind::Code { .. } | Kind::Lines { .. } => {
                matches!(value, FieldRef::Text(_))
            }
            Kind::Price => value == FieldRef::Price(draft.price),
            Kind::Flag => value == FieldRef::Flag(false),
            Kind::Count => value == FieldRef::Count(12),
            Kind::Urls { .. } => value == FieldRef::Urls(&draft.thumbnails),
        };
        assert!(fits, "{field:?}: {value:?}");
    }
    let (first, value) = draft.values().next().expect("a field");
    assert_eq!((first.name, value), ("title", FieldRef::Text("Lamp")));
}

#[test]
fn a_patch_holds_what_differs_and_makes_it_so() {
    let before = draft();
    let now = Draft {
        stock: 11,
        title: "Big lamp".into(),
        ..draft()
    };
    let patch = Patch::between(&before, now.clone());
    let expected = Patch {
        stock: Some(11),
        title: Some("Big lamp".into()),
        ..Patch::default()
    };
    assert_eq!(patch, expected);
    assert_eq!(patch.applied_to(&before), now);
    assert_eq!(Patch::between(&before, draft()), Patch::default());
    assert_eq!(Patch::default().applied_to(&before), before);
    assert_eq!(Patch::from(now.clone()).applied_to(&before), now);
    let other = serde_json::to_value(expected).expect("JSON");
    assert_eq!(other, json!({"title": "Big lamp", "stock": 11}));
}

#[test]
fn a_products_size_is_about_that_of_its_json() {
    let sizes = |draft: Draft| {
        let product = Product {
            id: ProductId(1_000),
            revision: Revision(2_000),
            draft,
        };
        let json = serde_json::to_string(&product).expect("JSON").len();
        (product.json_bytes(), json)
    };
    let long = Draft {
        title: "t".repeat(200).into(),
        description: "d".repeat(2_000).into(),
        thumbnails: vec!["/x".repeat(500).into(); 10].into(),
        ..draft()
    };
    // 10 numbers and names of 16 bytes, and the texts: 4 + 4 + 5 + 4, and 2 of 6 + 3.
    assert_eq!(sizes(draft()).0, 160 + 17 + 18);
    for draft in [draft(), long] {
        let (about, exactly) = sizes(draft);
        assert!(about.abs_diff(exactly) <= 40, "{about} for {exactly}");
    }
}

#[test]
fn ids_are_plain_numbers_and_strings() {
    assert_eq!(Revision(7).next(), Revision(8));
    assert_eq!(Revision(7).to_string(), "7");
    assert_eq!(ProductId(7).to_string(), "7");
    assert_eq!(RequestId(7).to_string(), "7");
    assert_eq!(Revision::from(7), Revision(7));
    assert_eq!(ProductId::from(7), ProductId(7));
    assert_eq!(RequestId::from(7), RequestId(7));
    let catalog = CatalogId("c1".into());
    assert_eq!(catalog.to_string(), "c1");
    assert_eq!(ClientId("p1".into()).to_string(), "p1");
    let ids = (Revision(1), ProductId(2), catalog);
    assert_eq!(json!(ids), json!([1, 2, "c1"]));
}

#[test]
fn a_change_is_about_one_product() {
    let product = Arc::new(Product {
        id: ProductId(7),
        revision: Revision(9),
        draft: draft(),
    });
    assert_eq!(Change::Added(product.clone()).id(), ProductId(7));
    assert_eq!(Change::Updated(product).id(), ProductId(7));
    assert_eq!(Change::Deleted(ProductId(8)).id(), ProductId(8));
}

#[test]
fn a_price_is_read_from_numbers_however_they_are_written() {
    let read = |json: &str| -> Result<Price, _> { serde_json::from_str(json) };
    let cents = |json: &str| read(json).expect("a price").cents();
    assert_eq!(cents("1e2"), 10_000);
    assert_eq!(cents("0.1e1"), 100);
    assert_eq!(cents("0.0"), 0);
    assert_eq!(cents("0.01"), 1);
    assert_eq!(cents("\"7,5\""), 750);
    assert_eq!(cents("1000000000"), Price::MAX.cents());
    for wrong in [
        "1e15", "-1e15", "1e-5", "-1e-5", "0.001", "true", "[]", "\"x\"", "-0.01",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let why = |json: &str| read(json).expect_err("no price").to_string();
    assert!(why("1e15").contains("TooHigh") && why("-1e15").contains("Negative"));
    assert!(why("999999999999999").contains("TooHigh"));
    assert!(why("0.00009").contains("TooManyDecimals"));
    assert!(why("-0.00009").contains("TooManyDecimals"));
    assert!(why("0.0001").contains("TooManyDecimals"));
    assert_eq!(Price::from_cents(Price::MAX.cents()), Some(Price::MAX));
    assert_eq!(Price::from_cents(Price::MAX.cents() + 1), None);
    assert_eq!(Price::MAX.to_string(), "1000000000.00");
    assert_eq!(Price::from_cents(5).expect("a price").to_string(), "0.05");
}
