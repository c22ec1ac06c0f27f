//! `GET /ws`: from a request to a live connection.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::ORIGIN;
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use shared::{Reason, Role};
use tokio::net::TcpStream;

use super::connection::{self, Context, Handshake};
use crate::access::Visitor;
use crate::engine::desk::Desk;
use crate::engine::hub::{Door, Hub};
use crate::http::extract::{Caller, Locale, Seated, TypedQuery};
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;
use crate::http::socket::{Place, Socket};
use crate::live::handshake;
use crate::live::hello::Hello;
use crate::live::timeouts::Timeouts;

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
    caller: Caller,
    visitor: Visitor,
    seat: Result<Seated, Rejection>,
    Locale { text, .. }: Locale,
    TypedQuery(hello): TypedQuery<Hello>,
    request: Request,
) -> Result<Response, Rejection> {
    let seated = match seat {
        _ if !visitor.may(Role::Viewer) => Err(Reason::SignInFirst.into()),
        Ok(Seated(visitor)) => Ok(visitor),
        Err(rejection) => Err(rejection),
    };
    let visitor = match seated {
        Ok(visitor) => visitor,
        // A page is told no answer to its handshake, but why its socket is closed.
        Err(rejection) if request.headers().contains_key(ORIGIN) => {
            let (on_upgrade, response) = handshake::accept(request)?;
            tasks.spawn(async move {
                if let Ok((stream, place, early)) = bare_socket(on_upgrade).await {
                    connection::turn_away(stream, early, rejection.close_code()).await;
                    drop(place);
                }
            });
            return Ok(response);
        }
        Err(rejection) => return Err(rejection),
    };
    let (on_upgrade, response) = handshake::accept(request)?;
    let encoding = hello.encoding();
    let (client, position) = hello.read("page")?;
    let viewer = hub.join(Door::Websocket).ok_or(Rejection::TooManyClients)?;
    let handshake = Handshake {
        caller,
        client,
        position,
        encoding,
        text,
        gone: visitor.gone(),
        visitor,
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
