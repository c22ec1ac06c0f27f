//! Keeps out what pages of other sites send.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::problem::Rejection;

/// Refuses changes and sockets that a page of another site asks for, unless that site is one of
/// these.
pub async fn same_origin(
    State(origins): State<Arc<[HeaderValue]>>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_socket = request.uri().path() == "/ws";
    let headers = request.headers();
    let is_welcome = || {
        headers
            .get(ORIGIN)
            .is_some_and(|origin| origins.contains(origin))
    };
    if (is_socket || !only_reads) && !is_from_here(headers) && !is_welcome() {
        return Err(Rejection::ForeignOrigin);
    }
    Ok(next.run(request).await)
}

/// Whether a request is from this server's own pages, or from no page at all: programs send no
/// `Origin` (RFC 6454 section 7), browsers do and can't be made not to.
fn is_from_here(headers: &HeaderMap) -> bool {
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
