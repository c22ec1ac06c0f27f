//! Schemas of what `shared` defines: made of the rules' own limits, so that they can't say
//! anything else than the rules do.

use shared::rules::{
    CATEGORY_CHARS, CODE_CHARS, DESCRIPTION_CHARS, THUMBNAIL_CHARS, THUMBNAILS, TITLE_CHARS,
};
use shared::{OnDuplicate, Price};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOf, AnyOfBuilder, Array, ArrayBuilder, Object, ObjectBuilder, OneOf,
    OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::export::COLUMNS;
use crate::import::Format;
use crate::listing::Sort;

/// Characters that can't be seen, as a regular expression's class names them (Unicode's Cc).
const CONTROL: &str = r"\u0000-\u001F\u007F-\u009F";

/// A schema's name in the document, and what makes it.
macro_rules! schema {
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

schema! {
    /// A whole number, such as a revision or an id.
    Whole => revision();
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
    BatchOutcome => batch_outcome();
    /// A refusal as HTTP tells it.
    ProblemDocument => closed(problem_document());
    /// A price that may also be written as a text.
    PriceParameter => price();
    /// An order of products.
    SortParameter => one_of(&Sort::NAMES);
    /// The form of a file of products.
    FormatParameter => one_of(&Format::NAMES);
    /// What is done with a code that is taken.
    OnDuplicateParameter => one_of(&OnDuplicate::NAMES);
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

fn whole() -> ObjectBuilder {
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

/// The place of a change in the one order, and so a product's id as well.
fn revision() -> ObjectBuilder {
    whole().maximum(Some(u64::MAX))
}

/// At least one character that can be seen, and no line break.
fn line(most: usize) -> ObjectBuilder {
    string()
        .min_length(Some(1))
        .max_length(Some(most))
        .pattern(Some(format!(r"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$")))
}

fn description() -> ObjectBuilder {
    string()
        .max_length(Some(DESCRIPTION_CHARS))
        .pattern(Some(
            r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$",
        ))
        .default(Some("".into()))
}

/// An amount in whole units, up to [`Price::MAX`], with two decimals at most.
fn price_number() -> ObjectBuilder {
    #[expect(clippy::cast_precision_loss, reason = "MAX is far below 2^53")]
    let most = (Price::MAX.cents() / 100) as f64;
    ObjectBuilder::new()
        .schema_type(Type::Number)
        .minimum(Some(0.0))
        .maximum(Some(most))
        .multiple_of(Some(0.01))
}

/// The same as a text, for programs that have no decimals.
fn price() -> AnyOf {
    let text = string().pattern(Some(
        "^0*(1000000000([.,]0*)?|[0-9]{1,9}([.,][0-9]{0,2}0*)?)$",
    ));
    AnyOfBuilder::new()
        .item(price_number())
        .item(text)
        .description(Some("Two decimals at most; as a number or a text."))
        .build()
}

fn status() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .default(Some(true.into()))
        .description(Some("Whether it is on sale."))
}

fn stock() -> ObjectBuilder {
    whole().maximum(Some(u32::MAX))
}

fn thumbnails() -> Array {
    let url = string()
        .max_length(Some(THUMBNAIL_CHARS))
        .pattern(Some(format!(
            r"^(/([^/\s\\{CONTROL}][^\s\\{CONTROL}]*)?|[Hh][Tt][Tt][Pp][Ss]?://[^/\s\\{CONTROL}][^\s\\{CONTROL}]*)$"
        )))
        .description(Some("An `http(s)` URL, or a path that starts with `/`."));
    ArrayBuilder::new()
        .items(url)
        .max_items(Some(THUMBNAILS))
        .build()
}

fn draft() -> ObjectBuilder {
    let required = ["title", "code", "price", "stock", "category"];
    let object = object()
        .property("title", line(TITLE_CHARS))
        .property("description", description())
        .property("code", line(CODE_CHARS))
        .property("price", Schema::from(price()))
        .property("status", status())
        .property("stock", stock())
        .property("category", line(CATEGORY_CHARS))
        .property("thumbnails", thumbnails());
    required.into_iter().fold(object, ObjectBuilder::required)
}

fn patch() -> ObjectBuilder {
    let mut thumbnails = thumbnails();
    thumbnails.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
    object()
        .property("title", line(TITLE_CHARS))
        .property("description", nullable(description(), Type::String))
        .property("code", line(CODE_CHARS))
        .property("price", Schema::from(price()))
        .property("status", nullable(status(), Type::Boolean))
        .property("stock", stock())
        .property("category", line(CATEGORY_CHARS))
        .property("thumbnails", thumbnails)
}

fn product() -> ObjectBuilder {
    let fields = ["id", "revision"].into_iter().chain(COLUMNS);
    let object = object()
        .property(
            "id",
            revision().description(Some("Names the product for ever.")),
        )
        .property(
            "revision",
            revision().description(Some("The revision of its latest change.")),
        )
        .property("title", line(TITLE_CHARS))
        .property("description", description())
        .property("code", line(CODE_CHARS))
        .property("price", price_number())
        .property("status", status())
        .property("stock", stock())
        .property("category", line(CATEGORY_CHARS))
        .property("thumbnails", thumbnails());
    fields.fold(object, ObjectBuilder::required)
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

fn batch_outcome() -> AnyOf {
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
        .property("index", whole())
        .property("problem", Ref::from_schema_name("Problem"))
        .required("index")
        .required("problem");
    object()
        .property(
            "type",
            string().description(Some("`urn:vitrina:problem:` and the code.")),
        )
        .property("title", string())
        .property("status", whole())
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
