//! `/api/products`: the same commands as over the socket, for every program that speaks HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde::{Deserialize, Serialize};
use shared::{Command, Fields, Patch, Product, ProductId, Reason, Revision};

use crate::desk::{Desk, Done};
use crate::hub::Hub;
use crate::language::Reader;
use crate::problem::Refusal;

/// Most products of one answer; a client that wants more asks on with `after`.
const MOST_LISTED: usize = 10_000;

/// Which products to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// How many at most.
    limit: Option<usize>,
    /// Only those with a greater id.
    after: Option<ProductId>,
}

/// Products in id order.
#[derive(Serialize)]
struct List {
    /// The catalog's revision: `since` for a socket that is to go on from here.
    revision: Revision,
    /// How many products the catalog has.
    count: usize,
    products: Vec<Arc<Product>>,
    /// The `after` of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<ProductId>,
}

/// `GET /api/products`.
pub async fn list(
    State(hub): State<Arc<Hub>>,
    reader: Reader,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(query) =
        query.map_err(|error| Refusal(Reason::Malformed(error.body_text()), reader.text))?;
    let catalog = hub.catalog();
    let after = query.after.unwrap_or(ProductId(0));
    let limit = query.limit.unwrap_or(MOST_LISTED).min(MOST_LISTED);
    let mut coming = catalog.products_after(after);
    let products: Vec<_> = coming.by_ref().take(limit).cloned().collect();
    let next = coming
        .next()
        .and_then(|_| products.last().map(|product| product.id));
    let list = List {
        revision: catalog.revision(),
        count: catalog.len(),
        products,
        next,
    };
    Ok(Json(list).into_response())
}

/// `GET /api/products/{id}`.
pub async fn read(
    State(hub): State<Arc<Hub>>,
    ApiId(id): ApiId,
    reader: Reader,
) -> Result<Response, Refusal> {
    match hub.catalog().get(id) {
        Some(product) => Ok(Json(product).into_response()),
        None => Err(Refusal(Reason::NotFound(id), reader.text)),
    }
}

/// `POST /api/products`.
pub async fn add(State(api): State<Api>, reader: Reader, Body(fields): Body) -> Response {
    let command = fields.draft().map(Command::Add);
    api.answer(command, reader, StatusCode::CREATED).await
}

/// `PUT /api/products/{id}`: every field is given anew; one that is absent gets its default.
pub async fn replace(
    State(api): State<Api>,
    ApiId(id): ApiId,
    reader: Reader,
    Body(fields): Body,
) -> Response {
    let patch = fields.draft().map(Patch::from);
    api.answer(update_of(id, patch), reader, StatusCode::OK)
        .await
}

/// `PATCH /api/products/{id}`: absent fields stay as they are.
pub async fn update(
    State(api): State<Api>,
    ApiId(id): ApiId,
    reader: Reader,
    Body(fields): Body,
) -> Response {
    api.answer(update_of(id, fields.patch()), reader, StatusCode::OK)
        .await
}

/// `DELETE /api/products/{id}`.
pub async fn delete(State(api): State<Api>, ApiId(id): ApiId, reader: Reader) -> Response {
    let command = Command::Delete {
        id,
        if_revision: None,
    };
    api.answer(Ok(command), reader, StatusCode::NO_CONTENT)
        .await
}

fn update_of(id: ProductId, patch: Result<Patch, Reason>) -> Result<Command, Reason> {
    Ok(Command::Update {
        id,
        patch: patch?,
        if_revision: None,
    })
}

/// What the writing handlers work with.
#[derive(Clone)]
pub struct Api {
    /// Where commands go.
    pub desk: Desk,
    /// Where the product is after.
    pub hub: Arc<Hub>,
}

impl Api {
    /// Has a command done and shows the product as it is then.
    async fn answer(
        &self,
        command: Result<Command, Reason>,
        reader: Reader,
        status: StatusCode,
    ) -> Response {
        let done = match command {
            Ok(command) => self.desk.ask(command, None).await,
            Err(reason) => Err(reason),
        };
        let Done { id, .. } = match done {
            Ok(done) => done,
            Err(reason) => return Refusal(reason, reader.text).into_response(),
        };
        let location = [(LOCATION, format!("/api/products/{id}"))];
        match (status, self.hub.catalog().get(id)) {
            (StatusCode::CREATED, Some(product)) => {
                (status, location, Json(product)).into_response()
            }
            // Deleted by somebody else in the meantime: it was added all the same.
            (StatusCode::CREATED, None) => (status, location).into_response(),
            (StatusCode::OK, Some(product)) => Json(product).into_response(),
            (StatusCode::OK, None) => Refusal(Reason::NotFound(id), reader.text).into_response(),
            _ => status.into_response(),
        }
    }
}

/// The id in the path. What is no number is no product's.
pub struct ApiId(pub ProductId);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for ApiId {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Refusal> {
        let id: Result<Path<ProductId>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        if let Ok(Path(id)) = id {
            return Ok(Self(id));
        }
        let Ok(reader) = Reader::from_request_parts(parts, state).await;
        Err(Refusal(Reason::NoSuchRoute, reader.text))
    }
}

/// A body of JSON: one object of fields.
pub struct Body(pub Fields);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Ok(reader) =
            <Reader as axum::extract::FromRequestParts<S>>::from_request_parts(&mut parts, state)
                .await;
        let refuse = |reason| Refusal(reason, reader.text);
        if !is_json(&parts.headers) {
            return Err(refuse(Reason::NotJson));
        }
        let body = Bytes::from_request(Request::from_parts(parts, body), state).await;
        let read = body.map_err(|error| unread(&error)).and_then(|body| {
            serde_json::from_slice(&body).map_err(|error| Reason::Malformed(error.to_string()))
        });
        read.map(Self).map_err(refuse)
    }
}

fn unread(error: &BytesRejection) -> Reason {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Reason::TooLarge(crate::app::MOST_BODY_BYTES)
    } else {
        Reason::Malformed(error.body_text())
    }
}

/// `application/json`, or a media type built on it (RFC 6839 section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
