//! Commands that have no answer yet. They are sent when the page is live, and sent again with the
//! same number when the connection was lost in between: the server does none of them twice.

use std::collections::BTreeMap;

use shared::{ClientMessage, Fields, ProductId, RawCommand, RequestId};

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
        fields: Fields,
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
    /// Puts a command in, and gives it a number.
    pub fn put(&mut self, purpose: Purpose, command: RawCommand) {
        self.last += 1;
        let request = RequestId(self.last);
        let pending = Pending {
            message: ClientMessage { request, command },
            purpose,
            is_sent: false,
        };
        self.pending.insert(request, pending);
    }

    /// The frames to send now, in order; from now on they count as sent.
    pub fn take_unsent(&mut self) -> Vec<String> {
        let unsent = self.pending.values_mut().filter(|pending| !pending.is_sent);
        unsent
            .map(|pending| {
                pending.is_sent = true;
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

    /// Takes out what an answer is for.
    pub fn take_answered(&mut self, request: RequestId) -> Option<Purpose> {
        Some(self.pending.remove(&request)?.purpose)
    }

    /// Takes out the commands that name a product by its id, which in another catalog means
    /// nothing.
    pub fn take_by_id(&mut self) -> Vec<(ProductId, Purpose)> {
        let id = |command: &RawCommand| match command {
            RawCommand::Add { .. } => None,
            RawCommand::Update { id, .. }
            | RawCommand::Delete { id, .. }
            | RawCommand::Restore { id } => Some(*id),
        };
        let taken = self
            .pending
            .extract_if(.., |_, pending| id(&pending.message.command).is_some());
        taken
            .filter_map(|(_, pending)| Some((id(&pending.message.command)?, pending.purpose)))
            .collect()
    }

    /// How many commands have no answer.
    pub fn len(&self) -> usize {
        self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delete(id: u64) -> RawCommand {
        RawCommand::Delete {
            id: ProductId(id),
            if_revision: None,
        }
    }

    fn purpose(title: &str) -> Purpose {
        Purpose::Restore {
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
        outbox.put(Purpose::Form, delete(7));
        let first = outbox.take_unsent();
        assert_eq!(first.len(), 1);
        assert!(first[0].contains(r#""request":1"#), "{first:?}");
        assert!(outbox.take_unsent().is_empty());
        outbox.put(Purpose::Form, delete(8));
        outbox.lost();
        let again = outbox.take_unsent();
        assert_eq!(again[0], first[0]);
        assert!(again[1].contains(r#""request":2"#), "{again:?}");
        assert_eq!(outbox.len(), 2);
    }

    #[test]
    fn an_answer_takes_its_command_out() {
        let mut outbox = Outbox::default();
        outbox.put(purpose("a"), add());
        outbox.put(purpose("b"), add());
        assert_eq!(outbox.take_answered(RequestId(2)), Some(purpose("b")));
        assert_eq!(outbox.take_answered(RequestId(2)), None);
        outbox.lost();
        assert_eq!(outbox.take_unsent().len(), 1);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn only_what_names_a_product_is_dropped_with_its_catalog() {
        let mut outbox = Outbox::default();
        outbox.put(purpose("a"), add());
        outbox.put(purpose("b"), delete(7));
        let update = RawCommand::Update {
            id: ProductId(9),
            patch: Fields::default(),
            if_revision: None,
        };
        outbox.put(purpose("c"), update);
        let taken = outbox.take_by_id();
        let expected = [(ProductId(7), purpose("b")), (ProductId(9), purpose("c"))];
        assert_eq!(taken, expected);
        assert_eq!(outbox.len(), 1);
    }
}
