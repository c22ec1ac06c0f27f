//! A refusal over HTTP: a problem document (RFC 9457).
//!
//! A handler refuses with a [`Rejection`], which knows no language. It travels in the response's
//! extensions to the one layer, [`finish`](super::middleware::finish), that knows the reader's and writes the
//! document.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::headers::{HeaderMapExt, RetryAfter};
use serde::Serialize;
use shared::{FieldProblem, Problem, Reason, Revision, Text};
use strum::VariantNames;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::extract::Locale;

/// The most commands of a group of which is told what is wrong.
const MAX_COMMANDS_TOLD: usize = 100;

/// The most characters of a host's name that are repeated: no name has more (RFC 1035).
const MAX_HOST_CHARS: usize = 253;

/// Why a request was refused: for the reason that its command was, or for one that only HTTP
/// knows. Its stable name, for programs, is the variant's in snake case.
#[derive(Clone, Debug, PartialEq, strum::EnumCount, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The command was refused.
    Command(Reason),
    /// These commands of a group can't be done, by their places in it, so none was.
    GroupRefused(Vec<(usize, Reason)>),
    /// There are more commands in one request than this.
    TooManyCommands(usize),
    /// The body has more bytes than this.
    TooLarge(usize),
    /// The body took too long to come.
    TooSlow,
    /// There are as many large bodies in memory as there may be.
    Busy,
    /// As many files are imported as may be at a time.
    TooManyImports,
    /// The body is not JSON.
    NotJson,
    /// The body is no merge patch (RFC 7396), but JSON of another kind perhaps.
    NotMergePatch,
    /// The body is in none of the forms that can be imported.
    NotImportable,
    /// The body is packed, and not as gzip.
    NotUnpackable,
    /// A browser sent it from a page of another site.
    ForeignOrigin,
    /// The server doesn't serve this name.
    UnknownHost(String),
    /// No route has this path.
    NoSuchRoute,
    /// The route exists, for other methods.
    WrongMethod,
    /// This server doesn't know that revision yet.
    Behind(Revision),
    /// The entity tag of this revision is not as it was given out: a proxy changed it.
    WeakenedTag(Revision),
    /// The product is there, and `If-None-Match` said that it should not be.
    IsThere,
    /// As many clients are connected as are allowed.
    #[strum(serialize = "too_many_pages")]
    TooManyClients,
    /// The history can't be read at the moment.
    HistoryUnreadable,
    /// Nobody has this token, or no longer.
    UnknownToken,
    /// Only an admin may do it.
    AdminsOnly,
    /// Only who said who they are can have it.
    NoTicket,
    /// A handler panicked.
    InternalError,
}

impl Rejection {
    /// Refuses a group of commands, by the reasons that its commands were refused for.
    pub fn group(refused: Vec<(usize, Reason)>) -> Self {
        let concerns_all = |reason: &Reason| {
            matches!(
                reason,
                Reason::NotSaved
                    | Reason::OutcomeUnknown
                    | Reason::Stopping
                    | Reason::SignInFirst
                    | Reason::MayNotEdit
                    | Reason::TooOften(_)
            )
        };
        if let Some((_, reason)) = refused.iter().find(|(_, reason)| concerns_all(reason)) {
            return Self::Command(reason.clone());
        }
        let own = refused
            .into_iter()
            .filter(|(_, reason)| *reason != Reason::NotTried);
        Self::GroupRefused(own.collect())
    }

