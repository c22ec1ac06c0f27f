//! What every answer gets before it leaves: the problem document, where it is a refusal, and the
//! security headers.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::middleware::Next;
use axum::response::Response;

use super::security_headers;
use crate::http::extract::Locale;
use crate::http::problem::write_problem;

/// Finishes the answers. It is one layer for both since each costs every request a few allocations.
pub async fn finish(request: Request, next: Next) -> Response {
    let is_for_docs = security_headers::is_for_docs(&request);
    // Which language that is only a refusal needs to know.
    let language_headers = language_headers(request.headers());
    let response = next.run(request).await;
    let locale = || Locale::new(Locale::negotiate(&language_headers));
    let mut response = write_problem(response, locale);
    security_headers::add_to(&mut response, is_for_docs);
    response
}

/// The headers by which a reader's language is told.
fn language_headers(headers: &HeaderMap) -> HeaderMap {
    let names = [ACCEPT_LANGUAGE, COOKIE].into_iter();
    names
        .flat_map(|name| {
            let values = headers.get_all(&name).into_iter().cloned();
            values.map(move |value| (name.clone(), value))
        })
        .collect()
}
