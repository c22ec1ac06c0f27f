//! What keeps other sites out: the origin check and the security headers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::Reason;

use crate::language::Reader;
use crate::problem::Refusal;

/// Scripts and styles from here alone, none inline; `wasm-unsafe-eval` is what lets the page
/// compile WASM and nothing else. Thumbnails may come from anywhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' http: https: data:; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// The same for the API's documentation, whose library styles its elements inline.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// Adds the security headers to every answer.
pub async fn headers(request: Request, next: Next) -> Response {
    let is_docs = request.uri().path().starts_with("/api/docs/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (
            CONTENT_SECURITY_POLICY,
            if is_docs { DOCS_POLICY } else { POLICY },
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    headers.extend(fixed);
    response
}

/// Refuses what a page of another site sends, unless it is one of these: changes, and sockets.
pub async fn same_origin(
    State(origins): State<Arc<[HeaderValue]>>,
    reader: Reader,
    request: Request,
    next: Next,
) -> Response {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_socket = request.uri().path() == "/ws";
    let headers = request.headers();
    let is_welcome = || {
        headers
            .get(ORIGIN)
            .is_some_and(|origin| origins.contains(origin))
    };
    if (is_socket || !only_reads) && !from_here(headers) && !is_welcome() {
        return Refusal(Reason::ForeignOrigin, reader.text).into_response();
    }
    next.run(request).await
}

/// Whether a request is from this server's own pages, or from no page at all: programs send no
/// `Origin` (RFC 6454 section 7), browsers do and can't be made not to.
fn from_here(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).into_iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return !headers.contains_key(ORIGIN);
    };
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(a), Some(h)) if a.eq_ignore_ascii_case(h))
}
