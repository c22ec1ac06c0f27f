//! A refusal as an HTTP response: a problem document (RFC 9457).

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::problem::FieldProblem;
use shared::{Reason, Text};

/// A refusal and the words it is told in.
pub struct Refusal(pub Reason, pub Arc<Text>);

/// The members of RFC 9457 section 3.1, and two of our own: `code` and `fields`.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldProblem],
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(reason, text) = self;
        let status = status(&reason);
        let problem = reason.tell(&text);
        let document = Document {
            r#type: format!("urn:vitrina:problem:{}", problem.code),
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: &problem.message,
            code: &problem.code,
            fields: &problem.fields,
        };
        let headers = [(header::CONTENT_TYPE, "application/problem+json")];
        match serde_json::to_string(&document) {
            Ok(json) => (status, headers, json).into_response(),
            Err(error) => {
                tracing::error!(%error, "can't encode a problem");
                status.into_response()
            }
        }
    }
}

/// The status of RFC 9110 section 15 that says the same.
fn status(reason: &Reason) -> StatusCode {
    match reason {
        Reason::Malformed(_) | Reason::UnknownMessage(_) | Reason::NotText => {
            StatusCode::BAD_REQUEST
        }
        Reason::ForeignOrigin => StatusCode::FORBIDDEN,
        Reason::NotFound(_) | Reason::NoSuchRoute => StatusCode::NOT_FOUND,
        Reason::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Reason::CodeTaken(_) | Reason::Changed(..) => StatusCode::CONFLICT,
        Reason::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Reason::NotSaved | Reason::Stopping | Reason::TooManyPages => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
