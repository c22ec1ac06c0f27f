//! Bodies that come packed (RFC 9110 section 8.4).

use std::io;

use async_compression::tokio::bufread::GzipDecoder;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::TryStreamExt;
use tokio_util::io::{ReaderStream, StreamReader};

use crate::http::problem::Rejection;

/// Unpacks a body that comes as gzip, whose members may be many (RFC 1952 section 2.2), and refuses
/// what is packed otherwise.
pub async fn unpack(mut request: Request, next: Next) -> Result<Response, Rejection> {
    let headers = request.headers_mut();
    let is_one = headers.get_all(CONTENT_ENCODING).into_iter().count() == 1;
    let Some(coding) = headers.remove(CONTENT_ENCODING) else {
        return Ok(next.run(request).await);
    };
    let is_one_of = |names: &[&str]| {
        names
            .iter()
            .any(|name| coding.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
    };
    if is_one && is_one_of(&["", "identity"]) {
        return Ok(next.run(request).await);
    }
    // Section 8.4.1.3: both are the same.
    if !is_one || !is_one_of(&["gzip", "x-gzip"]) {
        return Err(Rejection::NotUnpackable);
    }
    headers.remove(CONTENT_LENGTH);
    let unpacked = request.map(|body| {
        let packed = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
        let mut decoder = GzipDecoder::new(packed);
        decoder.multiple_members(true);
        Body::from_stream(ReaderStream::new(decoder))
    });
    Ok(next.run(unpacked).await)
}
