//! The API's description, for programs and for people: the OpenAPI 3.1 document, which the router
//! collects from the handlers, and the page that shows it and tries it out.

use std::borrow::Cow;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::{Config, serve};

use crate::http::conditional::{is_not_modified, not_modified};
use crate::http::gzip::{pieces, respond};
use crate::http::pool::GzipPool;
use crate::http::problem::Rejection;

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";

/// The document as it is served, with its entity tag, and where it is compressed.
#[derive(Clone)]
pub struct Docs {
    json: Bytes,
    tag: Arc<str>,
    gzip: GzipPool,
}

impl Docs {
    /// The document as JSON.
    pub fn new(json: String, gzip: GzipPool) -> Self {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&json);
        Self {
            json: json.into(),
            tag: format!("W/\"{hash:x}\"").into(),
            gzip,
        }
    }
}

/// `GET /api/openapi.json`.
pub async fn document(
    State(Docs { json, tag, gzip }): State<Docs>,
    headers: HeaderMap,
) -> Response {
    if is_not_modified(&headers, &tag) {
        return not_modified(&tag);
    }
    let head = [(CONTENT_TYPE, "application/json"), (ETAG, &*tag)];
    let body = respond(&headers, &gzip, pieces(json));
    (head, body).into_response()
}

/// `GET /api/docs`: leads to the page, whose own files are below. All addresses are relative, for proxies that
/// serve it under another path.
pub async fn redirect() -> Redirect {
    Redirect::permanent("docs/")
}

/// `GET /api/docs/`: the page.
pub async fn page(docs: State<Docs>, headers: HeaderMap) -> Result<Response, Rejection> {
    file("", &docs, &headers)
}

/// `GET /api/docs/...`: what the page is made of, which is part of the program.
pub async fn swagger_ui(
    docs: State<Docs>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    // A path that is no text is no file's.
    let Path(path) = path.map_err(|_| Rejection::NoSuchRoute)?;
    file(&path, &docs, &headers)
}

fn file(path: &str, docs: &Docs, headers: &HeaderMap) -> Result<Response, Rejection> {
    let config: Config<'static> = Config::from("../openapi.json")
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .use_base_layout()
        .validator_url("none");
    match serve(path, Arc::new(config)) {
        Ok(Some(file)) => {
            let head = [(CONTENT_TYPE, file.content_type)];
            let bytes = match file.bytes {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => bytes.into(),
            };
            let body = respond(headers, &docs.gzip, pieces(bytes));
            Ok((head, body).into_response())
        }
        Ok(None) => Err(Rejection::NoSuchRoute),
        Err(error) => {
            tracing::error!(%error, "can't show the documentation");
            Err(Rejection::InternalError)
        }
    }
}
