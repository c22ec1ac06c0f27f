//! `/socket.io/`: sessions are opened, polled, written to, and given a WebSocket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use shared::{Reason, Text};
use tower::Service;

use super::door::Door;
use super::polling::{self, Mistake};
use super::session::Session;
use super::stream::MeteredStream;
use crate::http::extract::{Locale, TypedQuery};
use crate::http::limits::BodyLimit;
use crate::http::problem::Rejection;
use crate::live::handshake;

/// How long a poll is still waited for once the server stops: longer than its goodbye takes.
const LAST_POLL_TIME: Duration = Duration::from_secs(3);

/// What a request says (Engine.IO protocol 4). Clients may add to it what they like.
#[derive(Deserialize)]
pub struct Query {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// Takes a request of any kind.
pub async fn serve(
    State(door): State<Arc<Door>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Locale { text, .. }: Locale,
    TypedQuery(query): TypedQuery<Query>,
    Extension(limit): Extension<BodyLimit>,
    request: Request,
) -> Result<Response, Rejection> {
    if query.version.as_deref() != Some("4") {
        return Ok(Mistake::UnknownVersion.into_response());
    }
    let session = match &query.sid {
        Some(sid) => match door.sessions.find(sid) {
            Some(session) => Some((sid.as_str(), session)),
            None => return Ok(Mistake::UnknownSession.into_response()),
        },
        None => None,
    };
    match (
        query.transport.as_deref(),
        request.method().clone(),
        session,
    ) {
        (Some("polling"), Method::GET, None) => door.open(peer, text).await,
        (Some("polling"), Method::GET, Some((sid, session))) => door.poll(sid, &session).await,
        (Some("polling"), Method::POST, Some((sid, session))) => {
            door.post(sid, &session, &limit, request).await
        }
        (Some("websocket"), Method::GET, session) => {
            let (on_upgrade, response) = handshake::accept(request)?;
            let (sid, session) = match session {
                Some((sid, session)) => (Some(sid.to_owned()), session),
                None => (None, Arc::new(door.session(peer, text)?)),
            };
            session.stop_polling();
            door.shutdown
                .tasks
                .clone()
                .spawn(door.upgrade(on_upgrade, sid, session));
            Ok(response)
        }
        (Some("polling" | "websocket"), ..) => Ok(Mistake::WrongMethod.into_response()),
        _ => Ok(Mistake::UnknownTransport.into_response()),
    }
}

impl Door {
    fn session(&self, peer: SocketAddr, text: Arc<Text>) -> Result<Session, Rejection> {
        let viewer = self.hub.join().ok_or(Rejection::TooManyClients)?;
        Ok(Session::new(peer, text, viewer))
    }

    /// Opens a session that polls.
    async fn open(&self, peer: SocketAddr, text: Arc<Text>) -> Result<Response, Rejection> {
        let session = self.session(peer, text)?;
        if !self.sessions.start_polling(&session) {
            return Err(Rejection::TooManyClients);
        }
        let session = Arc::new(session);
        let mut request = to_request(Method::GET, None, Body::empty());
        request.extensions_mut().insert(session.clone());
        let (status, payload) = self.ask(request).await;
        if let Some(sid) = polling::sid(&payload) {
            self.sessions.name(&session, &sid);
        }
        Ok(to_response(status, payload))
    }

    /// Waits for what there is for a client.
    async fn poll(&self, sid: &str, session: &Session) -> Result<Response, Rejection> {
        let request = to_request(Method::GET, Some(sid), Body::empty());
        let stopped = async {
            self.shutdown.stop.cancelled().await;
            tokio::time::sleep(LAST_POLL_TIME).await;
        };
        let (status, payload) = tokio::select! {
            answer = self.ask(request) => answer,
            () = stopped => return Err(Reason::Stopping.into()),
        };
        session.meter.take(polling::messages(&payload));
        Ok(to_response(status, payload))
    }

    /// Takes what a client sends.
    async fn post(
        &self,
        sid: &str,
        session: &Session,
        limit: &BodyLimit,
        request: Request,
    ) -> Result<Response, Rejection> {
        let (parts, body) = request.into_parts();
        // Held until it is taken.
        let body = limit
            .memory
            .read(&parts.headers, body, limit.max_bytes)
            .await?;
        session.backlog.room().await;
        let bytes = Bytes::from(body.blocks().concat());
        let mut request = to_request(Method::POST, Some(sid), Body::from(bytes));
        if let Some(content_type) = parts.headers.get(CONTENT_TYPE) {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, content_type.clone());
        }
        let (status, payload) = self.ask(request).await;
        Ok(to_response(status, payload))
    }

    /// Has the crate answer a request.
    async fn ask(&self, request: Request) -> (StatusCode, Bytes) {
        let mut service = self.service.clone();
        let Ok(response) = service.call(request).await;
        let (parts, body) = response.into_parts();
        // It is in memory already, and whole.
        let payload = to_bytes(Body::new(body), usize::MAX).await;
        (parts.status, payload.unwrap_or_default())
    }

    /// Gives a client's WebSocket to the crate: that of a session, or of a new one.
    async fn upgrade(
        self: Arc<Self>,
        on_upgrade: OnUpgrade,
        sid: Option<String>,
        session: Arc<Session>,
    ) {
        let upgraded = match on_upgrade.await {
            Ok(upgraded) => TokioIo::new(upgraded),
            Err(error) => return tracing::debug!(%error, "a handshake came to nothing"),
        };
        let mut request = axum::http::Request::new(());
        *request.uri_mut() = to_uri("websocket", sid.as_deref());
        request.extensions_mut().insert(session.clone());
        let stream = MeteredStream::new(upgraded, session);
        let mut service = self.service.clone();
        if let Err(error) = service.call((stream, request)).await {
            tracing::debug!(%error, "a WebSocket came to nothing");
        }
    }
}

/// The address of the crate's own for a transport and a session.
fn to_uri(transport: &str, sid: Option<&str>) -> Uri {
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let uri = format!("/socket.io/?EIO=4&transport={transport}{sid}");
    // A name that the crate gave is letters and digits, and no other is asked for.
    uri.parse().unwrap_or_default()
}

/// A request as the crate is asked, with nothing in it that it would only keep.
fn to_request(method: Method, sid: Option<&str>, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = to_uri("polling", sid);
    request
}

/// The crate's answer. Its refusals are JSON, everything else is packets.
fn to_response(status: StatusCode, payload: Bytes) -> Response {
    let content_type = if payload.first() == Some(&b'{') {
        "application/json"
    } else {
        "text/plain; charset=UTF-8"
    };
    let content_type = [(CONTENT_TYPE, HeaderValue::from_static(content_type))];
    (status, content_type, payload).into_response()
}
