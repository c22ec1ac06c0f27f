//! Schemas of what `shared` defines: made of the rules' own limits, so that they can't say
//! anything else than the rules do.

use shared::{Draft as DraftFields, Field, Kind, OnDuplicate, Price, StockLevel};
use strum::VariantNames;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, AnyOfBuilder, ArrayBuilder, KnownFormat, Object, ObjectBuilder,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::examples;
use crate::listing::Sort;
use crate::transfer::Format;

/// Characters that can't be seen, as a regular expression's class names them (Unicode's Cc).
const CONTROL: &str = r"\u0000-\u001F\u007F-\u009F";

/// Characters that turn the direction of a text around, likewise; see `shared::invisible`.
const TURNING: &str = "\u{202a}-\u{202e}\u{2066}-\u{2069}";

/// Characters that show nothing, likewise, as far as they have 16 bits: whoever reads a pattern without
/// JavaScript's `u` takes a larger one for two.
const INVISIBLE: &str = "\u{ad}\u{34f}\u{61c}\u{115f}-\u{1160}\u{17b4}-\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{2800}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}";

/// The most products of one answer; a client that wants more goes on with `after`.
pub const MAX_LISTED: usize = 10_000;

/// How many changes an answer has, where nobody says.
pub const USUAL_PAST: usize = 100;

/// A schema's type, and what makes it.
macro_rules! schemas {
    ($($(#[doc = $doc:literal])+ $name:ident => $make:expr;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::from($make))
            }
        }

        impl ToSchema for $name {}
    )+};
}

pub(super) use schemas;

schemas! {
    /// A whole number, such as a revision or an id.
    Integer => revision();
    /// A catalog's digest.
    Digest => string().pattern(Some("^[0-9a-f]{16}$"));
    /// A product as it is told.
    Product => product().examples([examples::product()]);
    /// The fields of a new product.
    Draft => closed(draft())
        .description(Some("The fields of a new product."))
        .examples([examples::draft()]);
    /// The fields to change in a product.
    Patch => closed(patch()).description(Some(
        "The fields to change; the others stay as they are. `null` takes one away (RFC 7396).",
    )).examples([examples::patch()]);
    /// A price that may also be written as a text.
    PriceParameter => price();
    /// An order of products.
    SortParameter => one_of(&Sort::NAMES);
    /// What is left of products.
    StockParameter => one_of(StockLevel::VARIANTS);
    /// The form of a file of products.
    FormatParameter => one_of(Format::VARIANTS);
    /// What is done with a code that is taken.
    OnDuplicateParameter => one_of(OnDuplicate::VARIANTS);
    /// A moment or a day.
    Moment => AnyOfBuilder::new()
        .item(string().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))))
        .item(string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))))
        .build();
    /// The most changes of one answer.
    HistoryLimitParameter => integer().maximum(Some(MAX_LISTED)).default(Some(USUAL_PAST.into()));
    /// The most products of one answer.
    LimitParameter => integer().maximum(Some(MAX_LISTED)).default(Some(MAX_LISTED.into()));
}

/// No other fields than these.
pub(super) fn closed(object: ObjectBuilder) -> ObjectBuilder {
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

pub(super) fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

pub(super) fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(super) fn integer() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
}

pub(super) fn nullable(object: ObjectBuilder, own: Type) -> ObjectBuilder {
    object.schema_type(SchemaType::from_iter([own, Type::Null]))
}

fn one_of(names: &[&str]) -> Object {
    string().enum_values(Some(names.iter().copied())).build()
}

/// A change's place in the one order, and so a product's id as well.
pub(super) fn revision() -> ObjectBuilder {
    integer().maximum(Some(u64::MAX))
}

/// A text of one line without these characters; with at least one that can be seen, where it is
/// required.
fn line(max_chars: usize, is_required: bool, refused: &str) -> ObjectBuilder {
    let line = string().max_length(Some(max_chars));
    if is_required {
        let pattern = format!("^[^{refused}]*[^\\s{refused}{INVISIBLE}][^{refused}]*$");
        line.min_length(Some(1)).pattern(Some(pattern))
    } else {
        line.pattern(Some(format!("^[^{refused}]*$")))
    }
}

fn lines(max_chars: usize) -> ObjectBuilder {
    string().max_length(Some(max_chars)).pattern(Some(format!(
        r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F{TURNING}]*$"
    )))
}

/// An amount in whole units, up to [`Price::MAX`], with two decimals at most. The schema doesn't say that as
/// `multipleOf`, by which validators that divide floats refuse prices such as 0.07.
fn price_number() -> ObjectBuilder {
    #[expect(clippy::cast_precision_loss, reason = "MAX is far below 2^53")]
    let max = (Price::MAX.cents() / 100) as f64;
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0.0))
        .maximum(Some(max))
        .description(Some(DECIMALS))
}

