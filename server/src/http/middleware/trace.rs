//! Every request as a span of the log, at debug level: its number, method and path, and in the end
//! its status and time.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use tower_http::classify::{ServerErrorsAsFailures, SharedClassifier};
use tower_http::trace::TraceLayer;
use tracing::{Span, debug_span};

/// Numbers the requests of this process.
static LAST_REQUEST: AtomicU64 = AtomicU64::new(0);

/// The layer that logs.
pub fn trace() -> TraceLayer<SharedClassifier<ServerErrorsAsFailures>, fn(&Request) -> Span> {
    TraceLayer::new_for_http().make_span_with(span as fn(&Request) -> Span)
}

fn span(request: &Request) -> Span {
    let id = LAST_REQUEST.fetch_add(1, Ordering::Relaxed) + 1;
    debug_span!("request", id, method = %request.method(), path = request.uri().path())
}
