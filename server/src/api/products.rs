//! `/api/products` and `/api/products/{id}`: one product at a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use shared::{
    Command, FieldReason, Fields, Patch, Product, ProductId, Reason, Revision, Rule, integer,
};

use crate::engine::desk::{Desk, Done};
use crate::engine::hub::Hub;
use crate::engine::journal::Key;
use crate::http::base_path::BasePath;
use crate::http::conditional::{NEVER, is_not_modified, not_modified, product_tag};
use crate::http::extract::{IdPath, WriteRequest};
use crate::http::openapi;
use crate::http::problem::Rejection;
use crate::unicode::nfc;

/// One product.
#[utoipa::path(
    get,
    path = "/api/products/{id}",
    operation_id = "getProduct",
    summary = "One product",
    description = "The product as it is. Its `ETag` is its revision, for `If-None-Match` and \
        `If-Match`.",
    tag = "products",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
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
    IdPath(id): IdPath,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let catalog = hub.catalog();
    let product = catalog.get(id).ok_or(Reason::NotFound(id))?;
    let tag = product_tag(product);
    if is_not_modified(&headers, &tag) {
        return Ok(not_modified(&tag));
    }
    Ok(to_response(product))
}

/// Adds a product.
#[utoipa::path(
    post,
    path = "/api/products",
    operation_id = "addProduct",
    summary = "Add a product",
    description = "Saves a new product. With an `Idempotency-Key` it can be sent again after a \
        lost answer.",
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
                ("read" = (operation_id = "getProduct", parameters(("id" = "$response.body#/id")))),
                ("replace" = (operation_id = "replaceProduct", parameters(("id" = "$response.body#/id")))),
                ("update" = (operation_id = "updateProduct", parameters(("id" = "$response.body#/id")))),
                ("delete" = (operation_id = "deleteProduct", parameters(("id" = "$response.body#/id")))),
            )),
        openapi::CodeTaken,
    )
)]
pub async fn add(
    State(desk): State<Desk>,
    State(base_path): State<BasePath>,
    request: WriteRequest,
) -> Result<Response, Rejection> {
    let draft = request.json::<Fields>().await?.draft(nfc)?;
    let done = run(&desk, Command::Add(draft), request).await?;
    let path = base_path.join(&format!("/api/products/{}", done.id));
    let location = [(LOCATION, path)];
    Ok((StatusCode::CREATED, location, outcome_of(&done)).into_response())
}

/// Gives every field anew; one that is absent gets its default.
#[utoipa::path(
    put,
    path = "/api/products/{id}",
    operation_id = "replaceProduct",
    summary = "Replace every field",
    description = "Gives every field anew; one that is absent gets the value of a new product \
        without it. What `GET` gave can be sent back: its `id` must be the product's, and its \
        `revision` the one that it is at.",
    tag = "products",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
        openapi::IfMatch,
        openapi::IfNoneMatchOnWrite,
        openapi::IdempotencyKey,
    ),
    request_body = openapi::Draft,
    responses(
        (status = 200, description = "It is saved", body = openapi::Product,
            headers(("ETag" = String, description = "Its revision"))),
        openapi::CodeTaken,
    )
)]
pub async fn replace(
    State(desk): State<Desk>,
    State(hub): State<Arc<Hub>>,
    IdPath(id): IdPath,
    request: WriteRequest,
) -> Result<Response, Rejection> {
    let mut fields: Fields = request.json().await?;
    let revision = take_product(&mut fields, id)?;
    let patch = Patch::from(fields.draft(nfc)?);
    let if_revision = match (expected_revision(&hub, id, &request)?, revision) {
        // No product is at two revisions.
        (Some(expected), Some(revision)) if expected != revision => Some(NEVER),
        (expected, revision) => expected.or(revision),
    };
    run_update(&desk, id, patch, if_revision, request).await
}

