//! `/socket.io/`: sessions are opened, polled, written to, and given a WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::response::Parts;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use shared::{Reason, Text};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::door::{Door, MAX_POLL_BYTES};
use super::polling::{self, Mistake};
use super::session::Session;
use super::stream::MeteredStream;
use crate::access::{Rates, Visitor};
use crate::http::extract::{Caller, ClientAddress, Locale, Seated, TypedQuery};
use crate::http::limits::{BodyLimit, MAX_COMMAND_BYTES};
use crate::http::problem::Rejection;
use crate::live::{MAX_COMMANDS_UNDER_WAY, handshake};

/// How long a poll is still waited for once the server stops: longer than its goodbye takes.
const LAST_POLL_TIME: Duration = Duration::from_secs(3);

/// How long a request with commands waits for the ones before to be answered.
const ROOM_TIME: Duration = Duration::from_secs(10);

/// What a request says (Engine.IO protocol 4). Clients may add to it what they like.
#[derive(Deserialize)]
pub struct Query {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    /// A session that polls.
    Open,
    /// What there is for the client of a session.
    Poll(String),
    /// To take what the client of a session sends.
    Post(String),
    /// A WebSocket, for a session that polls or a new one.
    Upgrade(Option<String>),
}

impl Query {
    fn wish(self, method: &Method) -> Result<Wish, Mistake> {
        if self.version.as_deref() != Some("4") {
            return Err(Mistake::UnknownVersion);
        }
        match (self.transport.as_deref(), method, self.sid) {
            (Some("polling"), &Method::GET, None) => Ok(Wish::Open),
            (Some("polling"), &Method::GET, Some(sid)) => Ok(Wish::Poll(sid)),
            (Some("polling"), &Method::POST, Some(sid)) => Ok(Wish::Post(sid)),
            (Some("websocket"), &Method::GET, sid) => Ok(Wish::Upgrade(sid)),
            (Some("polling" | "websocket"), ..) => Err(Mistake::WrongMethod),
            _ => Err(Mistake::UnknownTransport),
        }
    }
}

/// Why a request is not answered as it wishes.
pub enum Refused {
    /// It is none of the protocol, or of no session.
    Mistake(Mistake),
    /// Any other reason.
    Rejection(Rejection),
}

impl From<Mistake> for Refused {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl<R: Into<Rejection>> From<R> for Refused {
    fn from(rejection: R) -> Self {
        Self::Rejection(rejection.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Mistake(mistake) => mistake.into_response(),
            Self::Rejection(rejection) => rejection.into_response(),
        }
    }
}

/// Takes a request of any kind.
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing of the request or the state"
)]
pub async fn serve(
    State(door): State<Arc<Door>>,
    caller: Caller,
    visitor: Visitor,
    State(rates): State<Rates>,
    address: ClientAddress,
    Locale { text, .. }: Locale,
    TypedQuery(query): TypedQuery<Query>,
    Extension(limit): Extension<BodyLimit>,
    request: Request,
) -> Result<Response, Refused> {
    match query.wish(request.method())? {
        Wish::Open => {
            let Seated(visitor) = address.seat(visitor, &rates)?;
            door.open(caller, text, visitor).await
        }
        Wish::Poll(sid) => door.poll(&sid, &visitor).await,
        Wish::Post(sid) => door.post(&sid, &visitor, &limit, request).await,
        Wish::Upgrade(sid) => {
            let session = if let Some(sid) = &sid {
                door.find(sid, &visitor).await?
            } else {
                let Seated(visitor) = address.seat(visitor, &rates)?;
                Arc::new(door.session(caller, text, visitor)?)
            };
            let (on_upgrade, response) = handshake::accept(request)?;
            let tasks = door.shutdown.tasks.clone();
            tasks.spawn(door.upgrade(on_upgrade, sid, session));
            Ok(response)
        }
    }
}

impl Door {
    fn session(
        &self,
        caller: Caller,
        text: Arc<Text>,
        visitor: Visitor,
    ) -> Result<Session, Rejection> {
        let session = self.sessions.open(caller, text, visitor, &self.hub);
        session.ok_or(Rejection::TooManyClients)
    }

    /// The session of this name, which is nobody's but its visitor's.
    async fn find(&self, sid: &str, visitor: &Visitor) -> Result<Arc<Session>, Mistake> {
        let session = self.sessions.find(sid);
        let session = session.filter(|session| session.visitor.key() == visitor.key());
        let session = session.ok_or(Mistake::UnknownSession)?;
        if session.is_cut() {
            self.close(sid).await;
            return Err(Mistake::UnknownSession);
        }
        Ok(session)
    }

    /// Has the crate close a session that polls. One that has a WebSocket stays.
    async fn close(&self, sid: &str) {
        self.ask(to_request(Method::POST, Some(sid), Body::from("1")))
            .await;
    }

    /// Opens a session that polls.
    async fn open(
        &self,
        caller: Caller,
        text: Arc<Text>,
        visitor: Visitor,
    ) -> Result<Response, Refused> {
        let session = self.session(caller, text, visitor)?;
        if !self.sessions.start_polling(&session) {
            return Err(Rejection::TooManyClients.into());
        }
        let session = Arc::new(session);
        let mut request = to_request(Method::GET, None, Body::empty());
        request.extensions_mut().insert(session.clone());
        let (parts, payload) = self.ask(request).await;
        if let Some(sid) = polling::sid(&payload) {
            self.sessions.name(&session, &sid);
        }
        Ok(to_response(parts, payload))
    }

