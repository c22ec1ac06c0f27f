//! The messages of the socket: text frames of JSON with `type` as their tag.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalog::Digest;
use crate::change::{CatalogId, Change, Command, RequestId, Revision};
use crate::problem::{Problem, Reason};
use crate::product::{Product, ProductId};
use crate::rules::Fields;
use crate::whole;

/// What the server tells a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// One part of the whole catalog at `revision`, in id order.
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
        /// The number the page gave it.
        request: RequestId,
        /// The revision at which the product is as the command wanted.
        revision: Revision,
        /// The product.
        id: ProductId,
    },
    /// Something this connection sent was refused, and nothing was done.
    Refused {
        /// The number the page gave it, where one could be read.
        request: Option<RequestId>,
        /// Why.
        problem: Problem,
    },
    /// What the catalog is at `revision`, so that a page can tell that its own is the same.
    Pulse {
        /// The revision the numbers belong to.
        revision: Revision,
        /// How many products there are.
        count: usize,
        /// See [`Catalog::digest`](crate::Catalog::digest).
        digest: Digest,
        /// How many live pages are connected.
        viewers: usize,
    },
    /// The server is about to stop; come back after this time.
    Closing {
        /// Another random time for each connection, in milliseconds.
        retry_after_ms: u32,
    },
}

impl ServerMessage {
    /// The message as the text of a frame.
    pub fn encode(&self) -> String {
        encode(self)
    }
}

/// What a page tells the server: its commands, not yet checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Add a product.
    Add {
        /// The command's number.
        #[serde(deserialize_with = "whole::read")]
        request: RequestId,
        /// The product's fields.
        draft: Fields,
    },
    /// Change a product.
    Update {
        /// The command's number.
        #[serde(deserialize_with = "whole::read")]
        request: RequestId,
        /// Which product.
        #[serde(deserialize_with = "whole::read")]
        id: ProductId,
        /// The fields to change.
        patch: Fields,
        /// Refuse when the product is no longer at this revision.
        #[serde(
            default,
            deserialize_with = "whole::read_option",
            skip_serializing_if = "Option::is_none"
        )]
        if_revision: Option<Revision>,
    },
    /// Delete a product.
    Delete {
        /// The command's number.
        #[serde(deserialize_with = "whole::read")]
        request: RequestId,
        /// Which product.
        #[serde(deserialize_with = "whole::read")]
        id: ProductId,
        /// Refuse when the product is no longer at this revision.
        #[serde(
            default,
            deserialize_with = "whole::read_option",
            skip_serializing_if = "Option::is_none"
        )]
        if_revision: Option<Revision>,
    },
}

impl ClientMessage {
    /// The message as the text of a frame.
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads a frame's text. A frame that is no message still gives its request number where it
    /// has one, so that the refusal finds its way.
    pub fn decode(frame: &str) -> Result<Self, (Option<RequestId>, Reason)> {
        serde_json::from_str(frame).map_err(|error| {
            let value: Value = serde_json::from_str(frame).unwrap_or_default();
            let request = value["request"].as_u64().map(RequestId);
            let reason = match value["type"].as_str() {
                None | Some("add" | "update" | "delete") => Reason::Malformed(error.to_string()),
                Some(other) => Reason::UnknownMessage(other.to_owned()),
            };
            (request, reason)
        })
    }

    /// The command's number.
    pub fn request(&self) -> RequestId {
        match self {
            Self::Add { request, .. }
            | Self::Update { request, .. }
            | Self::Delete { request, .. } => *request,
        }
    }

    /// The command, once its fields have passed the rules.
    pub fn command(self) -> Result<Command, Reason> {
        match self {
            Self::Add { draft, .. } => Ok(Command::Add(draft.draft()?)),
            Self::Update {
                id,
                patch,
                if_revision,
                ..
            } => Ok(Command::Update {
                id,
                patch: patch.patch()?,
                if_revision,
            }),
            Self::Delete {
                id, if_revision, ..
            } => Ok(Command::Delete { id, if_revision }),
        }
    }
}

fn encode(message: &impl Serialize) -> String {
    // The one way to fail is a map whose keys are no texts, and no message has one.
    serde_json::to_string(message).unwrap_or_default()
}
