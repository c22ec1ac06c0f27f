//! Every request in the log, at debug level: its number, method, path, status and time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::TraceLayer;
use tracing::{Span, debug, debug_span};

/// Numbers the requests of this process.
static LAST_REQUEST: AtomicU64 = AtomicU64::new(0);

/// The layer that logs.
pub type Trace = TraceLayer<
    SharedClassifier<ServerErrorsAsFailures>,
    fn(&Request) -> Span,
    (),
    fn(&Response, Duration, &Span),
    (),
    (),
    (),
>;

/// Logs each request as a span, in which whatever its handler logs stands too.
pub fn trace() -> Trace {
    TraceLayer::new_for_http()
        .make_span_with(span as fn(&Request) -> Span)
        .on_request(())
        .on_response(log as fn(&Response, Duration, &Span))
        .on_body_chunk(())
        .on_eos(())
        .on_failure(())
}

fn span(request: &Request) -> Span {
    let id = LAST_REQUEST.fetch_add(1, Ordering::Relaxed) + 1;
    debug_span!("request", id, method = %request.method(), path = request.uri().path())
}

fn log(response: &Response, time: Duration, _: &Span) {
    debug!(status = response.status().as_u16(), ?time, "answered");
}
