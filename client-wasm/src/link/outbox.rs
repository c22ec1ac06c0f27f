//! Commands that have no answer yet. They are sent when the page is live, and sent again with the
//! same number when the connection was lost in between: the server does none of them twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::{ClientMessage, Product, ProductId, RawCommand, RequestId};

/// What a command is for, and so what its answer means.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub enum Purpose {
    /// A product that was filled in is added.
    Add {
        /// Its title.
        title: String,
    },
    /// What was filled in for a product in the panel.
    Form {
        /// The product as it was then.
        base: Arc<Product>,
    },
    /// A cell was changed in place.
    Cell {
        /// The product as it was then.
        base: Arc<Product>,
    },
    /// So many more of a product, or fewer.
    Step {
        /// The product as it was then.
        base: Arc<Product>,
        /// How many.
        by: i64,
    },
    /// A product is deleted.
    Delete {
        /// The product as it was.
        product: Arc<Product>,
    },
    /// Something is undone.
    Undo {
        /// What.
        what: String,
        /// The product as it was left, where fields of it are put back.
        base: Option<Arc<Product>>,
    },
}

impl Purpose {
    /// The product that it is about, as it was when that was known.
    pub fn base(&self) -> Option<&Arc<Product>> {
        match self {
            Self::Form { base } | Self::Cell { base } | Self::Step { base, .. } => Some(base),
            Self::Delete { product } => Some(product),
            Self::Undo { base, .. } => base.as_ref(),
            Self::Add { .. } => None,
        }
    }
}

/// A command under way.
pub struct Pending {
    /// The command, and its number.
    pub message: ClientMessage,
    /// What it is for.
    pub purpose: Purpose,
    /// It is on its way over this connection.
    is_sent: bool,
    /// It was sent at least once: the server may have done it.
    pub was_sent: bool,
    /// It was refused since the product had changed, by a change that has not come yet.
    is_stalled: bool,
    /// When it was given, in milliseconds since 1970.
    since: f64,
}

/// The commands under way.
#[derive(Default)]
pub struct Outbox {
    last: u64,
    pending: BTreeMap<RequestId, Pending>,
}

impl Outbox {
    /// An outbox whose commands have greater numbers than this.
    pub fn after(last: u64) -> Self {
        Self {
            last,
            pending: BTreeMap::new(),
        }
    }

    /// Puts a command in, at this time, and gives it a number.
    pub fn put(&mut self, purpose: Purpose, command: RawCommand, now: f64) -> RequestId {
        self.last += 1;
        let request = RequestId(self.last);
        let message = ClientMessage { request, command };
        self.put_again(message, purpose, false, now);
        request
    }

    /// Puts a command in under the number that it had; it may have been sent before.
    pub fn put_again(
        &mut self,
        message: ClientMessage,
        purpose: Purpose,
        was_sent: bool,
        now: f64,
    ) {
        let request = message.request;
        self.last = self.last.max(request.0);
        let pending = Pending {
            message,
            purpose,
            is_sent: false,
            was_sent,
            is_stalled: false,
            since: now,
        };
        self.pending.insert(request, pending);
    }

    /// The frames to send now, in order; from now on they count as sent.
    pub fn take_unsent(&mut self) -> Vec<String> {
        let unsent = self.pending.values_mut();
        let unsent = unsent.filter(|pending| !pending.is_sent && !pending.is_stalled);
        unsent
            .map(|pending| {
                pending.is_sent = true;
                pending.was_sent = true;
                pending.message.encode()
            })
            .collect()
    }

    /// Notes that the connection is gone, and with it the answers that were on their way.
    pub fn lost(&mut self) {
        for pending in self.pending.values_mut() {
            pending.is_sent = false;
        }
    }

    /// Takes out what an answer is for, and the command.
    pub fn take_answered(&mut self, request: RequestId) -> Option<(Purpose, RawCommand)> {
        let pending = self.pending.remove(&request)?;
        Some((pending.purpose, pending.message.command))
    }

