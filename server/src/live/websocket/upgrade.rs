//! `GET /ws`: from a request to a live connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use shared::{CatalogId, ClientId, Digest, Position, Reason, Revision};
use tokio::net::TcpStream;

use super::connection::{self, Context, Handshake};
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::extract::{Locale, TypedQuery};
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;
use crate::http::socket::{Place, Socket};
use crate::live::handshake;
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
    request: Request,
) -> Result<Response, Rejection> {
    let (on_upgrade, response) = handshake::accept(request)?;
    if hello.page.as_ref().is_some_and(|client| !client.is_valid()) {
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
    Ok(response)
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
