//! PocketBase tells a new event stream its name, and sends it what is then asked for under that
//! name in a request of its own (PocketBase's Web APIs reference, "Realtime").

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, bail};

use crate::writers::answer;

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
        let request = format!(
            "POST /api/realtime HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        match answer(&mut self.stream)? {
            204 => Ok(()),
            status => bail!("a subscription was answered with {status}"),
        }
    }
}
