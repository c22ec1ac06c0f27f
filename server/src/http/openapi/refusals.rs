//! The refusals that follow from what an operation takes, so that no handler has to list them.

use axum::http::StatusCode;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};

use super::responses::refusal;

/// Adds them to an operation.
pub fn add(operation: &mut Operation, is_write: bool) {
    for (status, description) in refusals(operation, is_write) {
        refuse(operation, status, description);
    }
}

/// The operations at an address, each with whether it writes.
pub fn operations(path: &mut PathItem) -> impl Iterator<Item = (&mut Operation, bool)> {
    let reads = [&mut path.get].map(|operation| (operation, false));
    let writes = [
        &mut path.post,
        &mut path.put,
        &mut path.patch,
        &mut path.delete,
    ];
    let operations = reads
        .into_iter()
        .chain(writes.map(|operation| (operation, true)));
    operations.filter_map(|(operation, is_write)| Some((operation.as_mut()?, is_write)))
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn refusals(operation: &Operation, is_write: bool) -> Vec<(StatusCode, &'static str)> {
    let takes = |place: ParameterIn, name: Option<&str>| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| match parameter {
            RefOr::T(parameter) => {
                parameter.parameter_in == place && name.is_none_or(|name| parameter.name == name)
            }
            RefOr::Ref(_) => false,
        })
    };
    let has_body = operation.request_body.is_some();
    let mut refusals = Vec::new();
    let mut add = |applies: bool, status, description| {
        if applies {
            refusals.push((status, description));
        }
    };
    let key = takes(ParameterIn::Header, Some("Idempotency-Key"));
    add(
        true,
        StatusCode::BAD_REQUEST,
        "What came can't be read; `detail` says where.",
    );
    add(
        true,
        StatusCode::UNAUTHORIZED,
        "Only people who are known here may do it, or the token is not known.",
    );
    add(
        is_write,
        StatusCode::FORBIDDEN,
        "A page of another site sent it, or whoever asks may see the list and not change it.",
    );
    add(
        true,
        StatusCode::TOO_MANY_REQUESTS,
        "That was too often; `Retry-After` says when to ask again.",
    );
    add(
        takes(ParameterIn::Path, None),
        StatusCode::NOT_FOUND,
        "There is no such product.",
    );
    add(
        has_body,
        StatusCode::REQUEST_TIMEOUT,
        "The body took too long to come.",
    );
    add(
        has_body,
        StatusCode::PAYLOAD_TOO_LARGE,
        "More than is accepted; `detail` says how much that is.",
    );
    add(
        has_body,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "In none of the media types that are accepted.",
    );
    let is_conditional = takes(ParameterIn::Header, Some("If-Match"));
    add(
        is_conditional,
        StatusCode::PRECONDITION_FAILED,
        "The product has changed, is there although it should not be, or a proxy changed its entity tag; or \
         the revision that the answer has to know is not known yet.",
    );
    add(
        !is_conditional,
        StatusCode::PRECONDITION_FAILED,
        "The revision that the answer has to know is not known yet; ask again.",
    );
    add(
        has_body || key || takes(ParameterIn::Query, None),
        StatusCode::UNPROCESSABLE_ENTITY,
        "`fields` names each field or parameter that is not as it must be, and the fix.",
    );
    add(
        is_write,
        StatusCode::SERVICE_UNAVAILABLE,
        "It could not be saved, the server is stopping, or has too many large requests. Nothing was \
         done; `Retry-After` says when to ask again.",
    );
    add(
        true,
        StatusCode::METHOD_NOT_ALLOWED,
        "The address takes other methods; `Allow` says which.",
    );
    add(
        true,
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something in the server failed.",
    );
    add(
        true,
        StatusCode::MISDIRECTED_REQUEST,
        "The server doesn't have the name that `Host` says.",
    );
    add(
        is_write,
        StatusCode::GATEWAY_TIMEOUT,
        "Whether it was saved can't be known; ask again with the same `Idempotency-Key`.",
    );
    refusals
}

/// Adds a refusal, unless the operation tells of that status itself.
fn refuse(operation: &mut Operation, status: StatusCode, description: &str) {
    let responses = &mut operation.responses.responses;
    responses
        .entry(status.as_str().to_owned())
        .or_insert_with(|| refusal(description));
}
