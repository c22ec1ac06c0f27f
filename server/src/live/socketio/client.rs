//! A client that has joined: from its hello until it leaves.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde::Deserialize;
use serde_json::value::RawValue;
use shared::{CatalogId, ClientId, Digest, Reason, Revision};
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use tokio_util::sync::CancellationToken;

use super::commands::{Commands, Inbox};
use super::door::Door;
use super::follower::{Follower, follow};
use super::relay::Place;
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

/// A client that has joined.
pub struct Client {
    /// Its session.
    pub session: Arc<Session>,
    /// The name that it gave itself.
    pub name: Option<ClientId>,
    /// Its commands that wait.
    pub commands: Commands,
    /// Cancelled when it has left.
    pub gone: CancellationToken,
    /// Its place among those that the relay is there for.
    place: Mutex<Option<Place>>,
}

impl Client {
    /// Takes its place, unless it has left already.
    fn settle(&self, place: Place) {
        let mut own = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.gone.is_cancelled() {
            *own = Some(place);
        }
    }

    /// Leaves. Returns whether it had a place.
    fn leave(&self) -> bool {
        self.gone.cancel();
        let mut own = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        own.take().is_some()
    }

    /// Tells it something. It is gone, or has too much waiting, where that is `false`.
    pub fn emit(&self, socket: &SocketRef, event: &str, body: &RawValue) -> bool {
        self.session.meter.put();
        let is_taken = socket.emit(event, body).is_ok();
        if !is_taken {
            self.session.meter.take(1);
        }
        is_taken
    }
}

/// Has the crate tell the door of clients that join. The door owns the crate's part, which therefore
/// only knows where to look for it.
pub fn welcome(io: &SocketIo, door: Weak<Door>) {
    let arriving = door.clone();
    // Before the client is told that it has joined: what it sends then is heard.
    let admit = move |socket: SocketRef, TryData(hello): TryData<Hello>| {
        std::future::ready(admit(
            &arriving,
            &socket,
            hello.map_err(|error| error.to_string()),
        ))
    };
    let joined = move |socket: SocketRef, TryData(hello): TryData<Hello>| {
        join(&door, socket, &hello.unwrap_or_default());
        std::future::ready(())
    };
    io.ns("/", joined.with(admit));
}

/// Lets a client in; the error is what it is told.
fn admit(
    door: &Weak<Door>,
    socket: &SocketRef,
    hello: Result<Hello, String>,
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
    let client = Arc::new(Client {
        session,
        name: hello.page,
        commands: Commands::default(),
        gone: CancellationToken::new(),
        place: Mutex::default(),
    });
    client.session.set_client(&client);
    let leaving = client.clone();
    socket.on_disconnect(move || {
        if leaving.leave() {
            let pages = leaving.session.viewer.count() - 1;
            tracing::info!(peer = %leaving.session.peer, pages, "cliente desconectado");
        }
        std::future::ready(())
    });
    socket.on_fallback(Inbox::new(client, door.clone()));
    Ok(())
}

/// A client has joined.
fn join(door: &Weak<Door>, socket: SocketRef, hello: &Hello) {
    let Some(door) = door.upgrade() else { return };
    let session = socket.req_parts().extensions.get::<Arc<Session>>();
    let Some(client) = session.and_then(|session| session.client()) else {
        return;
    };
    let (peer, pages) = (client.session.peer, client.session.viewer.count());
    // The words are part of what was ordered, as over the other socket.
    tracing::info!(%peer, pages, transport = "socket.io", "cliente conectado");
    client.settle(door.relay.enter(&door));
    let follower = Follower {
        socket,
        client,
        cursor: hello.cursor(&door.hub),
        pulse: None,
    };
    door.shutdown.tasks.clone().spawn(follow(door, follower));
}
