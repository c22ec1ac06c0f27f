//! What holds for every operation, and what the document's builder has no place for.

use anyhow::Context;
use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{OpenApi, Ref, RefOr, Required, Server};

use super::messages::CONTENTS;
use super::refusals::{self, operations};
use crate::http::base_path::BasePath;

/// Adds it to the document, and gives that as JSON.
pub fn complete(mut document: OpenApi, base_path: &BasePath) -> anyhow::Result<String> {
    let root = base_path.join("");
    let root = if root.is_empty() { "/" } else { &root };
    document.servers = Some(vec![Server::new(root)]);
    // Nobody has to say who they are.
    document.security = Some(Vec::new());
    for path in document.paths.paths.values_mut() {
        for (operation, is_write) in operations(path) {
            add_revision(operation);
            refusals::add(operation, is_write);
        }
    }
    let mut document = serde_json::to_value(&document)?;
    for (text, content) in CONTENTS {
        let schema = document.pointer_mut(&format!("/components/schemas/{text}"));
        let schema = schema.with_context(|| format!("there is no schema {text}"))?;
        let reference = format!("#/components/schemas/{content}");
        schema["contentSchema"] = json!({ "$ref": reference });
    }
    Ok(serde_json::to_string(&document)?)
}

/// The revision that an answer knows, and the one that it has to know.
fn add_revision(operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    parameters.push(at_least().into());
    let header = HeaderBuilder::new()
        .schema(Some(Ref::from_schema_name("Integer")))
        .description(Some("The revision that this answer knows."))
        .build();
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
            let headers = &mut response.headers;
            headers.insert("Vitrina-Revision".to_owned(), header.clone().into());
        }
    }
}

fn at_least() -> Parameter {
    ParameterBuilder::new()
        .name("Vitrina-At-Least")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A revision that the answer has to know, such as another server's `Vitrina-Revision`.",
        ))
        .schema(Some(Ref::from_schema_name("Integer")))
        .build()
}
