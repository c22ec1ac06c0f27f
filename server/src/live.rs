//! `GET /ws`: from a request to a live connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use shared::{CatalogId, PageId, Reason, Revision};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use crate::app::Connections;
use crate::desk::Desk;
use crate::hub::Hub;
use crate::language::Reader;
use crate::problem::Refusal;
use crate::socket::{self, Live, Visitor};

/// What a page says when it connects.
#[derive(Debug, Deserialize)]
pub struct Hello {
    /// The catalog it has.
    catalog: Option<CatalogId>,
    /// How far it has it.
    since: Option<Revision>,
    /// The name it gave itself; its request numbers count under this name.
    page: Option<PageId>,
}

/// Makes a request a live connection.
pub async fn upgrade(
    State(hub): State<Arc<Hub>>,
    State(desk): State<Desk>,
    State(connections): State<Connections>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    reader: Reader,
    hello: Result<Query<Hello>, QueryRejection>,
    mut request: Request,
) -> Response {
    let refuse = |reason| Refusal(reason, reader.text.clone()).into_response();
    let on_upgrade = hyper::upgrade::on(&mut request);
    // Checks the handshake too (RFC 6455 section 4.2).
    let response = match create_response(&request.map(|_| ())) {
        Ok(response) => response,
        Err(error) => return refuse(Reason::Malformed(error.to_string())),
    };
    let hello = match hello {
        Ok(Query(hello)) => hello,
        Err(rejection) => return refuse(Reason::Malformed(rejection.body_text())),
    };
    if let Some(page) = &hello.page
        && (page.0.is_empty() || page.0.len() > PageId::MAX_BYTES)
    {
        let why = format!("page: 1 to {} bytes", PageId::MAX_BYTES);
        return refuse(Reason::Malformed(why));
    }
    let Some(viewer) = hub.join() else {
        return refuse(Reason::TooManyPages);
    };
    let visitor = Visitor {
        peer,
        page: hello.page,
        position: hello.catalog.zip(hello.since),
        text: reader.text,
    };
    let Connections {
        patience,
        tasks,
        stop,
    } = connections;
    let live = Live {
        hub,
        desk,
        viewer,
        patience,
        stop,
    };
    tasks.spawn(async move {
        match upgraded(on_upgrade).await {
            Ok((stream, early)) => socket::serve(stream, early, visitor, live).await,
            Err(error) => tracing::debug!(%error, "a handshake came to nothing"),
        }
    });
    response.map(|()| Body::empty())
}

/// The bare socket, and what the page sent right after its handshake.
async fn upgraded(on_upgrade: OnUpgrade) -> anyhow::Result<(TcpStream, Vec<u8>)> {
    let upgraded = on_upgrade.await?;
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        // A copy: the bytes themselves are a part of hyper's buffer, and would keep all of it.
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf.to_vec())),
        Err(_) => anyhow::bail!("the server doesn't serve bare TCP"),
    }
}
