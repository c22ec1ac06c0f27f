//! Every route, and the server from start to stop.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::handler::Handler;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use shared::Reason;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api::{Api, MOST_BATCH_BYTES};
use crate::desk::Desk;
use crate::hub::{Hub, Pace};
use crate::journal::Journal;
use crate::language::Reader;
use crate::listing::Indexes;
use crate::pages::Pages;
use crate::problem::Refusal;
use crate::serve::serve;
use crate::socket::{MOST_FRAME_BYTES, Patience};
use crate::{api, assets, guard, live, openapi, pages};

/// Most bytes of a request's body: as many as a command may have over the socket.
pub const MOST_BODY_BYTES: usize = MOST_FRAME_BYTES;

/// How long a request may take, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// How long what is under way at the stop may take. After that it is cut off.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Files that are not connections: the data file, the listener, the log and so on.
const OTHER_FILES: usize = 64;

/// What tests set otherwise.
#[derive(Clone, Debug)]
pub struct Options {
    /// When the hub speaks.
    pub pace: Pace,
    /// How long a connection is waited for.
    pub patience: Patience,
    /// Most live pages at a time.
    pub most_pages: usize,
    /// Other sites whose pages may use the API and the socket, such as `https://shop.example`.
    pub origins: Vec<HeaderValue>,
}

impl Default for Options {
    /// As many live pages as the system gives file descriptors for.
    fn default() -> Self {
        let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1_024);
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        Self {
            pace: Pace::default(),
            patience: Patience::default(),
            most_pages: files.saturating_sub(OTHER_FILES),
            origins: Vec::new(),
        }
    }
}

/// What the handlers work with.
#[derive(Clone)]
pub struct State {
    desk: Desk,
    hub: Arc<Hub>,
    indexes: Arc<Indexes>,
    pages: Arc<Pages>,
    connections: Connections,
}

/// What a live connection needs beside the hub and the desk.
#[derive(Clone)]
pub struct Connections {
    /// See [`Patience`].
    pub patience: Patience,
    /// Every connection is one of its tasks.
    pub tasks: TaskTracker,
    /// The server stops.
    pub stop: CancellationToken,
}

impl FromRef<State> for Api {
    fn from_ref(state: &State) -> Self {
        Self {
            desk: state.desk.clone(),
            hub: state.hub.clone(),
        }
    }
}

impl FromRef<State> for Desk {
    fn from_ref(state: &State) -> Self {
        state.desk.clone()
    }
}

impl FromRef<State> for Arc<Hub> {
    fn from_ref(state: &State) -> Self {
        state.hub.clone()
    }
}

impl FromRef<State> for Arc<Indexes> {
    fn from_ref(state: &State) -> Self {
        state.indexes.clone()
    }
}

impl FromRef<State> for Arc<Pages> {
    fn from_ref(state: &State) -> Self {
        state.pages.clone()
    }
}

impl FromRef<State> for Connections {
    fn from_ref(state: &State) -> Self {
        state.connections.clone()
    }
}

/// What a method is answered with that an address doesn't take; `Allow` is added to it.
async fn other_method(method: Method, reader: Reader) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Refusal(Reason::WrongMethod, reader.text).into_response()
}

/// A route that is read, compressed where the client takes that.
fn read<H, T>(handler: H) -> MethodRouter<State>
where
    H: Handler<T, State>,
    T: 'static,
{
    get(handler).layer(CompressionLayer::new())
}

/// What pages of other sites may do (the Fetch Standard's CORS protocol).
fn cross_origin(origins: Vec<HeaderValue>) -> CorsLayer {
    let idempotency_key = HeaderName::from_static("idempotency-key");
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, idempotency_key])
        .expose_headers([ETAG, LINK, LOCATION])
}

fn router(state: State, origins: Vec<HeaderValue>) -> Router {
    let same_origin = from_fn_with_state(origins.clone().into(), guard::same_origin);
    let router = Router::new()
        .route("/", get(pages::index))
        .route("/realtimeproducts", get(pages::real_time_products))
        .route("/ws", get(live::upgrade))
        .route("/api/products/stream", get(api::stream))
        .route("/api/products", post(api::add).merge(read(api::list)))
        .route("/api/categories", read(api::categories))
        .route("/api/products/export", read(api::export))
        .route(
            "/api/products/import",
            post(api::import).layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/api/products/batch",
            post(api::batch).layer(DefaultBodyLimit::max(MOST_BATCH_BYTES)),
        )
        .route(
            "/api/products/{id}",
            get(api::read)
                .put(api::replace)
                .patch(api::update)
                .delete(api::delete),
        )
        .route(openapi::DOCUMENT, read(openapi::document))
        .route("/api/docs", get(openapi::docs))
        .route("/api/docs/", read(openapi::docs_file))
        .route("/api/docs/{*path}", read(openapi::docs_file))
        .route("/assets/{*path}", get(assets::dist))
        .route("/views/style.css", get(assets::style))
        .route("/favicon.svg", get(assets::icon))
        .fallback(async |reader: Reader| Refusal(Reason::NoSuchRoute, reader.text))
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIME,
        ))
        .layer(same_origin)
        .layer(from_fn(guard::headers))
        .with_state(state);
    if origins.is_empty() {
        router
    } else {
        router.layer(cross_origin(origins))
    }
}

/// Serves the journal's catalog until `stop`, then answers what was taken and returns.
pub async fn run(
    listener: TcpListener,
    mut journal: impl Journal,
    options: Options,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let loaded = journal.load()?;
    let recent = loaded.recent.clone();
    let hub = Hub::new(loaded, options.most_pages);
    let (desk, desk_thread) = Desk::start(journal, &recent, hub.clone())?;
    drop(recent);
    let tasks = TaskTracker::new();
    let state = State {
        desk,
        hub: hub.clone(),
        indexes: Arc::default(),
        pages: Arc::new(Pages::load()?),
        connections: Connections {
            patience: options.patience,
            tasks: tasks.clone(),
            stop: stop.clone(),
        },
    };
    // The hub speaks until every connection has said goodbye.
    let mut hub_ended = start_hub(hub.clone(), options.pace)?;
    let watched = state.desk.clone();
    tokio::select! {
        () = serve(listener, router(state, options.origins), &stop, STOP_TIME) => {}
        died = &mut hub_ended => {
            died.context("the hub failed")??;
            anyhow::bail!("the hub ended before the server");
        }
        () = watched.gone() => anyhow::bail!("the desk failed"),
    }
    // The desk ends with its last handle.
    drop(watched);
    tasks.close();
    if timeout(STOP_TIME, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "cut off");
    }
    hub.stop();
    hub_ended.await.context("the hub failed")??;
    joined(desk_thread).await
}

/// Starts the hub's thread; gives what tells of its end.
pub fn start_hub(
    hub: Arc<Hub>,
    pace: Pace,
) -> std::io::Result<oneshot::Receiver<anyhow::Result<()>>> {
    let (ended, hub_ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("hub".to_owned());
    // A hub that panics drops the sender, which is told as well.
    thread.spawn(move || ended.send(hub.run(pace)))?;
    Ok(hub_ended)
}

/// Waits for the desk to finish what it took.
async fn joined(desk_thread: JoinHandle<()>) -> anyhow::Result<()> {
    let joined = tokio::task::spawn_blocking(move || desk_thread.join());
    match timeout(STOP_TIME, joined).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(_) => anyhow::bail!("the desk failed"),
        Err(_) => anyhow::bail!("the journal didn't finish in time"),
    }
}
