//! The product that a path names.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::ProductId;

use crate::http::problem::Rejection;

/// The id in the path. A path without a number leads nowhere.
pub struct IdPath(pub ProductId);

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let id: Result<Path<ProductId>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        match id {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Rejection::NoSuchRoute),
        }
    }
}
