//! Where a connection comes from, as the log tells it.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderValue;
use axum::http::request::Parts;

use super::ClientAddress;
use crate::access::Visitor;
use crate::http::middleware::trace::Traced;

/// Where a connection comes from, as the log tells it.
#[derive(Clone)]
pub struct Caller {
    peer: Option<SocketAddr>,
    /// Behind a proxy that is trusted, the one who is meant.
    address: Option<IpAddr>,
    /// The request that it began with.
    request: Option<HeaderValue>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let extensions = &parts.extensions;
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(peer)| *peer);
        let client = extensions.get::<ClientAddress>();
        let is_other =
            |address: &IpAddr| peer.map(|peer| peer.ip().to_canonical()) != Some(*address);
        Ok(Self {
            peer,
            address: client.map(|client| client.address).filter(is_other),
            request: extensions.get().map(|traced: &Traced| traced.id.clone()),
        })
    }
}

impl Caller {
    /// Logs that a client is there now, one of so many. The words are Spanish since that line is part of what was
    /// ordered: whoever tries the server looks for it, word for word.
    pub fn connected(&self, visitor: &Visitor, pages: usize, transport: &str) {
        self.say(visitor, pages, transport, "cliente conectado");
    }

    /// Logs that it has left, and how many there are.
    pub fn disconnected(&self, visitor: &Visitor, pages: usize, transport: &str) {
        self.say(visitor, pages, transport, "cliente desconectado");
    }

    fn say(&self, visitor: &Visitor, pages: usize, transport: &str, what: &str) {
        tracing::info!(
            peer = self.peer.map(tracing::field::display),
            address = self.address.map(tracing::field::display),
            request = self.request.as_ref().and_then(|id| id.to_str().ok()),
            person = visitor.name(),
            pages,
            transport,
            "{what}"
        );
    }
}