    /// What a command that was refused is for; it waits for the change that is in its way.
    pub fn stall(&mut self, request: RequestId) -> Option<&Purpose> {
        let pending = self.pending.get_mut(&request)?;
        pending.is_stalled = true;
        Some(&pending.purpose)
    }

    /// The commands that wait for a change.
    pub fn stalled(&self) -> Vec<RequestId> {
        let stalled = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.is_stalled);
        stalled.map(|(request, _)| *request).collect()
    }

    /// A command under way.
    pub fn get(&self, request: RequestId) -> Option<&Pending> {
        self.pending.get(&request)
    }

    /// The number of the last command.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// How many commands have no answer.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// How many of them were given before this time.
    pub fn len_before(&self, time: f64) -> usize {
        let old = |pending: &&Pending| pending.since < time;
        self.pending.values().filter(old).count()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Pending> {
        self.pending.values()
    }
}

/// The product that a command names by its id.
pub fn id_of(command: &RawCommand) -> Option<ProductId> {
    match command {
        RawCommand::Add { .. } => None,
        RawCommand::Update { id, .. }
        | RawCommand::Delete { id, .. }
        | RawCommand::Restore { id } => Some(*id),
    }
}

#[cfg(test)]
mod tests {
    use shared::Fields;

    use super::*;

    fn delete(id: u64) -> RawCommand {
        RawCommand::Delete {
            id: ProductId(id),
            if_revision: None,
        }
    }

    fn purpose(title: &str) -> Purpose {
        Purpose::Add {
            title: title.to_owned(),
        }
    }

    fn add() -> RawCommand {
        RawCommand::Add {
            draft: Fields::default(),
        }
    }

    #[test]
    fn a_command_is_sent_once_and_again_with_its_number_after_a_loss() {
        let mut outbox = Outbox::default();
        outbox.put(purpose("a"), delete(7), 0.0);
        let first = outbox.take_unsent();
        assert_eq!(first.len(), 1);
        assert!(first[0].contains(r#""request":1"#), "{first:?}");
        assert!(outbox.take_unsent().is_empty());
        outbox.put(purpose("b"), delete(8), 5.0);
        outbox.lost();
        let sent: Vec<bool> = outbox.iter().map(|pending| pending.was_sent).collect();
        assert_eq!(sent, [true, false]);
        let again = outbox.take_unsent();
        assert_eq!(again[0], first[0]);
        assert!(again[1].contains(r#""request":2"#), "{again:?}");
        assert_eq!((outbox.len(), outbox.len_before(5.0)), (2, 1));
    }

    #[test]
    fn an_answer_takes_its_command_out() {
        let mut outbox = Outbox::default();
        outbox.put(purpose("a"), add(), 0.0);
        outbox.put(purpose("b"), add(), 0.0);
        let answered = outbox.take_answered(RequestId(2));
        assert_eq!(answered, Some((purpose("b"), add())));
        assert_eq!(outbox.take_answered(RequestId(2)), None);
        outbox.lost();
        assert_eq!(outbox.take_unsent().len(), 1);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn numbers_go_on_after_those_that_were_kept() {
        let mut outbox = Outbox::after(20);
        let request = RequestId(7);
        let command = delete(1);
        let message = ClientMessage { request, command };
        outbox.put_again(message, purpose("kept"), true, 0.0);
        assert_eq!(outbox.put(purpose("new"), add(), 0.0), RequestId(21));
    }

    #[test]
    fn what_waits_for_a_change_is_not_sent_and_not_lost() {
        let mut outbox = Outbox::default();
        let request = outbox.put(purpose("a"), delete(1), 0.0);
        outbox.take_unsent();
        assert_eq!(outbox.stall(request), Some(&purpose("a")));
        outbox.lost();
        assert!(outbox.take_unsent().is_empty());
        assert_eq!((outbox.stalled(), outbox.len()), (vec![request], 1));
    }
}
