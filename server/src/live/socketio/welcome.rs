//! Clients that join and leave.

use std::sync::{Arc, Weak};

use serde::Deserialize;
use shared::{CatalogId, ClientId, Digest, Reason, Revision};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;

use super::client::Client;
use super::commands::{Inbox, ToDesk};
use super::relay::Relay;
use super::session::Session;
use crate::engine::hub::{Cursor, Hub};

/// What a client says when it joins, as its `auth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hello {
    /// The catalog that it has.
    catalog: Option<CatalogId>,
    /// The revision at which it has it.
    since: Option<Revision>,
    /// Its digest then.
    digest: Option<Digest>,
    /// The name that it gave itself; its request numbers count under this name.
    page: Option<ClientId>,
}

impl Hello {
    fn cursor(&self, hub: &Hub) -> Cursor {
        let is_ours = self.catalog.as_ref() == Some(hub.id());
        let known = self.since.zip(self.digest).filter(|_| is_ours);
        Cursor::new(hub, known)
    }
}

/// Has the crate tell the relay of clients that join, and the desk of their commands. The crate keeps
/// what it is given for as long as it has a session, and the server ends before: so it is told only
/// where to look for both.
pub fn welcome(io: &SocketIo, relay: Weak<Relay>, to_desk: Weak<ToDesk>) {
    // Before the client is told that it has joined: what it sends then is heard.
    let admit = move |socket: SocketRef, TryData(hello): TryData<Hello>| {
        let hello = hello.map_err(|error| error.to_string());
        std::future::ready(admit(&socket, hello, to_desk.clone()))
    };
    let join = move |socket: SocketRef, TryData(hello): TryData<Hello>| {
        if let Some(relay) = relay.upgrade() {
            join(&relay, socket, &hello.unwrap_or_default());
        }
        std::future::ready(())
    };
    io.ns("/", join.with(admit));
}

/// Lets a client in; the error is what it is told.
fn admit(
    socket: &SocketRef,
    hello: Result<Hello, String>,
    to_desk: Weak<ToDesk>,
) -> Result<(), String> {
    let session = socket.req_parts().extensions.get::<Arc<Session>>();
    let session = session.ok_or("no session")?.clone();
    let refusal = |reason: Reason| reason.tell(&session.text).message;
    let hello = hello.map_err(|error| refusal(Reason::Malformed(format!("auth: {error}"))))?;
    if let Some(name) = &hello.page
        && (name.0.is_empty() || name.0.len() > ClientId::MAX_BYTES)
    {
        let why = format!("auth.page: 1 to {} bytes", ClientId::MAX_BYTES);
        return Err(refusal(Reason::Malformed(why)));
    }
    let client = Arc::new(Client::new(session, hello.page));
    socket.extensions.insert(client.clone());
    socket.on_fallback(Inbox::new(client.clone(), to_desk));
    socket.on_disconnect(move || {
        if client.leave() {
            let session = &client.session;
            let pages = session.viewer.count() - 1;
            tracing::info!(peer = %session.peer, pages, "cliente desconectado");
        }
        std::future::ready(())
    });
    Ok(())
}

/// A client has joined.
fn join(relay: &Arc<Relay>, socket: SocketRef, hello: &Hello) {
    let Some(client) = socket.extensions.get::<Arc<Client>>() else {
        return;
    };
    let (peer, pages) = (client.session.peer, client.session.viewer.count());
    // The words are part of what was ordered, as over the other socket.
    tracing::info!(%peer, pages, transport = "socket.io", "cliente conectado");
    let cursor = hello.cursor(&relay.hub);
    relay.welcome(socket, client, cursor);
}