    /// Waits for what there is for a client.
    async fn poll(&self, sid: &str, visitor: &Visitor) -> Result<Response, Refused> {
        let session = self.find(sid, visitor).await?;
        let request = to_request(Method::GET, Some(sid), Body::empty());
        let stopped = async {
            self.shutdown.stop.cancelled().await;
            tokio::time::sleep(LAST_POLL_TIME).await;
        };
        let (parts, payload) = tokio::select! {
            answer = self.ask(request) => answer,
            () = stopped => return Err(Reason::Stopping.into()),
        };
        session.meter.take(polling::messages(&payload));
        Ok(to_response(parts, payload))
    }

    /// Takes what a client sends.
    async fn post(
        &self,
        sid: &str,
        visitor: &Visitor,
        limit: &BodyLimit,
        request: Request,
    ) -> Result<Response, Refused> {
        let session = self.find(sid, visitor).await?;
        let _posting = session.posting.lock().await;
        session.backlog.room().await;
        let (head, body) = request.into_parts();
        let content_type = head.headers.get(CONTENT_TYPE).cloned();
        // Its place in memory is its own until all of it is taken.
        let body = limit.memory.read(&head.headers, body, MAX_POLL_BYTES);
        let body = body.await?;
        let payload = body.blocks().concat();
        let packets: Vec<&[u8]> = polling::packets(&payload).collect();
        if packets
            .iter()
            .any(|packet| packet.len() > MAX_COMMAND_BYTES)
        {
            return Err(Rejection::TooLarge(MAX_COMMAND_BYTES).into());
        }
        if packets
            .iter()
            .any(|packet| polling::has_long_namespace(packet))
        {
            return Err(Reason::Malformed("a namespace: at most 64 bytes".to_owned()).into());
        }
        let mut answer = None;
        for piece in packets.chunks(MAX_COMMANDS_UNDER_WAY) {
            let room = timeout(ROOM_TIME, session.backlog.room());
            if room.await.is_err() {
                // What is left of it would take the memory of others.
                return Err(Rejection::Busy.into());
            }
            let mut request = to_request(Method::POST, Some(sid), Body::from(polling::join(piece)));
            if let Some(content_type) = &content_type {
                let headers = request.headers_mut();
                headers.insert(CONTENT_TYPE, content_type.clone());
            }
            let (parts, payload) = self.ask(request).await;
            let is_taken = parts.status.is_success();
            answer = Some(to_response(parts, payload));
            if !is_taken {
                break;
            }
        }
        // Even of nothing there is one piece.
        Ok(answer.unwrap_or_default())
    }

    /// Has the crate answer a request.
    async fn ask(&self, request: Request) -> (Parts, Bytes) {
        let mut service = self.service.clone();
        let Ok(response) = service.call(request).await;
        let (parts, body) = response.into_parts();
        // It is in memory already, and whole.
        let payload = to_bytes(Body::new(body), usize::MAX).await;
        (parts, payload.unwrap_or_default())
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
        session.begin_stream();
        let end = CancellationToken::new();
        let stream = MeteredStream::new(upgraded, session.clone(), end.clone());
        let mut service = self.service.clone();
        if let Err(error) = service.call((stream, request)).await {
            tracing::debug!(%error, "a WebSocket came to nothing");
        }
        // A session that was about to be upgraded when its WebSocket ended would stay so: the crate
        // forgets it. Where it was upgraded, closing is refused, and nothing else happens.
        tokio::select! {
            () = end.cancelled() => {
                if session.end_stream()
                    && let Some(sid) = sid
                {
                    self.close(&sid).await;
                }
            }
            () = self.shutdown.stop.cancelled() => {}
        }
    }
}

/// The address of the crate's own for a transport and a session.
fn to_uri(transport: &str, sid: Option<&str>) -> Uri {
    let sid = sid.map(|sid| format!("&sid={sid}")).unwrap_or_default();
    let uri = format!("/socket.io/?EIO=4&transport={transport}{sid}");
    // Only names that the crate gave are asked for, and they need no escapes.
    uri.parse().unwrap_or_default()
}

/// A request as the crate is asked, with nothing in it that it would only keep.
fn to_request(method: Method, sid: Option<&str>, body: Body) -> Request {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = to_uri("polling", sid);
    request
}

/// The crate's answer.
fn to_response(parts: Parts, payload: Bytes) -> Response {
    Response::from_parts(parts, Body::from(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_wishes_for_one_thing() {
        let wish = |method, query: &str| {
            let query: Query = serde_urlencoded::from_str(query).expect("a query");
            query.wish(&method)
        };
        let sid = || "s".to_owned();
        let (get, post) = (Method::GET, Method::POST);
        for (method, query, wanted) in [
            (&get, "EIO=4&transport=polling", Ok(Wish::Open)),
            (
                &get,
                "EIO=4&transport=polling&sid=s&t=1",
                Ok(Wish::Poll(sid())),
            ),
            (
                &post,
                "EIO=4&transport=polling&sid=s",
                Ok(Wish::Post(sid())),
            ),
            (&get, "EIO=4&transport=websocket", Ok(Wish::Upgrade(None))),
            (
                &get,
                "EIO=4&transport=websocket&sid=s",
                Ok(Wish::Upgrade(Some(sid()))),
            ),
            (&post, "EIO=4&transport=polling", Err(Mistake::WrongMethod)),
            (
                &post,
                "EIO=4&transport=websocket",
                Err(Mistake::WrongMethod),
            ),
            (
                &get,
                "EIO=4&transport=pigeon",
                Err(Mistake::UnknownTransport),
            ),
            (&get, "EIO=4", Err(Mistake::UnknownTransport)),
            (
                &get,
                "EIO=3&transport=polling",
                Err(Mistake::UnknownVersion),
            ),
        ] {
            assert_eq!(wish(method.clone(), query), wanted, "{method} {query}");
        }
    }
}
