//! What the HTTP API takes and gives, for programs and for people: the OpenAPI 3.1 document,
//! generated from the handlers, and the page that shows it and tries it out.

mod schemas;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use shared::Reason;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi};
use utoipa_swagger_ui::{Config, serve};

use crate::api;
use crate::conditional::has_it;
use crate::language::Reader;
use crate::problem::Refusal;

pub use schemas::{
    BatchOutcome, Command, Draft, FormatParameter, OnDuplicateParameter, Patch, PriceParameter,
    Problem, ProblemDocument, Product, SortParameter, Whole,
};

/// Where the document is.
pub const DOCUMENT: &str = "/api/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vitrina",
        description = "One product list, live on every page that shows it. A refusal is a problem \
            document (RFC 9457) in the language that `Accept-Language` asks for."
    ),
    paths(
        api::list::list,
        api::list::categories,
        api::products::add,
        api::products::read,
        api::products::replace,
        api::products::update,
        api::products::delete,
        api::batch::batch,
        api::import_export::import,
        api::import_export::export,
        api::events::stream,
    ),
    components(schemas(
        Problem,
        ProblemDocument,
        PriceParameter,
        SortParameter,
        FormatParameter,
        OnDuplicateParameter
    )),
    modifiers(&Refusals)
)]
struct Document;

/// The document as it is served, and its entity tag.
static JSON: LazyLock<(Bytes, String)> = LazyLock::new(|| {
    let json = Document::openapi().to_json().unwrap_or_default();
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&json);
    let tag = format!("W/\"{hash:x}\"");
    (json.into(), tag)
});

/// `GET /api/openapi.json`.
pub async fn document(headers: HeaderMap) -> Response {
    let (json, tag) = &*JSON;
    if has_it(&headers, tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag.as_str())]).into_response();
    }
    let head = [(CONTENT_TYPE, "application/json"), (ETAG, tag)];
    (head, json.clone()).into_response()
}

/// `GET /api/docs`: the page's own files are below.
pub async fn docs() -> Redirect {
    Redirect::permanent("/api/docs/")
}

/// `GET /api/docs/...`: Swagger UI, which is part of the program.
pub async fn docs_file(path: Option<Path<String>>, reader: Reader) -> Response {
    let path = path.map_or_else(String::new, |Path(path)| path);
    let config = Config::from(DOCUMENT)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .use_base_layout()
        .validator_url("none");
    match serve(&path, Arc::new(config)) {
        Ok(Some(file)) => {
            let head = [(CONTENT_TYPE, file.content_type)];
            (head, file.bytes.into_owned()).into_response()
        }
        Ok(None) => Refusal(Reason::NoSuchRoute, reader.text).into_response(),
        Err(error) => {
            tracing::error!(%error, "can't show the documentation");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Writes once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// The same key within a day: the same answer, and nothing is done twice.
    #[param(
        required = false,
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[ -~]+$"
    )]
    pub key: String,
}

/// Writes only what somebody has seen.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` that the product must still have.
    #[param(required = false, rename = "If-Match")]
    pub tag: String,
}

/// Reads only what is new.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfNoneMatch {
    /// The `ETag` that is known already.
    #[param(required = false, rename = "If-None-Match")]
    pub tag: String,
}

/// Adds the refusals that follow from what an operation takes.
struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for path in document.paths.paths.values_mut() {
            for (operation, is_write) in operations(path) {
                for (status, description) in refusals(operation, is_write) {
                    refuse(operation, status, description);
                }
            }
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reads = [&mut path.get].map(|operation| (operation, false));
    let writes = [
        &mut path.post,
        &mut path.put,
        &mut path.patch,
        &mut path.delete,
    ];
    let operations = reads
        .into_iter()
        .chain(writes.map(|operation| (operation, true)));
    operations.filter_map(|(operation, is_write)| Some((operation.as_mut()?, is_write)))
}

fn refusals(operation: &Operation, is_write: bool) -> Vec<(StatusCode, &'static str)> {
    let takes = |place: ParameterIn, name: Option<&str>| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| match parameter {
            RefOr::T(parameter) => {
                parameter.parameter_in == place && name.is_none_or(|name| parameter.name == name)
            }
            RefOr::Ref(_) => false,
        })
    };
    let has_body = operation.request_body.is_some();
    let mut refusals = Vec::new();
    let mut add = |applies: bool, status, description| {
        if applies {
            refusals.push((status, description));
        }
    };
    let key = takes(ParameterIn::Header, Some("Idempotency-Key"));
    add(
        has_body || key,
        StatusCode::BAD_REQUEST,
        "What came can't be read; `detail` says where.",
    );
    add(
        is_write,
        StatusCode::FORBIDDEN,
        "A page of another site sent it.",
    );
    add(
        takes(ParameterIn::Path, None),
        StatusCode::NOT_FOUND,
        "There is no such product.",
    );
    add(
        has_body,
        StatusCode::PAYLOAD_TOO_LARGE,
        "More than is accepted; `detail` says how much that is.",
    );
    add(
        has_body,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "In none of the media types that are accepted.",
    );
    add(
        takes(ParameterIn::Header, Some("If-Match")),
        StatusCode::PRECONDITION_FAILED,
        "The product has changed; read it again.",
    );
    add(
        has_body || key || takes(ParameterIn::Query, None),
        StatusCode::UNPROCESSABLE_ENTITY,
        "`fields` names each field or parameter that is not as it must be, and the fix.",
    );
    add(
        is_write,
        StatusCode::SERVICE_UNAVAILABLE,
        "It could not be saved, or the server is stopping. Nothing was done.",
    );
    refusals
}

/// Adds a refusal, unless the operation tells of that status itself.
fn refuse(operation: &mut Operation, status: StatusCode, description: &str) {
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.as_str().to_owned())
        .or_insert_with(|| refusal(description));
}

/// An answer whose body is a problem document.
fn refusal(description: &str) -> RefOr<utoipa::openapi::Response> {
    let document = Content::new(Some(Ref::from_schema_name("ProblemDocument")));
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", document);
    RefOr::T(response.build())
}

/// Refusals that only some operations have, each of which names its own.
macro_rules! refusals_of_some {
    ($($(#[doc = $doc:literal])+ $name:ident => $status:literal, $description:literal;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
                BTreeMap::from([($status.to_owned(), refusal($description))])
            }
        }
    )+};
}

refusals_of_some! {
    /// See `Reason::CodeTaken`.
    CodeTaken => "409", "Another product has the code";
    /// See `Reason::GroupRefused`.
    NoneDone => "409", "`commands` names those that can't be done; none was";
    /// See `Reason::Stopping`.
    Stopping => "503", "The server is stopping";
    /// See `Reason::TooManyPages`.
    TooManyPages => "503", "As many live pages are connected as are allowed";
    /// See `Reason::Malformed`.
    Malformed => "400", "What came can't be read; `detail` says where.";
}
