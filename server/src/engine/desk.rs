//! The desk takes commands in order: decides each against the catalog, has the journal make the
//! changes durable, and only then publishes them and answers.
//!
//! It is one thread of its own, since a journal blocks. Everything that waits while one batch is
//! made durable is the next batch: group commit.

mod plan;
mod recent;
mod refusals;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::{Command, Product, ProductId, Reason, Revision, Source};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tracing::{Span, debug_span};

use super::author::Author;
use super::journal::{Effect, IdempotencyKey, Key};
use crate::spans;

pub use recent::RecentRequests;
pub use worker::Worker;

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
    /// What somebody asks for, and waits to be answered.
    Request(Box<Request>),
    /// Read what other servers wrote, and tell whoever waits for it.
    ReadOn(Option<oneshot::Sender<()>>),
    /// Look after the journal.
    Tend,
}

/// What somebody asks for.
struct Request {
    work: Work,
    reply: Reply,
    /// Since when it waits.
    since: Instant,
    /// From when it was handed in until it is answered.
    span: Span,
}

/// What is to be done.
#[derive(Clone)]
enum Work {
    /// One command.
    One {
        command: Command,
        by: By,
        key: Option<Key>,
    },
    /// Commands that follow each other without anybody else's between them. One that failed the
    /// rules already keeps its place.
    Many {
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        by: By,
        key: Option<IdempotencyKey>,
    },
}

/// Who gave a command, as it is kept.
#[derive(Clone)]
struct By {
    source: Source,
    person: Option<Arc<str>>,
}

impl By {
    /// Whoever has the journal itself.
    const OWNER: Self = Self {
        source: Source::Cli,
        person: None,
    };

    fn new(author: &Author) -> Self {
        Self {
            source: author.source,
            person: author.name.clone(),
        }
    }
}

impl Work {
    /// No command.
    const NOTHING: Self = Self::Many {
        commands: Vec::new(),
        group: Group::OneByOne,
        by: By::OWNER,
        key: None,
    };

    /// How many commands it has.
    fn commands(&self) -> usize {
        match self {
            Self::One { .. } => 1,
            Self::Many { commands, .. } => commands.len(),
        }
    }

    /// The keys of its commands.
    fn keys(&self) -> Vec<Key> {
        match self {
            Self::One { key, .. } => key.iter().cloned().collect(),
            Self::Many { commands, key, .. } => {
                let of_command = |place| key.as_ref().map(|key| key.of_command(place));
                let keys = (0..commands.len()).filter_map(of_command);
                keys.map(Key::Idempotency).collect()
            }
        }
    }
}

/// Whom to answer. They may be gone; what was done is durable all the same.
enum Reply {
    One(oneshot::Sender<Answer>),
    Many(oneshot::Sender<Vec<Answer>>),
}

impl Reply {
    /// Gives the answers, one for each command.
    fn give(self, mut answers: Vec<Answer>) {
        match self {
            Self::One(sender) => {
                if let Some(answer) = answers.pop() {
                    drop(sender.send(answer));
                }
            }
            Self::Many(sender) => drop(sender.send(answers)),
        }
    }
}

impl Request {
    fn new(work: Work, reply: Reply) -> Self {
        let commands = work.commands().cast_signed();
        Self {
            work,
            reply,
            since: Instant::now(),
            span: debug_span!(target: spans::TARGET, "command", commands),
        }
    }

    /// Takes out what is to be done, by which it can be refused no more.
    fn take_work(&mut self) -> Work {
        std::mem::replace(&mut self.work, Work::NOTHING)
    }

    /// Refuses all of it for this reason.
    fn refuse(self, reason: &Reason) {
        let count = self.work.commands();
        self.reply.give(vec![Err(reason.clone()); count]);
    }
}

/// What waits for the desk's worker.
pub struct Queue {
    jobs: mpsc::Receiver<Job>,
    /// See [`Nudge`].
    has_news: Arc<AtomicBool>,
}

/// A handle by which commands are handed in.
#[derive(Clone)]
pub struct Desk {
    jobs: mpsc::Sender<Job>,
    /// See [`Nudge`].
    has_news: Arc<AtomicBool>,
    /// Whether other servers write to its journal, too.
    is_shared: bool,
}

