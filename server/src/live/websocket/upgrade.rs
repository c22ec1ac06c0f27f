//! `GET /ws`: from a request to a live connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_KEY;
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use shared::{CatalogId, ClientId, Digest, Position, Reason, Revision};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::connection::{self, Context, Handshake};
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::extract::{Locale, TypedQuery};
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;
use crate::http::socket::{Place, Socket};
use crate::live::timeouts::Timeouts;

/// What a client says when it connects.
#[derive(Debug, Deserialize)]
pub struct Hello {
    /// The catalog that it has.
    catalog: Option<CatalogId>,
    /// The revision at which it has it.
    since: Option<Revision>,
    /// Its digest then.
    digest: Option<Digest>,
    /// The name that it gave itself; its request numbers count under this name.
    page: Option<ClientId>,
}

/// Makes a request a live connection.
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing of the request or the state"
)]
pub async fn upgrade(
    State(hub): State<Arc<Hub>>,
    State(desk): State<Desk>,
    State(timeouts): State<Timeouts>,
    State(Shutdown { tasks, stop, .. }): State<Shutdown>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Locale { text, .. }: Locale,
    TypedQuery(hello): TypedQuery<Hello>,
    mut request: Request,
) -> Result<Response, Rejection> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    if !has_key(request.headers()) {
        let why = "Sec-WebSocket-Key: 16 bytes in base64".to_owned();
        return Err(Reason::Malformed(why).into());
    }
    // Checks the rest of the handshake (RFC 6455 section 4.2).
    let response = create_response(&request.map(|_| ()))
        .map_err(|error| Reason::Malformed(error.to_string()))?;
    if let Some(client) = &hello.page
        && (client.0.is_empty() || client.0.len() > ClientId::MAX_BYTES)
    {
        let why = format!("page: 1 to {} bytes", ClientId::MAX_BYTES);
        return Err(Reason::Malformed(why).into());
    }
    let viewer = hub.join().ok_or(Rejection::TooManyClients)?;
    let handshake = Handshake {
        peer,
        client: hello.page,
        position: position(hello.catalog, hello.since, hello.digest),
        text,
    };
    let context = Context {
        hub,
        desk,
        viewer,
        timeouts,
        stop,
    };
    tasks.spawn(async move {
        match bare_socket(on_upgrade).await {
            Ok((stream, place, early)) => {
                connection::serve(stream, early, handshake, context).await;
                drop(place);
            }
            Err(error) => tracing::debug!(%error, "a handshake came to nothing"),
        }
    });
    Ok(response.map(|()| Body::empty()))
}

/// Whether the handshake has a key as it must be: 16 bytes in base64 (RFC 6455 section 4.1). One
/// that is missing is told with what else a request for a page has not.
fn has_key(headers: &HeaderMap) -> bool {
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).into_iter();
    let Some(key) = keys.next() else { return true };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let key = key.as_bytes().strip_suffix(b"==").unwrap_or_default();
    key.len() == 22 && key.iter().all(is_base64) && keys.next().is_none()
}

/// The position that a client says it has, where it says all of it.
fn position(
    catalog: Option<CatalogId>,
    since: Option<Revision>,
    digest: Option<Digest>,
) -> Option<Position> {
    Some(Position {
        catalog: catalog?,
        revision: since?,
        digest: digest?,
    })
}

/// The socket itself, its place among the connections, and what the client sent right after its handshake.
async fn bare_socket(on_upgrade: OnUpgrade) -> anyhow::Result<(TcpStream, Place, Vec<u8>)> {
    let upgraded = on_upgrade.await?;
    match upgraded.downcast::<TokioIo<Socket>>() {
        // A copy: the bytes themselves are a part of hyper's buffer, and would keep all of it.
        Ok(parts) => {
            let (stream, place) = parts.io.into_inner().into_parts();
            Ok((stream, place, parts.read_buf.to_vec()))
        }
        Err(_) => anyhow::bail!("the server doesn't serve bare TCP"),
    }
}
