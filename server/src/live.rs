//! `GET /ws`: from a request to a live connection.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shared::{CatalogId, PageId, Reason, Revision};

use crate::app::Connections;
use crate::desk::Desk;
use crate::hub::Hub;
use crate::language::Reader;
use crate::problem::Refusal;
use crate::socket::{self, Live, MOST_FRAME_BYTES, READ_BUFFER_BYTES, Visitor};

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
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let refuse = |reason| Refusal(reason, reader.text.clone()).into_response();
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
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
    // Taken now: between the answer and the first frame the server must not think it is alone.
    let token = tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(MOST_FRAME_BYTES)
        .max_frame_size(MOST_FRAME_BYTES)
        .on_upgrade(async move |socket| {
            socket::serve(socket, visitor, live).await;
            drop(token);
        })
}
