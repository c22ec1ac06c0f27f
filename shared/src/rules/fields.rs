//! What somebody typed or sent for a product, read so that it costs no more than what came: a value
//! that no field can have is left out while it is read, and so are names beyond the first few.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::product::{Draft, Kind, Patch};

/// The most names that are no fields and are told one by one.
const MAX_UNKNOWN_NAMES: usize = 20;

/// What somebody typed or sent for a product, before the rules have seen it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Fields {
    /// The values by their names, of fields and others.
    pub values: Map<String, Value>,
    /// How many more names there were that are no fields.
    #[serde(skip)]
    pub(super) more_unknown: usize,
}

impl Fields {
    /// These values by their names.
    pub fn new(values: Map<String, Value>) -> Self {
        Self {
            values,
            more_unknown: 0,
        }
    }

    fn of(fields: &impl Serialize) -> Self {
        match serde_json::to_value(fields) {
            Ok(Value::Object(fields)) => Self::new(fields),
            // Drafts and patches are plain structs: they always serialize to an object.
            _ => Self::default(),
        }
    }
}

impl From<&Draft> for Fields {
    fn from(draft: &Draft) -> Self {
        Self::of(draft)
    }
}

impl From<&Patch> for Fields {
    fn from(patch: &Patch) -> Self {
        Self::of(patch)
    }
}

impl<'de> Deserialize<'de> for Fields {
    /// Reads an object; one that says a name twice says two things at once.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        let mut unknown = 0;
        while let Some(name) = map.next_key::<String>()? {
            if fields.values.contains_key(&name) {
                return Err(de::Error::custom(format_args!("{name} is there twice")));
            }
            let field = Draft::FIELDS.iter().find(|field| field.name == name);
            unknown += usize::from(field.is_none());
            if unknown > MAX_UNKNOWN_NAMES && field.is_none() {
                fields.more_unknown += 1;
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let max_entries = match field.map(|field| field.kind) {
                // One more tells that there are too many.
                Some(Kind::Urls { max, .. }) => max + 1,
                _ => 0,
            };
            let value = map.next_value_seed(Shallow { max_entries })?;
            fields.values.insert(name, value);
        }
        Ok(fields)
    }
}

/// Reads a JSON value without what is in it: of an object nothing, of an array so many entries, and
/// nothing in those.
pub(crate) struct Shallow {
    max_entries: usize,
}

impl Shallow {
    /// Reads a value of which only texts, numbers and the like are of interest.
    pub(crate) const SCALAR: Self = Self { max_entries: 0 };
}

impl<'de> DeserializeSeed<'de> for Shallow {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shallow {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while list.len() < self.max_entries
            && let Some(entry) = entries.next_element_seed(Self::SCALAR)?
        {
            list.push(entry);
        }
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Map::new().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &str) -> Fields {
        serde_json::from_str(json).expect("an object")
    }

    #[test]
    fn what_no_field_can_have_is_left_out() {
        let fields = read(
            r#"{"title": [1, [2], {"a": 3}], "price": {"a": {"b": 1}}, "stock": -1.5,
                "code": "c", "status": null, "other": [1, 2],
                "thumbnails": ["/a", 7, ["/b"], {"c": 1}]}"#,
        );
        let expected = json!({
            "title": [], "price": {}, "stock": -1.5, "code": "c", "status": null, "other": [],
            "thumbnails": ["/a", 7, [], {}],
        });
        assert_eq!(Value::Object(fields.values), expected);
        let many = json!({"thumbnails": vec!["/a"; 1_000]}).to_string();
        let kept = read(&many).values["thumbnails"].as_array().map(Vec::len);
        assert_eq!(kept, Some(11), "one more than there may be");
    }

    #[test]
    fn of_names_that_are_no_fields_the_first_are_kept_and_the_rest_counted() {
        let many: Map<String, Value> = (0..1_000)
            .map(|number| (format!("a{number}"), json!(1)))
            .chain([("title".to_owned(), json!("t"))])
            .collect();
        let fields = read(&Value::Object(many).to_string());
        assert_eq!(fields.values.len(), MAX_UNKNOWN_NAMES + 1);
        assert_eq!(fields.more_unknown, 1_000 - MAX_UNKNOWN_NAMES);
        assert_eq!(fields.values["title"], "t");
    }

    #[test]
    fn a_name_that_is_there_twice_is_refused() {
        let twice: Result<Fields, _> = serde_json::from_str(r#"{"title": "a", "title": "b"}"#);
        let error = twice.expect_err("two things at once").to_string();
        assert!(error.contains("title is there twice"), "{error}");
    }
}
