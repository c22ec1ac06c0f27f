//! Every route and every layer, and what the handlers work with.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use shared::LowStock;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::access::{Access, Rates};
use crate::api::docs::{DOCUMENT_PATH, Docs};
use crate::api::files::Imports;
use crate::api::{access, batch, docs, files, history, list, operator, products};
use crate::engine::Engine;
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::archive::ArchiveReader;
use crate::http::base_path::BasePath;
use crate::http::limits::{BodyLimit, MAX_COMMAND_BYTES};
use crate::http::middleware::at_least::{AT_LEAST, Known, REVISION, at_least};
use crate::http::middleware::finish::finish;
use crate::http::middleware::guard::{Guard, guard};
use crate::http::middleware::identify::{Identifier, identify};
use crate::http::middleware::measure::measure;
use crate::http::middleware::pack::pack_page;
use crate::http::middleware::trace::trace;
use crate::http::middleware::unpack::unpack;
use crate::http::openapi;
use crate::http::pool::{GzipPool, ListPool};
use crate::http::problem::{Rejection, on_panic};
use crate::http::shutdown::Shutdown;
use crate::listing::Indexes;
use crate::live::timeouts::Timeouts;
use crate::live::{self, socketio, sse, websocket};
use crate::pages::{self, Currency, Templates, account, assets, signin};

/// The most bytes of a form that people fill in to sign in.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// How long such a form may take to come and to be answered.
const FORM_TIME: Duration = Duration::from_secs(30);

/// What the handlers work with; each takes the parts that it needs.
#[derive(Clone, FromRef)]
pub struct State {
    desk: Desk,
    hub: Arc<Hub>,
    indexes: Arc<Indexes>,
    templates: Arc<Templates>,
    timeouts: Timeouts,
    shutdown: Shutdown,
    socketio: Arc<socketio::Door>,
    imports: Imports,
    lists: ListPool,
    gzip: GzipPool,
    archive: ArchiveReader,
    base_path: BasePath,
    currency: Option<Currency>,
    low_stock: LowStock,
    access: Access,
    rates: Rates,
}

impl State {
    /// The state of a server with this engine.
    pub fn new(
        engine: &Engine,
        timeouts: Timeouts,
        shutdown: Shutdown,
        base_path: BasePath,
        currency: Option<Currency>,
        low_stock: LowStock,
        identifier: &Identifier,
    ) -> anyhow::Result<Self> {
        let (desk, hub) = (engine.desk(), engine.hub());
        let socketio = socketio::Door::new(hub.clone(), desk.clone(), timeouts, shutdown.clone());
        Ok(Self {
            desk: desk.clone(),
            hub: hub.clone(),
            socketio: Arc::new(socketio),
            indexes: Arc::default(),
            templates: Arc::new(Templates::load()?),
            timeouts,
            shutdown,
            imports: Imports::default(),
            lists: ListPool::default(),
            gzip: GzipPool::default(),
            archive: ArchiveReader::new(engine.archive().clone()),
            base_path,
            currency,
            low_stock,
            access: identifier.access.clone(),
            rates: identifier.rates.clone(),
        })
    }
}

/// The API with its description.
fn api(limit: &BodyLimit) -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(openapi::ApiDocument::openapi())
        .routes(routes!(list::list))
        .routes(routes!(products::add))
        .routes(routes!(
            products::read,
            products::replace,
            products::update,
            products::delete
        ))
        .routes(routes!(products::restore))
        .routes(routes!(batch::batch).layer(limit.layer(batch::MAX_BYTES)))
        .routes(routes!(files::import))
        .routes(routes!(files::export))
        .routes(routes!(sse::stream))
        .routes(routes!(history::history))
        .routes(routes!(history::product_history))
        .routes(routes!(live::history::stream))
        .routes(routes!(list::categories))
        .routes(routes!(access::me))
        .routes(routes!(access::make_ticket))
}

/// The HTML pages. They are a tenth as long when they are packed.
fn pages() -> Router<State> {
    Router::new()
        .route("/", get(pages::index))
        .route("/realtimeproducts", get(pages::real_time_products))
        .merge(forms())
        .layer(from_fn(pack_page))
}

/// Where people sign in, and say who may do what.
fn forms() -> Router<State> {
    Router::new()
        .route("/signin", get(signin::signin).post(signin::sign_in))
        .route("/signout", post(signin::sign_out))
        .route("/welcome", get(signin::welcome).post(signin::make_first))
        .route(
            "/account",
            get(account::account).post(account::change_account),
        )
        .route("/people", get(account::people).post(account::change_people))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            FORM_TIME,
        ))
}

/// The pages that show the API's description.
fn docs(docs: Docs) -> Router<State> {
    let router: Router<Docs> = Router::new()
        .route(DOCUMENT_PATH, get(docs::document))
        .route("/api/docs/", get(docs::page))
        .route("/api/docs/{*path}", get(docs::swagger_ui))
        .route("/api/docs", get(docs::redirect));
    router.with_state(docs)
}

/// Every route, for those whom the guard lets in.
pub fn router(
    state: State,
    guarded: Guard,
    identifier: Identifier,
    origins: &[HeaderValue],
) -> anyhow::Result<Router> {
    let limit = BodyLimit::default();
    let (api, document) = api(&limit).split_for_parts();
    let document = openapi::complete(document, &state.base_path)?;
    let docs = docs(Docs::new(document, state.gzip.clone()));
    let known = Known {
        desk: state.desk.clone(),
        hub: state.hub.clone(),
    };
    // From the outside in. They are one layer to the router: for each of its own it would box every
    // request and every answer once more.
    let layers = ServiceBuilder::new()
        .layer(from_fn(trace))
        .layer(from_fn_with_state(state.hub.clone(), measure))
        .layer(from_fn(finish))
        .layer(from_fn_with_state(guarded, guard))
        .option_layer(cross_origin(origins))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(from_fn_with_state(identifier, identify))
        .layer(from_fn_with_state(known, at_least))
        .layer(from_fn(unpack))
        .layer(limit.layer(MAX_COMMAND_BYTES));
    let router = api
        .merge(docs)
        .merge(operator::health())
        .merge(state.base_path.root())
        .merge(pages())
        .route("/ws", get(websocket::upgrade))
        .route("/socket.io/", any(socketio::serve))
        .route("/socket.io", any(socketio::serve))
        .route("/socket.io/socket.io.js", get(assets::socketio_client))
        .route("/assets/{*path}", get(assets::dist))
        .route("/views/style.css", get(assets::style))
        .route("/favicon.svg", get(assets::icon))
        .route("/icon.png", get(assets::touch_icon))
        .route("/manifest.webmanifest", get(pages::manifest))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(other_method)
        .layer(layers)
        .with_state(state);
    Ok(router)
}

/// What a machine asks that looks after the server, on an address of its own.
pub fn operator_router(state: State, guarded: Guard) -> Router {
    let router: Router<State> = operator::operator();
    let router = router.layer(from_fn_with_state(guarded, guard));
    router.layer(from_fn(finish)).with_state(state)
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
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            IF_NONE_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
            AT_LEAST.clone(),
        ])
        .expose_headers([ETAG, LINK, LOCATION, RETRY_AFTER, REVISION.clone()]);
    Some(layer)
}