impl Desk {
    /// A desk, and the queue for its worker. That ends when the last handle is gone and all is
    /// answered.
    pub fn open(is_shared: bool) -> (Self, Queue) {
        let (jobs, queue) = mpsc::channel(MAX_QUEUED_JOBS);
        tokio::spawn(tend(jobs.downgrade()));
        let has_news = Arc::new(AtomicBool::new(false));
        let desk = Self {
            jobs,
            has_news: has_news.clone(),
            is_shared,
        };
        (
            desk,
            Queue {
                jobs: queue,
                has_news,
            },
        )
    }

    /// Whether other servers write to its journal, too.
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// Hands in a command; the answer comes when it is durable or refused.
    pub async fn hand_in(
        &self,
        command: Command,
        author: &Author,
        key: Option<Key>,
    ) -> PendingAnswer {
        let (answer, receiver) = oneshot::channel();
        let by = By::new(author);
        let work = Work::One { command, by, key };
        let request = Request::new(work, Reply::One(answer));
        match author.check() {
            Ok(()) => self.send(request).await,
            Err(reason) => request.refuse(&reason),
        }
        PendingAnswer(receiver)
    }

    /// Hands in a command and waits for what becomes of it.
    pub async fn ask(&self, command: Command, author: &Author, key: Option<Key>) -> Answer {
        self.hand_in(command, author, key).await.get().await
    }

    async fn send(&self, request: Request) {
        // A desk that has ended takes nothing.
        if let Err(mpsc::error::SendError(job)) =
            self.jobs.send(Job::Request(Box::new(request))).await
        {
            job.refuse(&Reason::Stopping);
        }
    }

    /// Reads what other servers wrote before this was called, and waits until that is known here.
    pub async fn read_on(&self) {
        let (done, is_done) = oneshot::channel();
        if self.jobs.send(Job::ReadOn(Some(done))).await.is_ok() {
            // A desk that ended knows nothing more.
            let _ = is_done.await;
        }
    }

    /// What has the desk read on without holding it.
    pub fn nudge(&self) -> Nudge {
        Nudge {
            jobs: self.jobs.downgrade(),
            has_news: self.has_news.clone(),
        }
    }

    /// Hands in commands that are decided one right after the other, and waits for what becomes
    /// of each. With a key, each that was done before is answered as it was then. Refused as a
    /// group, those that were no reason for it have [`Reason::NotTried`] as theirs.
    pub async fn ask_many(
        &self,
        commands: Vec<Result<Command, Reason>>,
        group: Group,
        author: &Author,
        key: Option<IdempotencyKey>,
    ) -> Vec<Answer> {
        let count = commands.len();
        if let Err(reason) = author.check() {
            return vec![Err(reason); count];
        }
        let (answers, receiver) = oneshot::channel();
        let work = Work::Many {
            commands,
            group,
            by: By::new(author),
            key,
        };
        self.send(Request::new(work, Reply::Many(answers))).await;
        // A desk that panicked may have done it, or not.
        receiver
            .await
            .unwrap_or_else(|_| vec![Err(Reason::OutcomeUnknown); count])
    }
}

impl Job {
    /// Refuses it, whatever it was, for this reason.
    fn refuse(self, reason: &Reason) {
        match self {
            Self::Request(request) => request.refuse(reason),
            Self::ReadOn(_) | Self::Tend => {}
        }
    }

    /// How many commands it has.
    fn commands(&self) -> usize {
        match self {
            Self::Request(request) => request.work.commands(),
            Self::ReadOn(_) | Self::Tend => 0,
        }
    }
}

/// Has the desk look at its journal, as long as there is one.
pub struct Nudge {
    jobs: mpsc::WeakSender<Job>,
    /// Whether there is something to read that the desk was not told of yet.
    has_news: Arc<AtomicBool>,
}

impl Nudge {
    /// Has it read soon what other servers wrote. Until then once is as good as often.
    pub fn read_on(&self) {
        if !self.has_news.swap(true, Ordering::Relaxed) {
            self.send(Job::ReadOn(None));
        }
    }

    /// Has it look soon whether the journal can be written to.
    pub fn tend(&self) {
        self.send(Job::Tend);
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = self.jobs.upgrade() {
            // A desk with a full queue has more to do than to look.
            let _ = jobs.try_send(job);
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
