//! Every route and every layer, and what the handlers work with.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::api::docs::{DOCUMENT_PATH, ServedDocument};
use crate::api::{batch, docs, files, list, products};
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::limits::{MAX_COMMAND_BYTES, REQUEST_TIME, body_limit};
use crate::http::middleware::finish::finish;
use crate::http::middleware::origin::same_origin;
use crate::http::middleware::trace::trace;
use crate::http::middleware::unpack::unpack;
use crate::http::openapi;
use crate::http::problem::{Rejection, on_panic};
use crate::http::shutdown::Shutdown;
use crate::listing::Indexes;
use crate::live::timeouts::Timeouts;
use crate::live::{sse, websocket};
use crate::pages::{self, Templates, assets};

/// What the handlers work with; each takes the parts that it needs.
#[derive(Clone, FromRef)]
pub struct State {
    desk: Desk,
    hub: Arc<Hub>,
    indexes: Arc<Indexes>,
    templates: Arc<Templates>,
    timeouts: Timeouts,
    shutdown: Shutdown,
}

impl State {
    /// The state of a server with this engine.
    pub fn new(engine: &Engine, timeouts: Timeouts, shutdown: Shutdown) -> anyhow::Result<Self> {
        Ok(Self {
            desk: engine.desk().clone(),
            hub: engine.hub().clone(),
            indexes: Arc::default(),
            templates: Arc::new(Templates::load()?),
            timeouts,
            shutdown,
        })
    }
}

/// The API with its description.
fn api() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(openapi::ApiDocument::openapi())
        .routes(routes!(list::list).layer(CompressionLayer::new()))
        .routes(routes!(products::add))
        .routes(routes!(
            products::read,
            products::replace,
            products::update,
            products::delete
        ))
        .routes(routes!(batch::batch).layer(body_limit(batch::MAX_BYTES)))
        .routes(routes!(files::import).layer(DefaultBodyLimit::disable()))
        .routes(routes!(files::export).layer(CompressionLayer::new()))
        .routes(routes!(sse::stream))
        .routes(routes!(list::categories).layer(CompressionLayer::new()))
}

/// The pages that show the API's description.
fn docs(document: ServedDocument) -> Router<State> {
    let document = get(docs::document).with_state(Arc::new(document));
    Router::new()
        .route(DOCUMENT_PATH, document)
        .route("/api/docs/", get(docs::swagger_ui))
        .route("/api/docs/{*path}", get(docs::swagger_ui))
        .layer(CompressionLayer::new())
        .route("/api/docs", get(docs::redirect))
}

/// Every route, for these other sites beside our own.
pub fn router(state: State, origins: Vec<HeaderValue>) -> anyhow::Result<Router> {
    let (api, mut document) = api().split_for_parts();
    openapi::add_refusals(&mut document);
    // From the outside in. They are one layer to the router: for each of its own it would box every
    // request and every answer once more.
    let layers = ServiceBuilder::new()
        .layer(trace())
        .option_layer(cross_origin(&origins))
        .layer(from_fn(finish))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(from_fn_with_state(origins.into(), same_origin))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIME,
        ))
        .layer(from_fn(unpack))
        // It counts what is unpacked.
        .layer(body_limit(MAX_COMMAND_BYTES));
    let router = api
        .merge(docs(ServedDocument::new(&document)?))
        .route("/", get(pages::index))
        .route("/realtimeproducts", get(pages::real_time_products))
        .route("/ws", get(websocket::upgrade))
        .route("/assets/{*path}", get(assets::dist))
        .route("/views/style.css", get(assets::style))
        .route("/favicon.svg", get(assets::icon))
        .fallback(async || Rejection::NoSuchRoute)
        .method_not_allowed_fallback(other_method)
        .layer(layers)
        .with_state(state);
    Ok(router)
}

/// The answer to a method that an address doesn't take; `Allow` is added to it.
async fn other_method(method: Method) -> Result<StatusCode, Rejection> {
    if method == Method::OPTIONS {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Rejection::WrongMethod)
}

/// What pages of other sites may do (the Fetch Standard's CORS protocol), where there are any.
fn cross_origin(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([ETAG, LINK, LOCATION]);
    Some(layer)
}
