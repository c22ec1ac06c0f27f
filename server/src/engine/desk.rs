//! The desk takes commands in order: decides each against the catalog, has the journal make the
//! changes durable, and only then publishes them and answers.
//!
//! It is one thread of its own, since a journal blocks. Everything that waits while one batch is
//! made durable is the next batch: group commit.

mod recent;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use shared::{Command, Product, ProductId, Reason, Revision};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::hub::Hub;
use super::journal::{Effect, IdempotencyKey, Journal, Key, Source};
use super::{Ended, start_thread};
use worker::Worker;

pub use recent::RecentRequests;

/// The most jobs that wait for the desk. A full queue makes whoever asks wait, which is as it
/// should be; it has room for what a few thousand clients send during one slow commit.
const MAX_QUEUED_JOBS: usize = 4_096;

/// How often the desk looks after its journal: soon enough that nobody works for long on a file that
/// is gone, seldom enough that an idle machine sleeps.
const TEND_TIME: Duration = Duration::from_secs(2);

/// What a command that was done is answered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The revision at which the product is as the command wanted.
    pub revision: Revision,
    /// The product.
    pub id: ProductId,
    /// What the command did to it.
    pub outcome: CommandOutcome,
}

/// What a command did to its product.
#[derive(Clone, Debug, PartialEq)]
pub enum CommandOutcome {
    /// It is new.
    Added(Arc<Product>),
    /// It has other fields than before.
    Updated(Arc<Product>),
    /// It is gone.
    Deleted,
    /// Nothing: it was as the command wanted.
    Unchanged(Arc<Product>),
}

impl From<Effect> for CommandOutcome {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Added(product) => Self::Added(product),
            Effect::Updated(product) => Self::Updated(product),
            Effect::Deleted(_) => Self::Deleted,
            Effect::Unchanged(product) => Self::Unchanged(product),
        }
    }
}

impl CommandOutcome {
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

impl Done {
    /// The answer to a command that had this effect.
    fn new(revision: Revision, effect: Effect) -> Self {
        let id = match &effect {
            Effect::Added(product) | Effect::Updated(product) | Effect::Unchanged(product) => {
                product.id
            }
            Effect::Deleted(id) => *id,
        };
        Self {
            revision,
            id,
            outcome: effect.into(),
        }
    }
}

/// What a command is answered with.
pub type Answer = Result<Done, Reason>;

/// What happens to the other commands of a group when one can't be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// None of them is done.
    AllOrNothing,
    /// The others are done.
    OneByOne,
}

/// Something for the desk's worker to do.
enum Job {
    /// One command.
    One {
        command: Command,
        by: Source,
        key: Option<Key>,
        answer: oneshot::Sender<Answer>,
    },
    /// Commands that follow each other without anybody else's between them. One that failed the
    /// rules already keeps its place.
    Many {
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        by: Source,
        key: Option<IdempotencyKey>,
        answers: oneshot::Sender<Vec<Answer>>,
    },
    /// Look after the journal.
    Tend,
}

/// A handle by which commands are handed in.
#[derive(Clone)]
pub struct Desk {
    jobs: mpsc::Sender<Job>,
}

impl Desk {
    /// Starts the desk. Its thread ends when the last handle is gone and all is answered, or when
    /// nothing can be saved any more; the receiver is told how it ended.
    pub fn start(
        journal: impl Journal,
        recent: RecentRequests,
        hub: Arc<Hub>,
    ) -> std::io::Result<(Self, Ended)> {
        let (jobs, queue) = mpsc::channel(MAX_QUEUED_JOBS);
        tokio::spawn(tend(jobs.downgrade()));
        let worker = Worker::new(journal, recent, hub);
        let ended = start_thread("desk", move || Ok(worker.run(queue)?))?;
        Ok((Self { jobs }, ended))
    }

    /// Hands in a command; the answer comes when it is durable or refused.
    pub async fn hand_in(&self, command: Command, by: Source, key: Option<Key>) -> PendingAnswer {
        let (answer, receiver) = oneshot::channel();
        let job = Job::One {
            command,
            by,
            key,
            answer,
        };
        self.send(job).await;
        PendingAnswer(receiver)
    }

    /// Hands in a command and waits for what becomes of it.
    pub async fn ask(&self, command: Command, by: Source, key: Option<Key>) -> Answer {
        self.hand_in(command, by, key).await.get().await
    }

    async fn send(&self, job: Job) {
        // A desk that has ended takes nothing.
        if let Err(mpsc::error::SendError(job)) = self.jobs.send(job).await {
            job.refuse(&Reason::Stopping);
        }
    }

    /// Hands in commands that are decided one right after the other, and waits for what becomes
    /// of each. With a key, each that was done before is answered as it was then. Refused as a
    /// group, those that were no reason for it have [`Reason::NotTried`] as theirs.
    pub async fn ask_many(
        &self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        by: Source,
        key: Option<IdempotencyKey>,
    ) -> Vec<Answer> {
        let count = commands.len();
        let (answers, receiver) = oneshot::channel();
        let job = Job::Many {
            commands,
            group,
            by,
            key,
            answers,
        };
        self.send(job).await;
        // A desk that panicked may have done it, or not.
        receiver
            .await
            .unwrap_or_else(|_| vec![Err(Reason::OutcomeUnknown); count])
    }
}

impl Job {
    /// How many commands it has.
    fn commands(&self) -> usize {
        match self {
            Self::One { .. } => 1,
            Self::Many { commands, .. } => commands.len(),
            Self::Tend => 0,
        }
    }

    /// Refuses it, whatever it was, for this reason.
    fn refuse(self, reason: &Reason) {
        // Whoever asked may be gone.
        match self {
            Self::One { answer, .. } => drop(answer.send(Err(reason.clone()))),
            Self::Many {
                commands, answers, ..
            } => drop(answers.send(vec![Err(reason.clone()); commands.len()])),
            Self::Tend => {}
        }
    }
}

/// The answer to a command that was handed in.
pub struct PendingAnswer(oneshot::Receiver<Answer>);

impl PendingAnswer {
    /// Waits for it. Cancelling loses nothing.
    pub async fn get(&mut self) -> Answer {
        let answer = (&mut self.0).await;
        // A desk that panicked may have done it, or not.
        answer.unwrap_or(Err(Reason::OutcomeUnknown))
    }
}

/// Has the desk look after its journal from time to time, as long as there is a handle.
async fn tend(jobs: mpsc::WeakSender<Job>) {
    loop {
        sleep(TEND_TIME).await;
        let Some(jobs) = jobs.upgrade() else { return };
        // With a full queue it has better things to do, and finds out by itself.
        let _ = jobs.try_send(Job::Tend);
    }
}
