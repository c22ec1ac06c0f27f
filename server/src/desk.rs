//! The desk takes commands in order: decides each against the catalog, has the journal make the
//! changes durable, and only then publishes them and answers.
//!
//! It is one thread of its own, since a journal blocks. Everything that waits while one batch is
//! made durable is the next batch: group commit.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread::JoinHandle;

use shared::{Catalog, Command, ProductId, Reason, RequestKey, Revision};
use tokio::sync::{mpsc, oneshot};

use crate::hub::Hub;
use crate::journal::{Entry, Journal, KEPT_CHANGES};

/// Commands that wait for the desk. A full queue makes whoever asks wait, which is as it should
/// be; it has room for what a few thousand pages send during one slow commit.
const QUEUE: usize = 4_096;

/// Most commands in one transaction: enough that the disk is the limit, few enough that the
/// first of them does not wait for long.
const BATCH: usize = 1_024;

/// A command was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The revision at which the product is as the command wanted.
    pub revision: Revision,
    /// The product.
    pub id: ProductId,
}

/// What becomes of a command.
pub type Answer = Result<Done, Reason>;

struct Ticket {
    command: Command,
    key: Option<RequestKey>,
    answer: oneshot::Sender<Answer>,
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
        let mut clerk = Clerk {
            journal,
            hub,
            answered: Answered::default(),
        };
        for entry in recent {
            clerk.answered.remember(entry);
        }
        let thread = std::thread::Builder::new()
            .name("desk".to_owned())
            .spawn(move || clerk.work(queue))?;
        Ok((Self { tickets }, thread))
    }

    /// Hands in a command; the answer comes when it is durable or refused.
    pub async fn hand_in(
        &self,
        command: Command,
        key: Option<RequestKey>,
    ) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        let ticket = Ticket {
            command,
            key,
            answer,
        };
        // A desk that is gone drops the ticket, and with it the sender: the receiver's error.
        let _ = self.tickets.send(ticket).await;
        receiver
    }

    /// Waits until the desk's thread is gone, which it never is while a handle lives, unless it
    /// failed.
    pub async fn gone(&self) {
        self.tickets.closed().await;
    }

    /// Hands in a command and waits for what becomes of it.
    pub async fn ask(&self, command: Command, key: Option<RequestKey>) -> Answer {
        let answer = self.hand_in(command, key).await;
        answer.await.unwrap_or(Err(Reason::Stopping))
    }
}

/// Who works at the desk.
struct Clerk<J> {
    journal: J,
    hub: Arc<Hub>,
    answered: Answered,
}

impl<J: Journal> Clerk<J> {
    fn work(&mut self, mut queue: mpsc::Receiver<Ticket>) {
        while let Some(first) = queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(ticket) = queue.try_recv()
            {
                batch.push(ticket);
            }
            self.serve(batch);
        }
    }

    fn serve(&mut self, batch: Vec<Ticket>) {
        let before = self.hub.catalog();
        let mut catalog = Catalog::clone(&before);
        let mut entries: Vec<Entry> = Vec::new();
        let mut answers = Vec::with_capacity(batch.len());
        for ticket in batch {
            let answer = self.decide(ticket.command, ticket.key, &mut catalog, &mut entries);
            answers.push((ticket.answer, answer));
        }
        if !entries.is_empty() {
            if let Err(error) = self.journal.append(before.revision(), &entries) {
                tracing::error!(%error, commands = answers.len(), "the journal refused a batch");
                for (sender, _) in answers {
                    let _ = sender.send(Err(Reason::NotSaved));
                }
                return;
            }
            for entry in &entries {
                self.answered.remember(entry);
            }
            self.hub.publish(catalog, entries);
        }
        for (sender, answer) in answers {
            // Whoever asked may be gone; the change is durable all the same.
            let _ = sender.send(answer);
        }
    }

    fn decide(
        &self,
        command: Command,
        key: Option<RequestKey>,
        catalog: &mut Catalog,
        entries: &mut Vec<Entry>,
    ) -> Answer {
        if let Some(key) = &key {
            let in_batch = || entries.iter().find(|entry| entry.key.as_ref() == Some(key));
            let earlier = self.answered.get(key).or_else(|| in_batch().map(done));
            if let Some(done) = earlier {
                return Ok(done);
            }
        }
        let about = match &command {
            Command::Add(_) => None,
            Command::Update { id, .. } | Command::Delete { id, .. } => Some(*id),
        };
        let Some(change) = catalog.decide(command)? else {
            // Nothing to change: only an update of a product that is there ends here.
            let product = about.and_then(|id| catalog.get(id));
            return Ok(Done {
                revision: product.map_or(catalog.revision(), |product| product.revision),
                id: about.unwrap_or(ProductId(0)),
            });
        };
        let entry = Entry {
            revision: catalog.revision().next(),
            change,
            key,
        };
        catalog.apply(entry.revision, [entry.change.clone()]);
        let answer = done(&entry);
        entries.push(entry);
        Ok(answer)
    }
}

fn done(entry: &Entry) -> Done {
    Done {
        revision: entry.revision,
        id: entry.change.id(),
    }
}

/// The requests that were done, as far back as the journal keeps changes.
#[derive(Default)]
struct Answered {
    by_key: HashMap<RequestKey, Done>,
    order: VecDeque<RequestKey>,
}

impl Answered {
    fn get(&self, key: &RequestKey) -> Option<Done> {
        self.by_key.get(key).copied()
    }

    fn remember(&mut self, entry: &Entry) {
        let Some(key) = &entry.key else { return };
        self.by_key.insert(key.clone(), done(entry));
        self.order.push_back(key.clone());
        if self.order.len() > KEPT_CHANGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}
