//! Schemas of what is told of commands, of files and of what changes: each variant has a name of its own,
//! so that programs that write clients give it a type of its own.

use std::collections::BTreeMap;

use shared::{Reason, Rule};
use strum::VariantNames;
use utoipa::openapi::schema::{
    ArrayBuilder, Discriminator, ObjectBuilder, OneOf, OneOfBuilder, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::examples;
use super::schemas::{closed, integer, nullable, object, revision, schemas, string};
use crate::http::problem::Rejection;

schemas! {
    /// Why a command was refused.
    Problem => problem();
    /// What is wrong with one field.
    FieldProblem => field_problem();
    /// What is wrong with one command of a batch.
    CommandProblem => object()
        .property("index", integer().description(Some("Its place in the batch, from 0.")))
        .property("problem", named("Problem"))
        .required("index")
        .required("problem");
    /// A refusal as HTTP tells it.
    ProblemDocument => problem_document();
    /// One command of a batch.
    Command => tagged(&[
        ("add", "AddCommand"), ("update", "UpdateCommand"), ("delete", "DeleteCommand"),
        ("restore", "RestoreCommand"),
    ]);
    /// Add a product.
    AddCommand => closed(message("add"))
        .property("draft", named("Draft"))
        .required("draft");
    /// Change fields of a product.
    UpdateCommand => closed(known("update"))
        .property("patch", named("Patch"))
        .required("patch");
    /// Delete a product.
    DeleteCommand => closed(known("delete"));
    /// Bring a deleted product back.
    RestoreCommand => closed(message("restore"))
        .property("id", revision().description(Some("Which product.")))
        .required("id");
    /// What became of one command of a batch.
    BatchResult => OneOfBuilder::new()
        .item(named("CommandDone"))
        .item(named("CommandRefused"));
    /// A command that was done.
    CommandDone => object().property("done", named("Done")).required("done");
    /// A command that was refused.
    CommandRefused => object().property("refused", named("Problem")).required("refused");
    /// What a command did.
    Done => object()
        .property("id", revision().description(Some("The product.")))
        .property("revision", revision().description(Some("Its revision then.")))
        .required("id")
        .required("revision");
    /// One line of what is told of an import.
    ImportMessage => tagged(&[
        ("progress", "ImportProgress"), ("columns", "ImportColumns"),
        ("row_refused", "ImportRowRefused"),
        ("failed", "ImportFailed"), ("finished", "ImportFinished"),
    ]);
    /// How far an import is.
    ImportProgress => totals(message("progress"));
    /// Which field each column of a file is taken for.
    ImportColumns => message("columns")
        .property("columns", ArrayBuilder::new().items(named("ImportColumn")))
        .required("columns");
    /// A column of a file.
    ImportColumn => object()
        .property("name", string())
        .property("field", nullable(string(), Type::String))
        .required("name")
        .required("field");
    /// A row of which nothing came.
    ImportRowRefused => at_line(message("row_refused"));
    /// Why the rest of a file can't be read; what is done stays done.
    ImportFailed => at_line(message("failed"));
    /// The end of an import; all is durable.
    ImportFinished => totals(message("finished"))
        .property("revision", revision())
        .required("revision");
    /// What an event says.
    StreamMessage => tagged(&[("snapshot", "Snapshot"), ("changes", "Changes")]);
    /// A part of the whole list at one revision.
    Snapshot => message("snapshot")
        .property("catalog", string())
        .property("revision", revision())
        .property("products", ArrayBuilder::new().items(named("Product")))
        .property("part", integer().description(Some("From 1.")))
        .property("parts", integer())
        .required("catalog")
        .required("revision")
        .required("products")
        .required("part")
        .required("parts");
    /// What changed, in order.
    Changes => message("changes")
        .property("revision", revision().description(Some("That of the last change.")))
        .property("changes", ArrayBuilder::new().items(named("Change")))
        .required("revision")
        .required("changes");
    /// One change.
    Change => OneOfBuilder::new()
        .item(named("ProductAdded"))
        .item(named("ProductUpdated"))
        .item(named("ProductDeleted"));
    /// A product came.
    ProductAdded => object().property("added", named("Product")).required("added");
    /// A product changed.
    ProductUpdated => object().property("updated", named("Product")).required("updated");
    /// A product went: its id.
    ProductDeleted => object().property("deleted", revision()).required("deleted");
    /// Who one is here.
    Me => object()
        .property("name", nullable(ObjectBuilder::new(), Type::String).description(Some(
            "A person, or a program by the name of its token; null for anybody.",
        )))
        .property("role", string().enum_values(Some(["viewer", "editor", "admin"])))
        .required("name")
        .required("role");
    /// A ticket for a connection.
    Ticket => object()
        .property("ticket", string().description(Some("The value of the parameter `ticket`.")))
        .property("expires_in", revision().description(Some("For how long it is good, in seconds.")))
        .required("ticket")
        .required("expires_in");
    /// A change that is kept.
    PastChange => object()
        .property("revision", revision().description(Some("Its place in the one order.")))
        .property("at", string().description(Some(
            "When, as RFC 3339 writes it, in UTC; absent where an early version wrote it.",
        )))
        .property("source", string().description(Some(
            "Where the command came from: `page`, `http`, `import` or `cli`; there may be more some \
             day.",
        )))
        .property("by", string().description(Some(
            "Who gave it: a person, or a program by the name of its token; absent where nobody said who \
             they are.",
        )))
        .property("change", named("Change"))
        .property("before", named("Product"))
        .required("revision")
        .required("change");
    /// A piece of the history, the newest change first.
    PastChanges => object()
        .property("changes", ArrayBuilder::new().items(named("PastChange")))
        .property("next", revision().description(Some(
            "The `after` of the next piece, where there may be one.",
        )))
        .required("changes");
    /// Events, each of which has a `PastChange` as its data.
    PastEvents => string().content_media_type("text/event-stream");
    /// An `ImportMessage` a line.
    ImportLines => string().content_media_type("application/x-ndjson");
    /// A `Draft` a line.
    DraftLines => string().content_media_type("application/x-ndjson");
    /// Events, each of which has a `StreamMessage` as its data.
    Events => string().content_media_type("text/event-stream");
}

/// What each piece of a text is, where the text is no JSON by itself: JSON Schema's `contentSchema`, for
/// which the builder has no place.
pub const CONTENTS: [(&str, &str); 4] = [
    ("PastEvents", "PastChange"),
    ("ImportLines", "ImportMessage"),
    ("DraftLines", "Draft"),
    ("Events", "StreamMessage"),
];

fn named(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

/// One of several, by their `type`.
fn tagged(variants: &[(&str, &str)]) -> OneOf {
    let mapping = variants.iter().map(|(tag, name)| {
        let reference = format!("#/components/schemas/{name}");
        ((*tag).to_owned(), reference)
    });
    let mapping: BTreeMap<String, String> = mapping.collect();
    let one_of = variants
        .iter()
        .fold(OneOfBuilder::new(), |one_of, (_, name)| {
            one_of.item(named(name))
        });
    let mut discriminator = Discriminator::new("type");
    discriminator.mapping = mapping;
    one_of.discriminator(Some(discriminator)).build()
}

fn message(tag: &str) -> ObjectBuilder {
    object()
        .property("type", string().enum_values(Some([tag])))
        .required("type")
}

/// A command for a product that is there.
fn known(tag: &str) -> ObjectBuilder {
    let expected = nullable(revision(), Type::Integer)
        .description(Some("Refuse it unless the product is at this revision."));
    message(tag)
        .property("id", revision())
        .property("if_revision", expected)
        .required("id")
}

fn at_line(object: ObjectBuilder) -> ObjectBuilder {
    object
        .property(
            "line",
            integer().description(Some("The line in the file, from 1.")),
        )
        .property("problem", named("Problem"))
        .required("line")
        .required("problem")
}

fn totals(object: ObjectBuilder) -> ObjectBuilder {
    let names = ["rows", "added", "updated", "skipped", "refused"];
    names.into_iter().fold(object, |object, name| {
        object.property(name, integer()).required(name)
    })
}

/// A name for programs, with those that there are.
fn code(names: impl Iterator<Item = &'static str>) -> ObjectBuilder {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    string().description(Some(format!(
        "For programs: it stays. One of {}; there may be more some day.",
        names.join(", ")
    )))
}

