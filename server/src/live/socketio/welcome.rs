//! Clients that join and leave.

use std::future::ready;
use std::sync::{Arc, Weak};

use serde::Deserialize;
use shared::{CatalogId, ClientId, Digest, Position, Reason, Revision};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;

use super::client::Client;
use super::commands::{CommandSink, Inbox};
use super::relay::Relay;
use super::session::Session;

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

/// Has the crate tell the relay of clients that join, and the desk of their commands. The crate keeps
/// its handlers as long as it has a session, which can be longer than the server lives: so they hold
/// neither of the two.
pub fn welcome(io: &SocketIo, relay: Weak<Relay>, sink: Weak<CommandSink>) {
    // It is called before the client is told that it has joined, so that nothing the client sends
    // then comes too early.
    let admit = move |socket: SocketRef, TryData(hello): TryData<Hello>| {
        let hello = hello.map_err(|error| error.to_string());
        ready(admit(&socket, hello, sink.clone()))
    };
    let join = move |socket: SocketRef| {
        let client = socket.extensions.get::<Arc<Client>>();
        if let (Some(relay), Some(client)) = (relay.upgrade(), client) {
            relay.take_in(socket, client);
        }
        ready(())
    };
    io.ns("/", join.with(admit));
}

/// Lets a client in; the error is what it is told.
fn admit(
    socket: &SocketRef,
    hello: Result<Hello, String>,
    sink: Weak<CommandSink>,
) -> Result<(), String> {
    let session = socket.req_parts().extensions.get::<Arc<Session>>();
    let session = session.ok_or("no session")?.clone();
    let refusal = |why: String| Reason::Malformed(why).tell(&session.text).message;
    let hello = hello.map_err(|error| refusal(format!("auth: {error}")))?;
    if hello.page.as_ref().is_some_and(|name| !name.is_valid()) {
        let max = ClientId::MAX_BYTES;
        return Err(refusal(format!("auth.page: 1 to {max} bytes")));
    }
    let position = hello.catalog.zip(hello.since).zip(hello.digest);
    let position = position.map(|((catalog, revision), digest)| Position {
        catalog,
        revision,
        digest,
    });
    let client = Arc::new(Client::new(session, hello.page, position));
    socket.extensions.insert(client.clone());
    socket.on_fallback(Inbox::new(client.clone(), sink));
    socket.on_disconnect(move || {
        client.leave();
        ready(())
    });
    Ok(())
}
