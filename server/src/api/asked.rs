//! What a writing request asks for, read once for every handler.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use shared::{Product, ProductId, Reason, Revision};

use crate::conditional;
use crate::journal::IdempotencyKey;
use crate::language::Reader;
use crate::problem::Refusal;

/// Longest accepted `Idempotency-Key` in bytes: what other services take as well.
const KEY_BYTES: usize = 255;

/// A writing request.
pub struct Asked {
    /// Who asks.
    pub reader: Reader,
    /// Its `Idempotency-Key`, where it has one.
    pub key: Option<IdempotencyKey>,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Reason> {
        if !is_json(&self.headers) {
            return Err(Reason::NotJson);
        }
        serde_json::from_slice(&self.body).map_err(|error| Reason::Malformed(error.to_string()))
    }

    /// The revision at which the product must be, by `If-Match`.
    pub fn wanted(&self, product: Option<&Arc<Product>>) -> Option<Revision> {
        conditional::wanted(&self.headers, product.map(AsRef::as_ref))
    }
}

impl<S: Send + Sync> FromRequest<S> for Asked {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Ok(reader) = Reader::from_request_parts(&mut parts, state).await;
        let refuse = |reason| Refusal(reason, reader.text.clone());
        let copy = parts.clone();
        let body = Bytes::from_request(Request::from_parts(copy, body), state).await;
        let body = body.map_err(|error| refuse(unread(&error, &parts)))?;
        let key = key(&parts, &body).map_err(refuse)?;
        Ok(Self {
            reader,
            key,
            headers: parts.headers,
            body,
        })
    }
}

/// The name a program gave the request, and a digest of what it asks for.
fn key(parts: &Parts, body: &[u8]) -> Result<Option<IdempotencyKey>, Reason> {
    let Some(name) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let name = name.to_str().unwrap_or_default();
    let is_printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if name.is_empty() || name.len() > KEY_BYTES || !is_printable {
        let why = format!("Idempotency-Key: 1 to {KEY_BYTES} printable ASCII characters");
        return Err(Reason::Malformed(why));
    }
    let head = format!("{} {}\n", parts.method, parts.uri.path());
    let digest = Sha256::new().chain_update(head).chain_update(body);
    // Half of it tells requests apart as well.
    let half = digest.finalize().first_chunk().copied().unwrap_or_default();
    let fingerprint = format!("{:032x}", u128::from_be_bytes(half));
    Ok(Some(IdempotencyKey {
        name: name.into(),
        fingerprint: fingerprint.into(),
    }))
}

fn unread(error: &BytesRejection, parts: &Parts) -> Reason {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let is_batch = parts.uri.path().ends_with("/batch");
        Reason::TooLarge(if is_batch {
            super::batch::MOST_BYTES
        } else {
            crate::app::MOST_BODY_BYTES
        })
    } else {
        Reason::Malformed(error.body_text())
    }
}

/// A request's media type, without its parameters, in lower case.
pub fn media_type(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// `application/json`, or a media type built on it (RFC 6839 section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = media_type(headers);
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

/// The id in the path. What is no number is no product's.
pub struct ApiId(pub ProductId);

impl<S: Send + Sync> FromRequestParts<S> for ApiId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let id: Result<Path<ProductId>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        if let Ok(Path(id)) = id {
            return Ok(Self(id));
        }
        let Ok(reader) = Reader::from_request_parts(parts, state).await;
        Err(Refusal(Reason::NoSuchRoute, reader.text))
    }
}
