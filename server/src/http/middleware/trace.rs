//! Every request in the log and in traces: its id, method, path and person, its status and time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::global::get_text_map_propagator;
use opentelemetry_http::HeaderExtractor;
use tracing::{Instrument, Span, debug, debug_span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::measure;
use crate::access::Visitor;
use crate::spans;

/// By which a request is found in the log. Whoever passes it on may have given it one.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The most characters of an id that somebody else gave.
const MAX_ID_CHARS: usize = 64;

/// Numbers the requests of this process.
static LAST_REQUEST: AtomicU64 = AtomicU64::new(0);

/// A request, as the log and traces know it.
#[derive(Clone)]
pub struct Traced {
    /// By which it is found.
    pub id: HeaderValue,
    /// In the log, in whatever its handler logs, too.
    log: Span,
    /// In a trace.
    span: Span,
}

impl Traced {
    fn new(request: &Request) -> Self {
        let id = id(request.headers());
        let (method, path) = (request.method(), request.uri().path());
        let log = info_span!(
            "request",
            id = %id.to_str().unwrap_or_default(),
            %method,
            path,
            person = field::Empty
        );
        Self {
            id,
            log,
            span: span(request),
        }
    }

    /// It is known who sent it, and how it came.
    pub fn tell(&self, visitor: &Visitor, is_encrypted: bool) {
        let scheme = if is_encrypted { "https" } else { "http" };
        self.span.record("url.scheme", scheme);
        if let Some(name) = visitor.name() {
            self.log.record("person", name);
            self.span.record("enduser.id", name);
        }
    }
}

/// Logs a request, whose answer says by which id.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let traced = Traced::new(&request);
    request.extensions_mut().insert(traced.clone());
    let Traced { id, log, span } = traced;
    let answer = next.run(request).instrument(span.clone());
    let mut response = answer.instrument(log.clone()).await;
    let status = response.status();
    log.in_scope(|| debug!(status = status.as_u16(), time = ?start.elapsed(), "answered"));
    // As a number: unsigned ones are sent as words.
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    response.headers_mut().insert(REQUEST_ID.clone(), id);
    response
}

/// The id that a request has, if a log can show it, or its number.
fn id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(byte);
    let given = headers.get(&REQUEST_ID).filter(|id| {
        let id = id.as_bytes();
        !id.is_empty() && id.len() <= MAX_ID_CHARS && id.iter().all(is_plain)
    });
    let number = || LAST_REQUEST.fetch_add(1, Ordering::Relaxed) + 1;
    given.cloned().unwrap_or_else(|| number().into())
}

/// The span of a request, by OpenTelemetry's semantic conventions for HTTP servers; it may be a part of what
/// another program does (Trace Context).
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let method = measure::name(request.method());
    let span = debug_span!(
        target: spans::TARGET,
        "request",
        otel.name = format!("{method} {route}").trim_end(),
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = field::Empty,
        url.path = request.uri().path(),
        url.scheme = field::Empty,
        enduser.id = field::Empty,
    );
    if !span.is_disabled() {
        let headers = HeaderExtractor(request.headers());
        let parent = get_text_map_propagator(|propagator| propagator.extract(&headers));
        // It has no other parent yet.
        let _ = span.set_parent(parent);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_that_a_log_can_show() {
        let id_of = |given: &[u8]| {
            let mut headers = HeaderMap::new();
            let given = HeaderValue::from_bytes(given).expect("a value");
            headers.insert(REQUEST_ID.clone(), given);
            id(&headers)
        };
        for given in ["0af7651916cd43dd8448eb211c80319c", "a-b_c.d", "Root=1-2"] {
            assert_eq!(id_of(given.as_bytes()), given);
        }
        let long = "x".repeat(MAX_ID_CHARS + 1);
        for strange in [&b""[..], b"a b", b"a\tb", b"\"", b"\xff", long.as_bytes()] {
            let id = id_of(strange);
            let id = id.to_str().expect("a text");
            assert!(id.parse::<u64>().is_ok(), "{id}");
        }
    }
}
