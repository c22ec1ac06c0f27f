//! Commands that have no answer yet. They are sent when the page is live, and sent again with the
//! same number when the connection was lost in between: the server does none of them twice.

use std::collections::BTreeMap;

use shared::{ClientMessage, ProductId, RequestId};

/// What an answer is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Purpose {
    /// What is in the form.
    Form,
    /// A product is deleted.
    Delete {
        /// Which.
        id: ProductId,
        /// Its title, for what is said afterwards.
        title: String,
        /// What an undo adds again.
        fields: shared::Fields,
    },
    /// A deletion is undone.
    Restore {
        /// The product's title.
        title: String,
    },
}

struct Pending {
    message: ClientMessage,
    purpose: Purpose,
    is_sent: bool,
}

/// The commands under way.
#[derive(Default)]
pub struct Outbox {
    last: u64,
    pending: BTreeMap<RequestId, Pending>,
}

impl Outbox {
    /// Puts a command in, built with the number it is given.
    pub fn put(&mut self, purpose: Purpose, message: impl FnOnce(RequestId) -> ClientMessage) {
        self.last += 1;
        let request = RequestId(self.last);
        let pending = Pending {
            message: message(request),
            purpose,
            is_sent: false,
        };
        self.pending.insert(request, pending);
    }

    /// The frames to send now, in order.
    pub fn unsent(&mut self) -> Vec<String> {
        let unsent = self.pending.values_mut().filter(|pending| !pending.is_sent);
        unsent
            .map(|pending| {
                pending.is_sent = true;
                pending.message.encode()
            })
            .collect()
    }

    /// The connection is gone, and with it the answers that were on their way.
    pub fn lost(&mut self) {
        for pending in self.pending.values_mut() {
            pending.is_sent = false;
        }
    }

    /// Takes out what an answer is for.
    pub fn answered(&mut self, request: RequestId) -> Option<Purpose> {
        Some(self.pending.remove(&request)?.purpose)
    }

    /// Takes out what is about products of another catalog: their ids mean nothing any more.
    pub fn drop_ids(&mut self) -> Vec<(ProductId, Purpose)> {
        let about = |message: &ClientMessage| match message {
            ClientMessage::Add { .. } => None,
            ClientMessage::Update { id, .. } | ClientMessage::Delete { id, .. } => Some(*id),
        };
        let dropped = self
            .pending
            .extract_if(.., |_, pending| about(&pending.message).is_some());
        dropped
            .filter_map(|(_, pending)| Some((about(&pending.message)?, pending.purpose)))
            .collect()
    }

    /// How many commands have no answer.
    pub fn len(&self) -> usize {
        self.pending.len()
    }
}
