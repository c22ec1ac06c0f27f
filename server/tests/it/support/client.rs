//! A live client as the server sees it: a socket and a copy of the catalog.

use std::collections::HashSet;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use shared::{Catalog, Change, Mirror, ProductId, RequestId, Revision, ServerMessage, Step};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::TIMEOUT;

/// A client, and everything that was told to it.
pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
    pub mirror: Mirror,
    /// Every message but pulses, in order.
    pub told: Vec<ServerMessage>,
    /// Every change in the order it came.
    pub changes: Vec<Change>,
    pub viewers: usize,
    /// The products that clients have open, as the latest pulse has it.
    pub open: Vec<ProductId>,
    /// Whether changes can be saved, as the latest pulse has it.
    pub writable: bool,
    /// How many pulses came, and the revision of the latest.
    pub pulses: usize,
    pub pulse_revision: Option<Revision>,
    /// The code the server closed with.
    pub closed: Option<u16>,
    pub lost: bool,
    /// How many bytes messages had on the wire, and how many of them came packed.
    pub bytes: usize,
    pub packed: usize,
    seen: HashSet<u64>,
}

impl Client {
    /// Opens a client; `query` is what stands after the `?`.
    pub async fn open(host: &str, query: &str) -> Self {
        Self::try_open(host, query, &[])
            .await
            .expect("a connection")
    }

    /// Opens a client with more headers, or says why not.
    pub async fn try_open(
        host: &str,
        query: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{host}/ws?{query}").into_client_request()?;
        for (name, value) in headers {
            let value = value.parse().expect("a header");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self {
            socket,
            mirror: Mirror::default(),
            told: Vec::new(),
            changes: Vec::new(),
            viewers: 0,
            open: Vec::new(),
            writable: true,
            pulses: 0,
            pulse_revision: None,
            closed: None,
            lost: false,
            bytes: 0,
            packed: 0,
            seen: HashSet::new(),
        })
    }

    /// Opens another client that goes on from where this one is.
    pub async fn reopen(mut self, host: &str) -> Self {
        let query = self.mirror.position().expect("a position").to_query();
        self.mirror.interrupt();
        let mut client = Self::open(host, &query).await;
        client.mirror = self.mirror;
        client
    }

    pub fn catalog(&self) -> &Catalog {
        self.mirror.catalog()
    }

    pub fn revision(&self) -> Revision {
        self.catalog().revision()
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.expect("a connection");
    }

    pub async fn add(&mut self, request: u64, draft: &Value) {
        let message = json!({"type": "add", "request": request, "draft": draft});
        self.send(&message).await;
    }

    pub async fn delete(&mut self, request: u64, id: u64) {
        let message = json!({"type": "delete", "request": request, "id": id});
        self.send(&message).await;
    }

    /// Takes the next message; `false` when the connection is over.
    pub async fn step(&mut self) -> bool {
        let next = timeout(TIMEOUT, self.socket.next()).await;
        match next.expect("a message in time") {
            Some(Ok(Message::Binary(packed))) => {
                self.bytes += packed.len();
                self.packed += 1;
                let unpacker = flate2::read::DeflateDecoder::new(&packed[..]);
                self.take(serde_json::from_reader(unpacker).expect("a message of the protocol"));
                true
            }
            Some(Ok(Message::Text(text))) => {
                self.bytes += text.len();
                let message = serde_json::from_str(&text).expect("a message of the protocol");
                self.take(message);
                true
            }
            Some(Ok(Message::Close(frame))) => {
                self.closed = frame.map(|frame| frame.code.into());
                true
            }
            Some(Ok(_)) => true,
            Some(Err(_)) | None => {
                self.lost = true;
                false
            }
        }
    }

    fn take(&mut self, message: ServerMessage) {
        let before = self.revision();
        if let ServerMessage::Pulse {
            viewers,
            revision,
            writable,
            open,
            ..
        } = &message
        {
            self.viewers = *viewers;
            self.open.clone_from(open);
            self.writable = *writable;
            self.pulses += 1;
            self.pulse_revision = Some(*revision);
        } else {
            self.told.push(message.clone());
        }
        match self.mirror.take(message) {
            Step::Disagreed => panic!("the page's list differs from the server's"),
            Step::Changed(changes) => {
                assert!(self.revision() > before, "a change came twice");
                for change in changes {
                    match &change {
                        Change::Added(product) => {
                            assert!(self.seen.insert(product.id.0), "added twice");
                        }
                        Change::Updated(_) => {}
                        // It may be restored.
                        Change::Deleted(id) => drop(self.seen.remove(&id.0)),
                    }
                    self.changes.push(change);
                }
            }
            _ => {}
        }
    }

    /// Takes messages until something holds.
    pub async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            assert!(self.step().await, "the connection was lost");
        }
    }

    /// Takes messages until the client has come so far.
    pub async fn until_revision(&mut self, revision: u64) {
        self.until(|client| client.mirror.position().is_some() && client.revision().0 >= revision)
            .await;
    }

    /// Takes messages until the snapshot is whole.
    pub async fn until_loaded(&mut self) {
        self.until(|client| client.mirror.position().is_some())
            .await;
    }

    /// Takes messages until the connection is over.
    pub async fn until_closed(&mut self) {
        while self.step().await {}
    }

    /// Takes messages until a command is answered, and gives the answer.
    pub async fn answer(&mut self, wanted: u64) -> ServerMessage {
        loop {
            let answer = self.told.iter().find(|message| match message {
                ServerMessage::Done { request, .. } => *request == RequestId(wanted),
                ServerMessage::Refused { request, .. } => *request == Some(RequestId(wanted)),
                _ => false,
            });
            if let Some(answer) = answer {
                return answer.clone();
            }
            assert!(self.step().await, "the connection was lost");
        }
    }

    /// The next refusal, of whatever was sent.
    pub async fn refusal(&mut self) -> (Option<RequestId>, shared::Problem) {
        loop {
            let is_refusal = |m: &ServerMessage| matches!(m, ServerMessage::Refused { .. });
            if let Some(at) = self.told.iter().position(is_refusal)
                && let ServerMessage::Refused { request, problem } = self.told.remove(at)
            {
                return (request, problem);
            }
            assert!(self.step().await, "the connection was lost");
        }
    }

    pub fn codes(&self) -> Vec<String> {
        let products = self.catalog().products();
        products
            .map(|product| product.draft.code.to_string())
            .collect()
    }

    pub fn snapshots(&self) -> usize {
        let is_snapshot = |m: &&ServerMessage| matches!(m, ServerMessage::Snapshot { .. });
        self.told.iter().filter(is_snapshot).count()
    }
}
