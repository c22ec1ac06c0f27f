//! What a writing request asks for, read once for every handler.

use axum::Extension;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use mime::Mime;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use shared::{Product, Reason, Revision, Source};

use crate::access::Visitor;
use crate::engine::author::Author;
use crate::engine::journal::IdempotencyKey;
use crate::http::body::WholeBody;
use crate::http::conditional;
use crate::http::limits::BodyLimit;
use crate::http::pool::ParsePool;
use crate::http::problem::Rejection;

/// The longest accepted `Idempotency-Key` in bytes: what other services take as well.
const MAX_KEY_BYTES: usize = 255;

/// A writing request.
pub struct WriteRequest {
    /// Its `Idempotency-Key`, where it has one.
    pub key: Option<IdempotencyKey>,
    /// Who it is from, who may change the list.
    pub author: Author,
    headers: HeaderMap,
    /// Held until the request is answered.
    body: WholeBody,
    pool: ParsePool,
}

impl WriteRequest {
    /// The body as JSON.
    pub async fn json<T: DeserializeOwned + Send + 'static>(&self) -> Result<T, Rejection> {
        if !media_type(&self.headers).is_some_and(|media_type| is_json(&media_type)) {
            return Err(Rejection::NotJson);
        }
        self.parse().await
    }

    /// The body as a merge patch (RFC 7396). Other patches are JSON as well, and mean something else.
    pub async fn merge_patch<T: DeserializeOwned + Send + 'static>(&self) -> Result<T, Rejection> {
        let media_type = media_type(&self.headers);
        let is_one = |media_type: Mime| {
            ["application/merge-patch+json", "application/json"].contains(&media_type.as_ref())
        };
        if !media_type.is_some_and(is_one) {
            return Err(Rejection::NotMergePatch);
        }
        self.parse().await
    }

    async fn parse<T: DeserializeOwned + Send + 'static>(&self) -> Result<T, Rejection> {
        let json = match self.body.blocks() {
            [] => serde_json::from_slice(&[]),
            // A short one is parsed in less than a millisecond.
            [whole] => serde_json::from_slice(whole),
            _ => {
                let body = self.body.reader();
                let parse = move || serde_json::from_reader(body);
                self.pool.run(parse).await?
            }
        };
        Ok(json.map_err(|error| Reason::Malformed(error.to_string()))?)
    }

    /// Waits for an answer. What a large body takes is let go of only then, whether or not the client
    /// still waits: as long as its commands do, they have the memory.
    pub async fn hold_until<T: Send + 'static>(
        self,
        answered: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Reason> {
        if self.body.is_free() {
            return Ok(answered.await);
        }
        let body = self.body;
        let held = tokio::spawn(async move {
            let answer = answered.await;
            drop(body);
            answer
        });
        held.await.map_err(|_| Reason::OutcomeUnknown)
    }

    /// The revision at which the product must be; see [`conditional::expected_revision`].
    pub fn expected_revision(
        &self,
        product: Option<&Product>,
    ) -> Result<Option<Revision>, Rejection> {
        conditional::expected_revision(&self.headers, product)
    }
}

impl<S: Send + Sync> FromRequest<S> for WriteRequest {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let author = visitor.author(Source::Http);
        // The desk decides; that its answer is known before is no reason to read a body.
        author.may_edit()?;
        let limit = Extension::<BodyLimit>::from_request_parts(&mut parts, state).await;
        let Extension(limit) = limit.map_err(|_| Rejection::InternalError)?;
        let body = limit.memory.read(&parts.headers, body, limit.max_bytes);
        let body = body.await?;
        Ok(Self {
            key: idempotency_key(&parts, &body, &limit.pool).await?,
            author,
            headers: parts.headers,
            body,
            pool: limit.pool,
        })
    }
}

/// The name that a program gave the request, and a digest of what it asks for.
async fn idempotency_key(
    parts: &Parts,
    body: &WholeBody,
    pool: &ParsePool,
) -> Result<Option<IdempotencyKey>, Reason> {
    let Some(name) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    // Two of them say two things.
    let names = parts.headers.get_all("idempotency-key").into_iter();
    let name = if names.count() == 1 {
        name.to_str().unwrap_or_default()
    } else {
        ""
    };
    let is_printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if name.is_empty() || name.len() > MAX_KEY_BYTES || !is_printable {
        let why =
            format!("Idempotency-Key: one, of 1 to {MAX_KEY_BYTES} printable ASCII characters");
        return Err(Reason::Malformed(why));
    }
    let head = format!("{} {}\n", parts.method, parts.uri.path());
    let digest = Sha256::new().chain_update(head);
    let digest = if body.is_free() {
        body.add_to(digest)
    } else {
        let body = body.clone();
        pool.run(move || body.add_to(digest)).await?
    };
    // Half of it tells requests apart as well.
    let half = digest.finalize().first_chunk().copied().unwrap_or_default();
    let fingerprint = format!("{:032x}", u128::from_be_bytes(half));
    Ok(Some(IdempotencyKey {
        name: name.into(),
        fingerprint: fingerprint.into(),
    }))
}

impl WholeBody {
    fn add_to(&self, digest: Sha256) -> Sha256 {
        self.blocks().iter().fold(digest, Digest::chain_update)
    }
}

/// The media type of a request's body, if it says one. Its parameters are left out: clients write
/// them in more ways than the grammar has.
pub fn media_type(headers: &HeaderMap) -> Option<Mime> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?;
    essence.trim().parse().ok()
}

/// Whether it is `application/json`, or a media type built on it (RFC 6839 section 3.1).
fn is_json(media_type: &Mime) -> bool {
    let is_json = match media_type.suffix() {
        Some(suffix) => suffix == mime::JSON,
        None => media_type.subtype() == mime::JSON,
    };
    is_json && media_type.type_() == mime::APPLICATION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_known_by_its_media_type_and_those_built_on_it() {
        let is_json = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, text.parse().expect("a header"));
            media_type(&headers).is_some_and(|media_type| is_json(&media_type))
        };
        assert!(is_json("application/json"));
        assert!(is_json("application/json ; charset=utf-8"));
        assert!(is_json("application/json; charset"));
        assert!(is_json("application/json; profile=https://x.example"));
        assert!(is_json("Application/JSON; charset=utf-8"));
        assert!(is_json("application/merge-patch+json"));
        assert!(!is_json("text/json"));
        assert!(!is_json("text/x+json"));
        assert!(!is_json("application/x-ndjson"));
        assert!(!is_json("application/json+xml"));
        assert!(!is_json("json"));
    }
}