    /// The names of those that only HTTP knows.
    pub fn own_codes() -> impl Iterator<Item = &'static str> {
        let names = Self::VARIANTS.iter().copied();
        names.filter(|name| *name != "command")
    }

    /// The status of RFC 9110 section 15 that says the same.
    fn status(&self) -> StatusCode {
        match self {
            Self::Command(reason) => status_of(reason),
            Self::GroupRefused(refused) => {
                let is_invalid = |reason: &Reason| matches!(reason, Reason::Invalid(_));
                if refused.iter().any(|(_, reason)| is_invalid(reason)) {
                    StatusCode::UNPROCESSABLE_ENTITY
                } else {
                    // Nothing is wrong with the commands themselves, they don't fit the catalog.
                    StatusCode::CONFLICT
                }
            }
            Self::TooManyCommands(_) | Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NotJson | Self::NotMergePatch | Self::NotImportable | Self::NotUnpackable => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::ForeignOrigin | Self::AdminsOnly => StatusCode::FORBIDDEN,
            Self::UnknownToken | Self::NoTicket => StatusCode::UNAUTHORIZED,
            Self::UnknownHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NoSuchRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            // The condition is the header's own (RFC 9110 section 15.5.13).
            Self::Behind(_) | Self::WeakenedTag(_) | Self::IsThere => {
                StatusCode::PRECONDITION_FAILED
            }
            Self::TooManyClients | Self::TooManyImports | Self::Busy | Self::HistoryUnreadable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The refusal in the reader's words.
    fn tell(&self, text: &Text) -> Problem {
        let value = match self {
            Self::Command(reason) => return reason.tell(text),
            Self::GroupRefused(refused) => refused.len().to_string(),
            Self::TooManyCommands(limit) | Self::TooLarge(limit) => limit.to_string(),
            Self::Behind(revision) | Self::WeakenedTag(revision) => revision.to_string(),
            Self::UnknownHost(name) => name.chars().take(MAX_HOST_CHARS).collect(),
            _ => String::new(),
        };
        let code: &str = self.into();
        Problem {
            code: code.to_owned(),
            message: text.problem(code, &[("value", &value)]),
            fields: Vec::new(),
        }
    }

    /// What is wrong with the first commands of a group, and how many more there are.
    fn commands(&self, text: &Text) -> (Vec<CommandProblem>, usize) {
        let Self::GroupRefused(refused) = self else {
            return (Vec::new(), 0);
        };
        let problem = |(index, reason): &(usize, Reason)| CommandProblem {
            index: *index,
            problem: reason.tell(text),
        };
        let told = refused.iter().take(MAX_COMMANDS_TOLD).map(problem);
        (
            told.collect(),
            refused.len().saturating_sub(MAX_COMMANDS_TOLD),
        )
    }

    /// The code with which a WebSocket is closed for it (RFC 6455 section 7.4.1, and its registry at IANA).
    pub fn close_code(&self) -> CloseCode {
        match self {
            Self::Command(Reason::SignInFirst) => CloseCode::Policy,
            _ => CloseCode::Again,
        }
    }

    /// How long to wait before it is tried again, where that may help.
    fn retry_after(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Command(Reason::Stopping) => 2,
            Self::Command(Reason::NotSaved) | Self::TooManyClients | Self::TooManyImports => 10,
            Self::Command(Reason::TooOften(seconds)) => *seconds,
            Self::Busy | Self::HistoryUnreadable | Self::Behind(_) => 1,
            _ => return None,
        };
        Some(Duration::from_secs(seconds))
    }
}

impl From<Reason> for Rejection {
    fn from(reason: Reason) -> Self {
        Self::Command(reason)
    }
}

