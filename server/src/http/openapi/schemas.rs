//! Schemas of what `shared` defines: made of the rules' own limits, so that they can't say
//! anything else than the rules do.

use std::borrow::Cow;

use shared::{Draft as DraftFields, Field, Kind, OnDuplicate, Price};
use strum::VariantNames;
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, AnyOfBuilder, Array, ArrayBuilder, Object, ObjectBuilder, OneOf,
    OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::listing::Sort;
use crate::transfer::Format;

/// Characters that can't be seen, as a regular expression's class names them (Unicode's Cc).
const CONTROL: &str = r"\u0000-\u001F\u007F-\u009F";

/// Characters that turn the direction of a text around, likewise; see `shared::invisible`.
const TURNING: &str = "\u{202a}-\u{202e}\u{2066}-\u{2069}";

/// Characters that show nothing, likewise.
const INVISIBLE: &str = "\u{ad}\u{34f}\u{61c}\u{115f}-\u{1160}\u{17b4}-\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{2800}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}";

/// A schema's type, the name it has in the document where that is another, and what makes it.
macro_rules! schema {
    ($($(#[doc = $doc:literal])+ $name:ident $(as $shown:literal)? => $make:expr;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::from($make))
            }
        }

        impl ToSchema for $name {
            $(fn name() -> Cow<'static, str> {
                $shown.into()
            })?
        }
    )+};
}

schema! {
    /// A whole number, such as a revision or an id.
    Integer as "Whole" => revision();
    /// A catalog's digest.
    Digest => string().pattern(Some("^[0-9a-f]{16}$"));
    /// A product as it is told.
    Product => closed(product());
    /// The fields of a new product.
    Draft => closed(draft()).description(Some("The fields of a new product."));
    /// The fields to change in a product.
    Patch => closed(patch()).description(Some(
        "The fields to change. `null` takes one away (RFC 7396).",
    ));
    /// Why a command was refused.
    Problem => closed(problem());
    /// One command of a batch.
    Command => command();
    /// What became of one command of a batch.
    BatchResult as "BatchOutcome" => batch_result();
    /// A refusal as HTTP tells it.
    ProblemDocument => closed(problem_document());
    /// A price that may also be written as a text.
    PriceParameter => price();
    /// An order of products.
    SortParameter => one_of(&Sort::NAMES);
    /// The form of a file of products.
    FormatParameter => one_of(Format::VARIANTS);
    /// What is done with a code that is taken.
    OnDuplicateParameter => one_of(OnDuplicate::VARIANTS);
}

/// No other fields than these.
fn closed(object: ObjectBuilder) -> ObjectBuilder {
    object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn integer() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
}

fn nullable(object: ObjectBuilder, own: Type) -> ObjectBuilder {
    object.schema_type(SchemaType::from_iter([own, Type::Null]))
}

fn one_of(names: &[&str]) -> Object {
    string().enum_values(Some(names.iter().copied())).build()
}

/// A change's place in the one order, and so a product's id as well.
fn revision() -> ObjectBuilder {
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
        let line = line.pattern(Some(format!("^[^{refused}]*$")));
        line.default(Some("".into()))
    }
}

fn lines(max_chars: usize) -> ObjectBuilder {
    string()
        .max_length(Some(max_chars))
        .pattern(Some(format!(
            r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F{TURNING}]*$"
        )))
        .default(Some("".into()))
}

/// An amount in whole units, up to [`Price::MAX`], with two decimals at most.
fn price_number() -> ObjectBuilder {
    #[expect(clippy::cast_precision_loss, reason = "MAX is far below 2^53")]
    let max = (Price::MAX.cents() / 100) as f64;
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0.0))
        .maximum(Some(max))
        .multiple_of(Some(0.01))
}

/// The same as a text, for programs that have no decimals.
fn price() -> AnyOf {
    let text = string().pattern(Some(
        "^0*(1000000000([.,](0{0,2}|0{4,}))?|[0-9]{1,9}([.,]([0-9]{0,2}|[0-9]{2}0{2,}))?)$",
    ));
    AnyOfBuilder::new()
        .item(price_number())
        .item(text)
        .description(Some("Two decimals at most; as a number or a text."))
        .build()
}

fn flag() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .default(Some(true.into()))
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

fn problem() -> ObjectBuilder {
    object()
        .property(
            "code",
            string().description(Some("For programs: it stays.")),
        )
        .property("message", string().description(Some("For people.")))
        .property("fields", field_problems())
        .required("code")
        .required("message")
}

/// The socket's messages, without their request numbers.
fn command() -> OneOf {
    let command = |name: &str| {
        closed(object())
            .property("type", string().enum_values(Some([name])))
            .required("type")
    };
    let known = |name: &str| {
        command(name)
            .property("id", revision())
            .property("if_revision", nullable(revision(), Type::Integer))
            .required("id")
    };
    let add = command("add")
        .property("draft", Ref::from_schema_name("Draft"))
        .required("draft");
    let update = known("update")
        .property("patch", Ref::from_schema_name("Patch"))
        .required("patch");
    OneOfBuilder::new()
        .item(add)
        .item(update)
        .item(known("delete"))
        .build()
}

fn batch_result() -> AnyOf {
    let done = closed(object())
        .property("id", revision())
        .property("revision", revision())
        .required("id")
        .required("revision");
    let done = closed(object()).property("done", done).required("done");
    let refused = closed(object())
        .property("refused", Ref::from_schema_name("Problem"))
        .required("refused");
    AnyOfBuilder::new().item(done).item(refused).build()
}

fn field_problems() -> Array {
    let field = closed(object())
        .property("field", string())
        .property("code", string())
        .property("message", string())
        .required("field")
        .required("code")
        .required("message");
    ArrayBuilder::new().items(field).build()
}

/// See `problem::Document`.
fn problem_document() -> ObjectBuilder {
    let command = closed(object())
        .property("index", integer())
        .property("problem", Ref::from_schema_name("Problem"))
        .required("index")
        .required("problem");
    object()
        .property(
            "type",
            string().description(Some("`urn:vitrina:problem:` and the code.")),
        )
        .property("title", string())
        .property("status", integer())
        .property("detail", string().description(Some("For people.")))
        .property(
            "code",
            string().description(Some("For programs: it stays.")),
        )
        .property("fields", field_problems())
        .property("commands", ArrayBuilder::new().items(command))
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("code")
        .description(Some("RFC 9457, in the reader's language."))
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
        for c in '\0'..=char::MAX {
            assert_eq!(has(INVISIBLE, c), is_invisible(c), "{c:?}");
            assert_eq!(has(TURNING, c), turns_direction(c), "{c:?}");
        }
    }
}
