//! The desk takes commands in order: decides each against the catalog, has the journal make the
//! changes durable, and only then publishes them and answers.
//!
//! It is one thread of its own, since a journal blocks. Everything that waits while one batch is
//! made durable is the next batch: group commit.

mod answered;
mod clerk;

use std::sync::Arc;
use std::thread::JoinHandle;

use shared::{Change, Command, Product, ProductId, Reason, Revision};
use tokio::sync::{mpsc, oneshot};

use crate::hub::Hub;
use crate::journal::{Entry, IdempotencyKey, Journal, Key};
use clerk::Clerk;

/// Commands that wait for the desk. A full queue makes whoever asks wait, which is as it should
/// be; it has room for what a few thousand pages send during one slow commit.
const QUEUE: usize = 4_096;

/// A command was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The revision at which the product is as the command wanted.
    pub revision: Revision,
    /// The product.
    pub id: ProductId,
    /// What the command did to it.
    pub outcome: Outcome,
}

/// What a command did.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The product is new.
    Added(Arc<Product>),
    /// The product has other fields.
    Updated(Arc<Product>),
    /// The product is gone.
    Deleted,
    /// Everything was as it should be.
    Unchanged(Arc<Product>),
}

impl Outcome {
    /// What a command did that led to this change.
    pub fn of(change: &Change) -> Self {
        match change {
            Change::Added(product) => Self::Added(product.clone()),
            Change::Updated(product) => Self::Updated(product.clone()),
            Change::Deleted(_) => Self::Deleted,
        }
    }

    /// The product as the command left it.
    pub fn product(&self) -> Option<&Arc<Product>> {
        match self {
            Self::Added(product) | Self::Updated(product) | Self::Unchanged(product) => {
                Some(product)
            }
            Self::Deleted => None,
        }
    }
}

/// What becomes of a command.
pub type Answer = Result<Done, Reason>;

/// What happens to the other commands of a group when one can't be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// None of them is done.
    AllOrNothing,
    /// The others are done.
    OneByOne,
}

enum Ticket {
    One {
        command: Command,
        key: Option<Key>,
        answer: oneshot::Sender<Answer>,
    },
    /// Commands that follow each other without anybody else's between them. One that failed the
    /// rules already keeps its place.
    Many {
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        key: Option<IdempotencyKey>,
        answers: oneshot::Sender<Vec<Answer>>,
    },
}

/// Where commands are handed in.
#[derive(Clone)]
pub struct Desk {
    tickets: mpsc::Sender<Ticket>,
}

impl Desk {
    /// Starts the desk. Its thread ends when the last handle is gone and all is answered.
    pub fn start(
        journal: impl Journal,
        recent: &[Entry],
        hub: Arc<Hub>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (tickets, queue) = mpsc::channel(QUEUE);
        let mut clerk = Clerk::new(journal, recent, hub);
        let thread = std::thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || clerk.work(queue))?;
        Ok((Self { tickets }, thread))
    }

    /// Hands in a command; the answer comes when it is durable or refused.
    pub async fn hand_in(&self, command: Command, key: Option<Key>) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let ticket = Ticket::One {
            command,
            key,
            answer,
        };
        // A desk that is gone drops the ticket, and with it the sender: the receiver's error.
        let _ = self.tickets.send(ticket).await;
        receiver
    }

    /// Hands in a command and waits for what becomes of it.
    pub async fn ask(&self, command: Command, key: Option<Key>) -> Answer {
        let answer = self.hand_in(command, key).await;
        answer.await.unwrap_or(Err(Reason::Stopping))
    }

    /// Hands in commands that are decided one right after the other, and waits for what becomes
    /// of each. With a key, each that was done before is answered as it was then. Refused as a
    /// group, those that were no reason for it have [`Reason::NotTried`] as theirs.
    pub async fn ask_many(
        &self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        key: Option<IdempotencyKey>,
    ) -> Vec<Answer> {
        let count = commands.len();
        let (answers, receiver) = oneshot::channel();
        let ticket = Ticket::Many {
            commands,
            group,
            key,
            answers,
        };
        let _ = self.tickets.send(ticket).await;
        receiver
            .await
            .unwrap_or_else(|_| vec![Err(Reason::Stopping); count])
    }

    /// Waits until the desk's thread is gone, which it never is while a handle lives, unless it
    /// failed.
    pub async fn gone(&self) {
        self.tickets.closed().await;
    }
}