impl IntoResponse for Rejection {
    /// The status alone; [`write_problem`] adds the document.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(time) = self.retry_after() {
            response.headers_mut().typed_insert(RetryAfter::delay(time));
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 15.5.2, RFC 6750 section 3.
            let how = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, how);
        }
        if matches!(self, Self::NotMergePatch) {
            // RFC 5789 section 2.2.
            let accepted =
                HeaderValue::from_static("application/merge-patch+json, application/json");
            response.headers_mut().insert("accept-patch", accepted);
        }
        if matches!(self, Self::TooManyClients) {
            // The connection, too, makes room.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

fn status_of(reason: &Reason) -> StatusCode {
    match reason {
        Reason::Malformed(_)
        | Reason::UnknownMessage(_)
        | Reason::NotText
        | Reason::NotUtf8
        | Reason::TooManyCells(..)
        | Reason::UnclosedQuote => StatusCode::BAD_REQUEST,
        Reason::NotFound(_) | Reason::NotKept(_) => StatusCode::NOT_FOUND,
        Reason::CodeTaken(..) => StatusCode::CONFLICT,
        // Over HTTP it is `If-Match` that asks for a revision.
        Reason::Changed(..) => StatusCode::PRECONDITION_FAILED,
        Reason::Invalid(_) | Reason::KeyReused(_) | Reason::NotTried => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Reason::SignInFirst => StatusCode::UNAUTHORIZED,
        Reason::MayNotEdit => StatusCode::FORBIDDEN,
        Reason::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
        Reason::NotSaved | Reason::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        Reason::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The members of RFC 9457 section 3.1, and our own: `code`, `fields`, `commands` and
/// `more_commands`.
#[derive(Serialize)]
struct ProblemDocument<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    fields: &'a [FieldProblem],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<CommandProblem>,
    /// How many more commands can't be done.
    #[serde(skip_serializing_if = "is_zero")]
    more_commands: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What is wrong with one command of a group.
#[derive(Serialize)]
struct CommandProblem {
    index: usize,
    problem: Problem,
}

/// Writes the problem document of a response that a [`Rejection`] made, in the words of the reader.
pub fn write_problem(mut response: Response, locale: impl FnOnce() -> Locale) -> Response {
    match response.extensions_mut().remove::<Arc<Rejection>>() {
        Some(rejection) => write(&rejection, response, &locale()),
        None => response,
    }
}

fn write(rejection: &Rejection, response: Response, locale: &Locale) -> Response {
    let status = response.status();
    let problem = rejection.tell(&locale.text);
    let (commands, more_commands) = rejection.commands(&locale.text);
    let document = ProblemDocument {
        r#type: format!("urn:vitrina:problem:{}", problem.code),
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: &problem.message,
        code: &problem.code,
        fields: &problem.fields,
        commands,
        more_commands,
    };
    let json = serde_json::to_string(&document).unwrap_or_else(|error| {
        tracing::error!(%error, "can't encode a problem");
        String::new()
    });
    let (mut head, _) = response.into_parts();
    let media_type = HeaderValue::from_static("application/problem+json");
    head.headers.insert(CONTENT_TYPE, media_type);
    head.headers.remove(CONTENT_LENGTH);
    let [(language, tag), (vary, by)] = locale.headers();
    head.headers.insert(language, tag);
    head.headers.append(vary, by);
    Response::from_parts(head, Body::from(json))
}

/// What a request is answered with whose handler panicked.
pub fn on_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast::<String>().ok().map(|text| *text));
    let message = message.unwrap_or_default();
    tracing::error!(message, "a handler panicked");
    Rejection::InternalError.into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::extract::Request;
    use axum::http::header::ACCEPT_LANGUAGE;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use shared::Language;
    use strum::EnumCount;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;
    use crate::http::middleware::finish::finish;

    #[test]
    fn every_rejection_has_its_words_in_every_language() {
        let own = [
            Rejection::GroupRefused(Vec::new()),
            Rejection::TooManyCommands(1),
            Rejection::TooLarge(1),
            Rejection::TooSlow,
            Rejection::Busy,
            Rejection::HistoryUnreadable,
            Rejection::UnknownToken,
            Rejection::AdminsOnly,
            Rejection::NoTicket,
            Rejection::TooManyImports,
            Rejection::UnknownHost(String::new()),
            Rejection::NotJson,
            Rejection::NotMergePatch,
            Rejection::NotImportable,
            Rejection::NotUnpackable,
            Rejection::ForeignOrigin,
            Rejection::NoSuchRoute,
            Rejection::WrongMethod,
            Rejection::Behind(Revision(7)),
            Rejection::WeakenedTag(Revision(7)),
            Rejection::IsThere,
            Rejection::TooManyClients,
            Rejection::InternalError,
        ];
        // All but a command's, whose words the tests of `shared` look at.
        assert_eq!(own.len() + 1, Rejection::COUNT);
        for language in Language::ALL {
            let text = Locale::new(language).text;
            for rejection in &own {
                let problem = rejection.tell(&text);
                let key = format!("problem.{}", problem.code);
                assert!(text.keys().any(|there| there == key), "{key}");
                assert!(!problem.message.contains('{'), "{key}");
            }
        }
    }

    #[test]
    fn a_group_is_refused_for_what_concerns_all_of_it_before_anything_else() {
        let not_tried = (0, Reason::NotTried);
        let taken = (1, Reason::CodeTaken("a".to_owned(), None));
        let invalid = (2, Reason::Invalid(Vec::new()));
        let group = |refused: &[&(usize, Reason)]| {
            Rejection::group(refused.iter().map(|one| (*one).clone()).collect())
        };
        let refused = group(&[&not_tried, &taken]);
        assert_eq!(refused, Rejection::GroupRefused(vec![taken.clone()]));
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        let refused = group(&[&taken, &invalid]);
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let stopping = (3, Reason::Stopping);
        let refused = group(&[&taken, &stopping]);
        assert_eq!(refused, Rejection::Command(Reason::Stopping));
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_in_the_readers_language() {
        async fn panics() {
            panic!("a bug");
        }
        let router = Router::new()
            .route("/", get(panics))
            .layer(CatchPanicLayer::custom(on_panic))
            .layer(from_fn(finish));
        let request = Request::get("/").header(ACCEPT_LANGUAGE, "es");
        let request = request.body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = to_bytes(response.into_body(), 10_000).await;
        let document: serde_json::Value =
            serde_json::from_slice(&body.expect("a body")).expect("JSON");
        assert_eq!(document["code"], "internal_error");
        assert_eq!(document["status"], 500);
        let detail = document["detail"].as_str().expect("a text");
        assert!(detail.starts_with("Algo falló"), "{detail}");
    }
}
