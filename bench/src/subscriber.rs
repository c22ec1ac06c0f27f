//! PocketBase tells a new event stream its name, and sends it what is then asked for under that
//! name in a request of its own (PocketBase's Web APIs reference, "Realtime").

use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, bail};

use crate::writers::post;

/// A connection that asks for other connections.
pub struct Subscriber {
    stream: TcpStream,
    address: SocketAddr,
}

impl Subscriber {
    /// Connects.
    pub fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address })
    }

    /// Asks for the products, for the connection with this first event.
    pub fn subscribe(&mut self, first_event: &[u8]) -> anyhow::Result<()> {
        let event = std::str::from_utf8(first_event)?;
        let (_, rest) = event
            .split_once(r#""clientId":""#)
            .context("no name in a first event")?;
        let (name, _) = rest.split_once('"').context("a name without an end")?;
        let body = format!(r#"{{"clientId":"{name}","subscriptions":["products"]}}"#);
        match post(&mut self.stream, self.address, "/api/realtime", "", &body)? {
            204 => Ok(()),
            status => bail!("a subscription was answered with {status}"),
        }
    }
}