/// Changes fields: those that are absent stay as they are, `null` takes one away (RFC 7396).
#[utoipa::path(
    patch,
    path = "/api/products/{id}",
    operation_id = "updateProduct",
    summary = "Change some fields",
    description = "Changes the fields that it names: those that are absent stay as they are, and \
        `null` takes one away (RFC 7396).",
    tag = "products",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
        openapi::IfMatch,
        openapi::IfNoneMatchOnWrite,
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
pub async fn update(
    State(desk): State<Desk>,
    State(hub): State<Arc<Hub>>,
    IdPath(id): IdPath,
    request: WriteRequest,
) -> Result<Response, Rejection> {
    let patch = request.merge_patch::<Fields>().await?.patch(nfc)?;
    let if_revision = expected_revision(&hub, id, &request)?;
    run_update(&desk, id, patch, if_revision, request).await
}

/// Deletes a product.
#[utoipa::path(
    delete,
    path = "/api/products/{id}",
    operation_id = "deleteProduct",
    summary = "Delete a product",
    description = "Takes the product off the list. Its id is never used again.",
    tag = "products",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
        openapi::IfMatch,
        openapi::IfNoneMatchOnWrite,
        openapi::IdempotencyKey,
    ),
    responses((status = 204, description = "It is gone"))
)]
pub async fn delete(
    State(desk): State<Desk>,
    State(hub): State<Arc<Hub>>,
    IdPath(id): IdPath,
    request: WriteRequest,
) -> Result<StatusCode, Rejection> {
    let if_revision = expected_revision(&hub, id, &request)?;
    run(&desk, Command::Delete { id, if_revision }, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a deleted product back.
#[utoipa::path(
    post,
    path = "/api/products/{id}/restore",
    operation_id = "restoreProduct",
    summary = "Bring a deleted product back",
    description = "The product is on the list again as it was when it was deleted, with its id. What \
        it was is looked up in the history. A product that is there stays as it is.",
    tag = "products",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
        openapi::IdempotencyKey,
    ),
    responses(
        (status = 200, description = "It is there", body = openapi::Product,
            headers(("ETag" = String, description = "Its revision"))),
        openapi::CodeTaken,
    )
)]
pub async fn restore(
    State(desk): State<Desk>,
    IdPath(id): IdPath,
    request: WriteRequest,
) -> Result<Response, Rejection> {
    let command = Command::Restore { id, deleted: None };
    Ok(outcome_of(&run(&desk, command, request).await?))
}

async fn run_update(
    desk: &Desk,
    id: ProductId,
    patch: Patch,
    if_revision: Option<Revision>,
    request: WriteRequest,
) -> Result<Response, Rejection> {
    let command = Command::Update {
        id,
        patch,
        if_revision,
    };
    Ok(outcome_of(&run(desk, command, request).await?))
}

/// Takes out what a product says beside its fields, so that what was read can be sent back: its
/// id, which must be the one in the path, and the revision at which it must still be.
fn take_product(fields: &mut Fields, id: ProductId) -> Result<Option<Revision>, Reason> {
    let mut take = |name: &str| -> Result<Option<u64>, Reason> {
        let Some(value) = fields.values.remove(name) else {
            return Ok(None);
        };
        let number = value.as_number().and_then(integer::from_number);
        let wrong = || Reason::Invalid(vec![FieldReason::new(name, Rule::NotWhole)]);
        number.map(Some).ok_or_else(wrong)
    };
    if take("id")?.is_some_and(|given| given != id.0) {
        let another = FieldReason::new("id", Rule::Another);
        return Err(Reason::Invalid(vec![another]));
    }
    Ok(take("revision")?.map(Revision))
}

fn expected_revision(
    hub: &Hub,
    id: ProductId,
    request: &WriteRequest,
) -> Result<Option<Revision>, Rejection> {
    request.expected_revision(hub.catalog().get(id).map(AsRef::as_ref))
}

async fn run(desk: &Desk, command: Command, request: WriteRequest) -> Result<Done, Reason> {
    let key = request.key.clone().map(Key::Idempotency);
    let (desk, author) = (desk.clone(), request.author.clone());
    let asked = async move { desk.ask(command, &author, key).await };
    request.hold_until(asked).await?
}

/// The product as a command left it.
fn outcome_of(done: &Done) -> Response {
    let product = done.outcome.product();
    product.map_or_else(Response::default, to_response)
}

/// A product and its entity tag.
fn to_response(product: &Arc<Product>) -> Response {
    ([(ETAG, product_tag(product))], Json(product.clone())).into_response()
}
