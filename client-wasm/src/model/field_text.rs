//! Between what people type into a field and what the rules read.

use serde_json::Value;
use shared::number::{self, Grouping};
use shared::{FieldRef, Kind, Text};

/// What was typed, as JSON for the rules; `None` where nothing was. What the page shows in this
/// language can be typed as well.
pub fn parse(kind: Kind, typed: &str, text: &Text) -> Option<Value> {
    let trimmed = typed.trim();
    match kind {
        Kind::Price | Kind::Count if trimmed.is_empty() => None,
        Kind::Count => Some(match number::read_whole(trimmed, Grouping::new(text)) {
            Ok(number) => number.to_json(),
            // It stays a text, and the rules say what is wrong with it.
            Err(_) => trimmed.into(),
        }),
        Kind::Urls { .. } => {
            let lines = trimmed.lines().map(str::trim);
            Some(lines.filter(|line| !line.is_empty()).collect())
        }
        Kind::Line { .. } | Kind::Code { .. } | Kind::Lines { .. } | Kind::Price | Kind::Flag => {
            Some(typed.into())
        }
    }
}

/// What a value looks like where it can be edited.
pub fn to_input(value: FieldRef<'_>, text: &Text) -> String {
    match value {
        FieldRef::Text(shown) => shown.to_owned(),
        FieldRef::Price(price) => price.to_string().replace('.', text.get("number.decimal")),
        FieldRef::Count(count) => count.to_string(),
        FieldRef::Flag(flag) => flag.to_string(),
        FieldRef::Urls(urls) => urls.join("\n"),
    }
}

/// What JSON of a field looks like where it can be edited.
pub fn from_json(value: &Value, text: &Text) -> String {
    match value {
        Value::String(words) => words.clone(),
        Value::Number(number) => number.to_string().replace('.', text.get("number.decimal")),
        Value::Array(entries) => {
            let entries: Vec<&str> = entries.iter().filter_map(Value::as_str).collect();
            entries.join("\n")
        }
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Object(_) => String::new(),
    }
}

/// What a value looks like in the list; `None` where the list shows no text for it.
pub fn to_list(value: FieldRef<'_>, text: &Text) -> Option<String> {
    match value {
        FieldRef::Text(shown) => Some(shown.to_owned()),
        FieldRef::Price(price) => Some(text.price(price)),
        FieldRef::Count(count) => Some(text.number(count.into())),
        FieldRef::Flag(_) | FieldRef::Urls(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::Price;

    use super::*;

    fn spanish() -> Text {
        Text::from_json(r#"{"number.decimal": ",", "number.group": "."}"#).expect("JSON")
    }

    #[test]
    fn what_was_typed_becomes_json_of_its_kind() {
        let line = Kind::Line { max_chars: 9 };
        let urls = Kind::Urls {
            max: 2,
            max_chars: 9,
        };
        let parse = |kind, typed| parse(kind, typed, &spanish());
        assert_eq!(parse(line, " a "), Some(json!(" a ")));
        assert_eq!(parse(line, ""), Some(json!("")));
        assert_eq!(parse(Kind::Price, "19,99"), Some(json!("19,99")));
        assert_eq!(parse(Kind::Price, " "), None);
        assert_eq!(parse(Kind::Count, " 12 "), Some(json!(12)));
        assert_eq!(parse(Kind::Count, "05"), Some(json!(5)));
        assert_eq!(parse(Kind::Count, "1.000"), Some(json!(1_000)));
        assert_eq!(parse(Kind::Count, "1,000"), Some(json!("1,000")));
        assert_eq!(parse(Kind::Count, "1e3"), Some(json!("1e3")));
        assert_eq!(parse(Kind::Count, "-1"), Some(json!(-1)));
        assert_eq!(parse(Kind::Count, "a lot"), Some(json!("a lot")));
        assert_eq!(parse(Kind::Count, ""), None);
        assert_eq!(parse(urls, " /a \n\n /b\n"), Some(json!(["/a", "/b"])));
        assert_eq!(parse(urls, ""), Some(json!([])));
    }

    #[test]
    fn json_can_be_edited_again() {
        let text = spanish();
        for (value, typed) in [
            (json!("a"), "a"),
            (json!(19.99), "19,99"),
            (json!(["/a", "/b"]), "/a\n/b"),
            (json!(true), "true"),
            (json!(null), ""),
        ] {
            assert_eq!(from_json(&value, &text), typed);
        }
    }

    #[test]
    fn values_are_shown_in_the_readers_way() {
        let text = spanish();
        let price = FieldRef::Price(Price::from_cents(123_450).expect("a price"));
        assert_eq!(to_input(price, &text), "1234,50");
        assert_eq!(to_list(price, &text).as_deref(), Some("1.234,50"));
        let count = FieldRef::Count(1_000);
        assert_eq!(to_input(count, &text), "1000");
        assert_eq!(to_list(count, &text).as_deref(), Some("1.000"));
        let urls = ["/a".into(), "/b".into()];
        assert_eq!(to_input(FieldRef::Urls(&urls), &text), "/a\n/b");
        assert_eq!(to_list(FieldRef::Urls(&urls), &text), None);
        assert_eq!(to_list(FieldRef::Text("a"), &text).as_deref(), Some("a"));
    }
}
