//! A refusal as an HTTP response: a problem document (RFC 9457).

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::problem::FieldProblem;
use shared::{Problem, Reason, Text};

/// A refusal and the words it is told in.
pub struct Refusal(pub Reason, pub Arc<Text>);

/// The members of RFC 9457 section 3.1, and three of our own: `code`, `fields` and `commands`.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldProblem],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    commands: &'a [CommandProblem],
}

/// Commands of a group that can't be done, by their places, and the words they are told in.
pub struct GroupRefusal(pub Vec<(usize, Reason)>, pub Arc<Text>);

/// What is wrong with one command of a group.
#[derive(Serialize)]
struct CommandProblem {
    index: usize,
    problem: Problem,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        respond(&self.0, status(&self.0), &self.1, &[])
    }
}

impl IntoResponse for GroupRefusal {
    fn into_response(self) -> Response {
        let Self(refused, text) = self;
        let stopped = |reason: &Reason| matches!(reason, Reason::NotSaved | Reason::Stopping);
        if let Some((_, reason)) = refused.iter().find(|(_, reason)| stopped(reason)) {
            return respond(reason, status(reason), &text, &[]);
        }
        let commands: Vec<CommandProblem> = refused
            .iter()
            .filter(|(_, reason)| *reason != Reason::NotTried)
            .map(|(index, reason)| CommandProblem {
                index: *index,
                problem: reason.tell(&text),
            })
            .collect();
        let is_invalid = |reason: &Reason| matches!(reason, Reason::Invalid(_));
        let status = if refused.iter().any(|(_, reason)| is_invalid(reason)) {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            // Nothing is wrong with the commands themselves, they don't fit the catalog.
            StatusCode::CONFLICT
        };
        respond(
            &Reason::GroupRefused(commands.len()),
            status,
            &text,
            &commands,
        )
    }
}

fn respond(
    reason: &Reason,
    status: StatusCode,
    text: &Text,
    commands: &[CommandProblem],
) -> Response {
    let problem = reason.tell(text);
    let document = Document {
        r#type: format!("urn:vitrina:problem:{}", problem.code),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: &problem.message,
        code: &problem.code,
        fields: &problem.fields,
        commands,
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

/// The status of RFC 9110 section 15 that says the same.
fn status(reason: &Reason) -> StatusCode {
    match reason {
        Reason::Malformed(_) | Reason::UnknownMessage(_) | Reason::NotText | Reason::NotUtf8 => {
            StatusCode::BAD_REQUEST
        }
        Reason::ForeignOrigin => StatusCode::FORBIDDEN,
        Reason::NotFound(_) | Reason::NoSuchRoute => StatusCode::NOT_FOUND,
        Reason::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        Reason::CodeTaken(_) => StatusCode::CONFLICT,
        // Over HTTP it is `If-Match` that asks for a revision.
        Reason::Changed(..) => StatusCode::PRECONDITION_FAILED,
        Reason::TooLarge(_) | Reason::TooManyCommands(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::NotJson | Reason::NotImportable => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Reason::Invalid(_) | Reason::KeyReused(_) | Reason::NotTried | Reason::GroupRefused(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Reason::NotSaved | Reason::Stopping | Reason::TooManyPages => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
