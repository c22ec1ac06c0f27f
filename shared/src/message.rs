//! The messages of the socket: text frames of JSON with `type` as their tag.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Digest;
use crate::change::Change;
use crate::command::{Members, RawCommand};
use crate::id::{CatalogId, ProductId, RequestId, Revision};
use crate::problem::Problem;
use crate::product::Product;
use crate::reason::Reason;
use crate::rules::Shallow;

/// What the server tells a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// One part of the whole catalog at `revision`, the newest products first: the first part is what is
    /// looked at first.
    Snapshot {
        /// Which catalog it is.
        catalog: CatalogId,
        /// The revision of the whole.
        revision: Revision,
        /// The products of this part.
        products: Vec<Arc<Product>>,
        /// This part's place, from 1.
        part: u32,
        /// How many parts there are, at least 1.
        parts: u32,
    },
    /// What changed since the message before, up to `revision`.
    Changes {
        /// The revision of the last change.
        revision: Revision,
        /// One or more changes in order.
        changes: Vec<Change>,
    },
    /// A command of this connection was done and is durable.
    Done {
        /// The number that the client gave it.
        request: RequestId,
        /// The revision at which the product is as the command wanted.
        revision: Revision,
        /// The product.
        id: ProductId,
    },
    /// Something that this connection sent was refused, and nothing was done, unless the problem says
    /// that this is not known.
    Refused {
        /// The number that the client gave it, where one could be read.
        request: Option<RequestId>,
        /// Why.
        problem: Problem,
    },
    /// What the catalog is at `revision`, so that a client can tell whether its own is the same.
    Pulse {
        /// The revision the numbers belong to.
        revision: Revision,
        /// How many products there are.
        count: usize,
        /// See [`Catalog::digest`](crate::Catalog::digest).
        digest: Digest,
        /// How many clients are connected, to this server and to the others of the same catalog.
        viewers: usize,
        /// Whether changes can be saved at the moment. While they can't the list is shown all the
        /// same.
        #[serde(default = "yes")]
        writable: bool,
        /// The products that clients of this server have open to change them, each as often as clients do; a
        /// hundred at most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<ProductId>,
    },
    /// The server is about to stop.
    Closing {
        /// When to come back, in milliseconds; a different random time for each connection.
        retry_after_ms: u32,
    },
}

fn yes() -> bool {
    true
}

impl ServerMessage {
    /// The message as the text of a frame.
    pub fn encode(&self) -> String {
        encode(self)
    }
}

/// What a client tells the server: a command, not yet checked, and its number. In JSON they are
/// one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientMessage {
    /// The command's number, by which its answer is found.
    pub request: RequestId,
    /// What the client wants.
    #[serde(flatten)]
    pub command: RawCommand,
}

impl ClientMessage {
    /// The message as the text of a frame.
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads a frame's text. A frame that can't be read still gives its request number where it
    /// has one, so that the refusal finds its way.
    pub fn decode(frame: &str) -> Result<Self, (Option<RequestId>, Reason)> {
        serde_json::from_str(frame).map_err(|error| {
            let envelope: Envelope = serde_json::from_str(frame).unwrap_or_default();
            let request = envelope.request.0.as_u64().map(RequestId);
            let reason = match envelope.r#type.0.as_str() {
                None | Some("add" | "update" | "delete" | "restore") => {
                    Reason::Malformed(error.to_string())
                }
                Some(other) => Reason::UnknownMessage(other.to_owned()),
            };
            (request, reason)
        })
    }
}

/// Anything that a client says on the socket.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A command.
    Command(ClientMessage),
    /// It has this product open to change it, or none any more. That is answered with nothing.
    Open(Option<ProductId>),
}

/// The name of [`Said::Open`].
const OPEN: &str = "open";

/// [`Said::Open`] as JSON.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct OpenMessage {
    r#type: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<ProductId>,
}

impl Said {
    /// What is said as the text of a frame.
    pub fn encode(&self) -> String {
        match self {
            Self::Command(message) => message.encode(),
            Self::Open(id) => encode(&OpenMessage {
                r#type: OPEN.into(),
                id: *id,
            }),
        }
    }

    /// Reads a frame's text, as [`ClientMessage::decode`] does.
    pub fn decode(frame: &str) -> Result<Self, (Option<RequestId>, Reason)> {
        match ClientMessage::decode(frame) {
            Ok(message) => Ok(Self::Command(message)),
            Err((request, Reason::UnknownMessage(name))) if name == OPEN => {
                let message: Result<OpenMessage, _> = serde_json::from_str(frame);
                let malformed =
                    |error: serde_json::Error| (request, Reason::Malformed(error.to_string()));
                Ok(Self::Open(message.map_err(malformed)?.id))
            }
            Err(wrong) => Err(wrong),
        }
    }
}

/// What every message has, whatever else is in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    r#type: Scalar,
    request: Scalar,
}

/// A text or a number; of everything else only that it is something else.
#[derive(Default)]
struct Scalar(Value);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Shallow::SCALAR.deserialize(deserializer).map(Self)
    }
}

fn encode(message: &impl Serialize) -> String {
    // The one way to fail is a map whose keys are no texts, and no message has one.
    serde_json::to_string(message).unwrap_or_default()
}

impl<'de> Deserialize<'de> for ClientMessage {
    /// Written by hand, since serde's own `flatten` takes fields it doesn't know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::read(deserializer)?;
        let request = Members::require("request", members.request)?;
        let command = members.into_command()?;
        Ok(Self { request, command })
    }
}