const DECIMALS: &str = "In whole units, with two decimals at most.";

/// The same as a text, for programs that have no decimals.
fn price() -> AnyOf {
    let text = string().pattern(Some(
        "^0*(1000000000([.,](0{0,2}|0{4,}))?|[0-9]{1,9}([.,]([0-9]{0,2}|[0-9]{2}0{2,}))?)$",
    ));
    AnyOfBuilder::new()
        .item(price_number())
        .item(text)
        .description(Some(
            "In whole units, with two decimals at most; as a number or a text.",
        ))
        .build()
}

fn flag() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

fn count() -> ObjectBuilder {
    integer().maximum(Some(u32::MAX))
}

fn urls(max: usize, max_chars: usize) -> ArrayBuilder {
    let url = string()
        .max_length(Some(max_chars))
        .pattern(Some(format!(
            r"^(/([^/\s\\{CONTROL}{INVISIBLE}][^\s\\{CONTROL}{INVISIBLE}]*)?|[Hh][Tt][Tt][Pp][Ss]?://[^/\s\\{CONTROL}{INVISIBLE}][^\s\\{CONTROL}{INVISIBLE}]*)$"
        )))
        .description(Some("An `http(s)` URL, or a path that starts with `/`."));
    ArrayBuilder::new().items(url).max_items(Some(max))
}

/// What a field takes in a draft.
fn in_draft(field: &Field) -> Schema {
    let about = Some(field.about);
    match field.kind {
        Kind::Line { max_chars } => {
            let refused = format!("{CONTROL}{TURNING}");
            let line = line(max_chars, field.is_required, &refused);
            line.description(about).into()
        }
        Kind::Code { max_chars } => {
            let refused = format!("{CONTROL}{INVISIBLE}");
            let code = line(max_chars, field.is_required, &refused);
            code.description(about).into()
        }
        Kind::Lines { max_chars } => lines(max_chars).description(about).into(),
        Kind::Price => price().into(),
        Kind::Flag => flag().description(about).into(),
        Kind::Count => count().description(about).into(),
        Kind::Urls { max, max_chars } => urls(max, max_chars).description(about).into(),
    }
}

/// The same in a patch, where `null` takes an optional field away.
fn in_patch(field: &Field) -> Schema {
    let mut schema = in_draft(field);
    let schema_type = match &mut schema {
        Schema::Object(object) if !field.is_required => &mut object.schema_type,
        Schema::Array(array) if !field.is_required => &mut array.schema_type,
        _ => return schema,
    };
    if let SchemaType::Type(own) = schema_type {
        *schema_type = SchemaType::from_iter([own.clone(), Type::Null]);
    }
    schema
}

/// The same in a product, where a price is always a number.
fn in_product(field: &Field) -> Schema {
    match field.kind {
        Kind::Price => price_number().description(Some(field.about)).into(),
        _ => in_draft(field),
    }
}

fn with_fields(object: ObjectBuilder, schema: fn(&Field) -> Schema) -> ObjectBuilder {
    let fields = DraftFields::FIELDS.iter();
    fields.fold(object, |object, field| {
        object.property(field.name, schema(field))
    })
}

fn draft() -> ObjectBuilder {
    let required = DraftFields::FIELDS.iter().filter(|field| field.is_required);
    let object = with_fields(object(), in_draft);
    required.fold(object, |object, field| object.required(field.name))
}

fn patch() -> ObjectBuilder {
    with_fields(object(), in_patch)
}

fn product() -> ObjectBuilder {
    let object = object()
        .property(
            "id",
            revision().description(Some("Identifies the product; never used again.")),
        )
        .property(
            "revision",
            revision().description(Some("The revision of its latest change.")),
        )
        .required("id")
        .required("revision");
    let object = with_fields(object, in_product);
    let fields = DraftFields::FIELDS.iter();
    fields.fold(object, |object, field| object.required(field.name))
}

#[cfg(test)]
mod tests {
    use shared::invisible::{is_invisible, turns_direction};

    use super::*;

    /// Whether a class of ranges has a character.
    fn has(class: &str, wanted: char) -> bool {
        let mut rest = class.chars().peekable();
        while let Some(first) = rest.next() {
            let last = match rest.next_if_eq(&'-') {
                Some(_) => rest.next().expect("a range ends"),
                None => first,
            };
            if (first..=last).contains(&wanted) {
                return true;
            }
        }
        false
    }

    #[test]
    fn the_description_refuses_the_characters_that_the_rules_refuse() {
        for c in '\0'..='\u{ffff}' {
            assert_eq!(has(INVISIBLE, c), is_invisible(c), "{c:?}");
        }
        for c in '\0'..=char::MAX {
            assert_eq!(has(TURNING, c), turns_direction(c), "{c:?}");
        }
    }
}
