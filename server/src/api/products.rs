//! `/api/products` and `/api/products/{id}`: one product at a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use shared::{Command, Fields, Patch, Product, ProductId, Reason};

use super::Api;
use super::asked::{ApiId, Asked};
use crate::conditional::{has_it, product_tag};
use crate::desk::Done;
use crate::hub::Hub;
use crate::journal::Key;
use crate::language::Reader;
use crate::openapi;
use crate::problem::Refusal;

/// `GET /api/products/{id}`.
#[utoipa::path(
    get,
    path = "/api/products/{id}",
    operation_id = "read",
    summary = "One product",
    tag = "products",
    params(
        ("id" = openapi::Whole, Path),
        openapi::IfNoneMatch,
    ),
    responses(
        (status = 200, description = "The product", body = openapi::Product,
            headers(("ETag" = String, description = "Its revision"))),
        (status = 304, description = "It is as it was"),
    )
)]
pub async fn read(
    State(hub): State<Arc<Hub>>,
    ApiId(id): ApiId,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let catalog = hub.catalog();
    let Some(product) = catalog.get(id) else {
        return Err(Refusal(Reason::NotFound(id), reader.text));
    };
    let tag = product_tag(product);
    if has_it(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    Ok(shown(product).into_response())
}

/// `POST /api/products`.
#[utoipa::path(
    post,
    path = "/api/products",
    operation_id = "add",
    summary = "Add a product",
    tag = "products",
    params(
        openapi::IdempotencyKey,
    ),
    request_body = openapi::Draft,
    responses(
        (status = 201, description = "It is saved", body = openapi::Product,
            headers(
                ("ETag" = String, description = "Its revision"),
                ("Location" = String, description = "Where it is"),
            ),
            links(
                ("read" = (operation_id = "read", parameters(("id" = "$response.body#/id")))),
                ("replace" = (operation_id = "replace", parameters(("id" = "$response.body#/id")))),
                ("update" = (operation_id = "update", parameters(("id" = "$response.body#/id")))),
                ("delete" = (operation_id = "delete", parameters(("id" = "$response.body#/id")))),
            )),
        openapi::CodeTaken,
    )
)]
pub async fn add(State(api): State<Api>, asked: Asked) -> Response {
    let fields = asked.json::<Fields>();
    let command = fields.and_then(Fields::draft).map(Command::Add);
    api.answer(command, asked, StatusCode::CREATED).await
}

/// `PUT /api/products/{id}`: every field is given anew; one that is absent gets its default.
#[utoipa::path(
    put,
    path = "/api/products/{id}",
    operation_id = "replace",
    summary = "Replace every field",
    tag = "products",
    params(
        ("id" = openapi::Whole, Path),
        openapi::IfMatch,
        openapi::IdempotencyKey,
    ),
    request_body = openapi::Draft,
    responses(
        (status = 200, description = "It is saved", body = openapi::Product,
            headers(("ETag" = String, description = "Its revision"))),
        openapi::CodeTaken,
    )
)]
pub async fn replace(State(api): State<Api>, ApiId(id): ApiId, asked: Asked) -> Response {
    let fields = asked.json::<Fields>();
    let patch = fields.and_then(Fields::draft).map(Patch::from);
    api.update(id, patch, asked).await
}

/// `PATCH /api/products/{id}`: absent fields stay as they are, `null` takes one away (RFC 7396).
#[utoipa::path(
    patch,
    path = "/api/products/{id}",
    operation_id = "update",
    summary = "Change some fields",
    tag = "products",
    params(
        ("id" = openapi::Whole, Path),
        openapi::IfMatch,
        openapi::IdempotencyKey,
    ),
    request_body(content(
        (openapi::Patch = "application/merge-patch+json"),
        (openapi::Patch = "application/json"),
    )),
    responses(
        (status = 200, description = "It is saved", body = openapi::Product,
            headers(("ETag" = String, description = "Its revision"))),
        openapi::CodeTaken,
    )
)]
pub async fn update(State(api): State<Api>, ApiId(id): ApiId, asked: Asked) -> Response {
    let patch = asked.json::<Fields>().and_then(Fields::patch);
    api.update(id, patch, asked).await
}

/// `DELETE /api/products/{id}`.
#[utoipa::path(
    delete,
    path = "/api/products/{id}",
    operation_id = "delete",
    summary = "Delete a product",
    tag = "products",
    params(
        ("id" = openapi::Whole, Path),
        openapi::IfMatch,
        openapi::IdempotencyKey,
    ),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete(State(api): State<Api>, ApiId(id): ApiId, asked: Asked) -> Response {
    let if_revision = asked.wanted(api.hub.catalog().get(id));
    let command = Command::Delete { id, if_revision };
    api.answer(Ok(command), asked, StatusCode::NO_CONTENT).await
}

impl Api {
    async fn update(&self, id: ProductId, patch: Result<Patch, Reason>, asked: Asked) -> Response {
        let if_revision = asked.wanted(self.hub.catalog().get(id));
        let command = patch.map(|patch| Command::Update {
            id,
            patch,
            if_revision,
        });
        self.answer(command, asked, StatusCode::OK).await
    }

    /// Has a command done and shows the product as it left it.
    async fn answer(
        &self,
        command: Result<Command, Reason>,
        asked: Asked,
        status: StatusCode,
    ) -> Response {
        let done = match command {
            Ok(command) => {
                let key = asked.key.map(Key::Idempotency);
                self.desk.ask(command, key).await
            }
            Err(reason) => Err(reason),
        };
        let Done { id, outcome, .. } = match done {
            Ok(done) => done,
            Err(reason) => return Refusal(reason, asked.reader.text).into_response(),
        };
        let location = [(LOCATION, format!("/api/products/{id}"))];
        match outcome.product() {
            Some(product) if status == StatusCode::CREATED => {
                (status, location, shown(product)).into_response()
            }
            Some(product) => (status, shown(product)).into_response(),
            None => status.into_response(),
        }
    }
}

/// A product and its entity tag.
fn shown(product: &Arc<Product>) -> impl IntoResponse + use<> {
    ([(ETAG, product_tag(product))], Json(product.clone()))
}
