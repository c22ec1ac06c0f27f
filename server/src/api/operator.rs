//! What a machine that looks after the server asks: whether it lives, whether it can be given work, and
//! what it counts.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use strum::VariantArray;

use crate::engine::hub::{Door, Hub};
use crate::http::archive::ArchiveReader;
use crate::http::shutdown::Shutdown;
use crate::memory::resident_kib;
use crate::metrics::Now;

/// The text of OpenMetrics, which Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Nobody keeps what is true at a moment.
const NOT_KEPT: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// The routes that say how the server is.
pub fn health<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Arc<Hub>: FromRef<S>,
    Shutdown: FromRef<S>,
{
    Router::new()
        .route("/healthz", get(lives))
        .route("/readyz", get(is_ready))
}

/// These, and what the server counts: for an address of their own.
pub fn operator<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    ArchiveReader: FromRef<S>,
    Arc<Hub>: FromRef<S>,
    Shutdown: FromRef<S>,
{
    health().route("/metrics", get(metrics))
}

/// It answers, so it lives.
async fn lives() -> Response {
    (NOT_KEPT, "ok\n").into_response()
}

/// Whether requests should be sent here: not while it stops, nor while nothing can be saved.
async fn is_ready(State(hub): State<Arc<Hub>>, State(shutdown): State<Shutdown>) -> Response {
    let (status, words) = if shutdown.stop.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if hub.is_writable() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "nothing can be saved\n")
    };
    (status, NOT_KEPT, words).into_response()
}

async fn metrics(State(hub): State<Arc<Hub>>, State(archive): State<ArchiveReader>) -> Response {
    let catalog = hub.catalog();
    let doors = Door::VARIANTS.iter();
    let viewers = doors.map(|door| (door.into(), hub.viewers_of(*door)));
    let now = Now {
        revision: catalog.revision().0,
        products: catalog.len(),
        viewers: viewers.collect(),
        longest_lag: hub.longest_lag(),
        files: archive.file_sizes().await,
        max_viewers: hub.max_clients(),
        is_writable: hub.is_writable(),
        memory: resident_kib().map(|kib| kib * 1024),
    };
    match hub.metrics().encode(&now) {
        Ok(text) => (NOT_KEPT, [(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "can't write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