/// Every code of a refused command.
fn reasons() -> impl Iterator<Item = &'static str> {
    Reason::VARIANTS.iter().copied()
}

fn problem() -> ObjectBuilder {
    object()
        .property("code", code(reasons()))
        .property("message", string().description(Some("For people.")))
        .property("fields", field_problems())
        .required("code")
        .required("message")
}

fn field_problem() -> ObjectBuilder {
    object()
        .property("field", string())
        .property("code", code(Rule::VARIANTS.iter().copied()))
        .property("message", string().description(Some("For people.")))
        .required("field")
        .required("code")
        .required("message")
}

fn field_problems() -> ArrayBuilder {
    ArrayBuilder::new().items(named("FieldProblem"))
}

/// See `problem::Document`.
fn problem_document() -> ObjectBuilder {
    let codes = reasons().chain(Rejection::own_codes());
    object()
        .property(
            "type",
            string().description(Some("`urn:vitrina:problem:` and the code.")),
        )
        .property("title", string())
        .property("status", integer())
        .property("detail", string().description(Some("For people.")))
        .property("code", code(codes))
        .property("fields", field_problems())
        .property(
            "commands",
            ArrayBuilder::new().items(named("CommandProblem")),
        )
        .property(
            "more_commands",
            integer().description(Some("How many more commands of a batch can't be done.")),
        )
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("code")
        .description(Some("RFC 9457, in the reader's language."))
        .examples([examples::problem_document()])
}
