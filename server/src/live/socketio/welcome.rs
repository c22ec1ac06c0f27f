//! Clients that join and leave.

use std::future::ready;
use std::sync::{Arc, Weak};

use shared::Reason;
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler;

use super::client::Client;
use super::commands::{CommandSink, Inbox};
use super::relay::Relay;
use super::session::Session;
use crate::live::hello::Hello;

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
            watch(&socket, &client);
            relay.take_in(socket, client);
        }
        ready(())
    };
    io.ns("/", join.with(admit));
}

/// Sends a client away once it may not do what it could when it came.
fn watch(socket: &SocketRef, client: &Arc<Client>) {
    let Some(gone) = client.session.visitor.gone() else {
        return;
    };
    let (socket, client) = (socket.clone(), client.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = client.gone.cancelled() => {}
            () = gone => {
                // One that is gone already is told nothing.
                let _ = socket.disconnect();
                client.session.cut();
            }
        }
    });
}

/// Lets a client in; the error is what it is told.
fn admit(
    socket: &SocketRef,
    hello: Result<Hello, String>,
    sink: Weak<CommandSink>,
) -> Result<(), String> {
    let session = socket.req_parts().extensions.get::<Arc<Session>>();
    let session = session.ok_or("no session")?;
    let refusal = |reason: Reason| reason.tell(&session.text).message;
    let hello = hello.map_err(|error| refusal(Reason::Malformed(format!("auth: {error}"))))?;
    let (name, position) = hello.read("auth.page").map_err(refusal)?;
    let client = Arc::new(Client::new(session.clone(), name, position));
    socket.extensions.insert(client.clone());
    socket.on_fallback(Inbox::new(client.clone(), sink));
    socket.on_disconnect(move || {
        client.leave();
        ready(())
    });
    Ok(())
}
