//! Commands that have no answer yet. They are sent when the page is live, and sent again with the
//! same number when the connection was lost in between: the server does none of them twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::{ClientMessage, Product, ProductId, RawCommand, RequestId};

/// What a command is for, and so what its answer means.
#[derive(Clone, Debug, PartialEq)]
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
    /// It was given before the page was loaded again.
    Kept {
        /// What it is about.
        what: String,
    },
}

struct Pending {
    message: ClientMessage,
    purpose: Purpose,
    is_sent: bool,
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
        self.put_as(request, purpose, command, now);
        request
    }

    /// Puts a command in under a number that it had.
    pub fn put_as(&mut self, request: RequestId, purpose: Purpose, command: RawCommand, now: f64) {
        self.last = self.last.max(request.0);
        let pending = Pending {
            message: ClientMessage { request, command },
            purpose,
            is_sent: false,
            since: now,
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

    /// Takes out what an answer is for, and the command.
    pub fn take_answered(&mut self, request: RequestId) -> Option<(Purpose, RawCommand)> {
        let pending = self.pending.remove(&request)?;
        Some((pending.purpose, pending.message.command))
    }

    /// Takes out the commands that name a product by its id, which in another catalog means
    /// nothing.
    pub fn take_by_id(&mut self) -> Vec<(ProductId, Purpose)> {
        let taken = self
            .pending
            .extract_if(.., |_, pending| id_of(&pending.message.command).is_some());
        taken
            .filter_map(|(_, pending)| Some((id_of(&pending.message.command)?, pending.purpose)))
            .collect()
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

    /// Each of them with what it is for, and whether it was sent, in order.
    pub fn iter(&self) -> impl Iterator<Item = (RequestId, &Purpose, &RawCommand, bool)> {
        self.pending.iter().map(|(request, pending)| {
            let command = &pending.message.command;
            (*request, &pending.purpose, command, pending.is_sent)
        })
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
        let mut outbox = Outbox::default();
        outbox.put_as(RequestId(7), purpose("kept"), delete(1), 0.0);
        assert_eq!(outbox.put(purpose("new"), add(), 0.0), RequestId(8));
        assert_eq!(
            Outbox::after(20).put(purpose("a"), add(), 0.0),
            RequestId(21)
        );
    }

    #[test]
    fn only_what_names_a_product_is_dropped_with_its_catalog() {
        let mut outbox = Outbox::default();
        outbox.put(purpose("a"), add(), 0.0);
        outbox.put(purpose("b"), delete(7), 0.0);
        let restore = RawCommand::Restore { id: ProductId(9) };
        outbox.put(purpose("c"), restore, 0.0);
        let taken = outbox.take_by_id();
        let expected = [(ProductId(7), purpose("b")), (ProductId(9), purpose("c"))];
        assert_eq!(taken, expected);
        assert_eq!(outbox.len(), 1);
    }
}
