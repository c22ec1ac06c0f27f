//! Pages are packed: they are a fifth as long then.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::gzip::{MIN_GZIP_BYTES, accepts, pack};
use crate::http::problem::Rejection;

/// The longest page that is packed: each is there as a whole.
const MAX_BYTES: u64 = 1024 * 1024;

/// Packs a page for who takes that.
pub async fn pack_page(request: Request, next: Next) -> Response {
    let is_taken = accepts(request.headers(), "gzip");
    let mut response = next.run(request).await;
    let length = response.body().size_hint().exact();
    let is_worth_it =
        length.is_some_and(|length| (MIN_GZIP_BYTES as u64..=MAX_BYTES).contains(&length));
    if !is_worth_it {
        return response;
    }
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().append(VARY, vary);
    if !is_taken || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let packed = to_bytes(body, usize::MAX).await.ok();
    let Some(packed) = packed.and_then(|bytes| pack(&bytes).ok()) else {
        return Rejection::InternalError.into_response();
    };
    head.headers.remove(CONTENT_LENGTH);
    let gzip = HeaderValue::from_static("gzip");
    head.headers.insert(CONTENT_ENCODING, gzip);
    Response::from_parts(head, Body::from(packed))
}
