//! Products from a file: read a row at a time, handed to the desk in small groups, so that a
//! million rows need no million rows of memory and nobody else waits for all of them.

mod bounded;
mod csv_rows;
mod json_rows;
mod mark;
mod preview;
mod row;
mod watch;

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::{
    Command, Draft, Import, ImportColumn, ImportMessage, OnDuplicate, Reason, Text, Totals,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Format;
use crate::engine::author::Author;
use crate::engine::desk::{CommandOutcome, Desk, Done, Group};
use crate::engine::hub::Hub;
use preview::{Preview, RowOutcome};
use row::{Row, RowProduct, Rows, Unreadable};

pub use csv_rows::{Mapping, Said, field_named};

/// Rows that are handed to the desk together: enough that an fsync is shared by many, few enough
/// that a page's own command waits for a moment only.
const GROUP_ROWS: usize = 250;

/// The most rows that are read ahead of the desk.
const MAX_QUEUED_ROWS: usize = 2 * GROUP_ROWS;

/// The most messages that an import has sent and nobody has yet taken. With more it waits, a moment.
pub const MAX_QUEUED_MESSAGES: usize = 64;

/// What rows that were read ahead of the desk may have together, in KiB: a row has up to 140, and a
/// second time as what it would change.
const MAX_QUEUED_KIB: usize = 2 * 1024;

/// How much of a file that can't be read any further is still taken, and for how long.
const MAX_REST_BYTES: u64 = 64 * 1024 * 1024;
const REST_TIME: Duration = Duration::from_secs(10);

/// How long a client that takes nothing of the answer is waited for, the first time.
const LISTENER_TIME: Duration = Duration::from_secs(1);

/// The time between two reports of progress: short enough for a bar that moves.
const PROGRESS_TIME: Duration = Duration::from_millis(100);

/// How a file is imported.
#[derive(Clone)]
pub struct Plan {
    /// The form of the file.
    pub format: Format,
    /// What a person said of the names of its columns.
    pub columns: Mapping,
    /// What to do with a product whose code is taken.
    pub on_duplicate: OnDuplicate,
    /// Who imports it.
    pub author: Author,
    /// Whether only to tell what would be done.
    pub is_dry_run: bool,
    /// How many refused rows are described at most; the rest are only counted.
    pub max_refused: u64,
}

fn read(
    format: Format,
    source: impl Read,
    columns: &Mapping,
    found: &mut dyn FnMut(Vec<ImportColumn>),
    rows: &mut Rows<'_>,
) -> Result<(), Unreadable> {
    match format {
        Format::Csv => csv_rows::read(source, columns, found, rows),
        Format::Json => json_rows::array(source, rows),
        Format::Ndjson => json_rows::lines(source, rows),
    }
}

/// The draft of each row of a small file; a last one says why the rest can't be read.
pub fn drafts(format: Format, source: impl Read) -> Vec<Result<Draft, Reason>> {
    let mut drafts = Vec::new();
    let columns = Mapping::default();
    let read = read(format, source, &columns, &mut drop, &mut |row| {
        drafts.push(row.product.and_then(|product| product.draft));
        true
    });
    drafts.extend(read.err().map(|unreadable| Err(unreadable.reason)));
    drafts
}

/// A file to import, which tells how far it is read and holds a place until it is read no further.
pub struct HeldFile<R, P> {
    read: R,
    begun: CancellationToken,
    _place: P,
    _ended: DropGuard,
}

/// How far a file is read.
#[derive(Default)]
pub struct Reading {
    /// Cancelled when the first of it has come.
    pub begun: CancellationToken,
    /// Cancelled when no more of it will be read.
    pub ended: CancellationToken,
}

impl<R: Read, P> HeldFile<R, P> {
    /// A file that holds such a place, and tells how far it is read.
    pub fn new(read: R, place: P, reading: &Reading) -> Self {
        Self {
            read,
            begun: reading.begun.clone(),
            _place: place,
            _ended: reading.ended.clone().drop_guard(),
        }
    }
}

impl<R: Read, P> Read for HeldFile<R, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read.read(buffer);
        self.begun.cancel();
        read
    }
}

/// A row that was read ahead, and its part of what rows may have together.
type QueuedRow = (Row, OwnedSemaphorePermit);

/// A file that is being read.
struct Ahead {
    /// Which field each column is, where that is not plain: known before the first row.
    columns: oneshot::Receiver<Vec<ImportColumn>>,
    /// How it ended.
    end: oneshot::Receiver<Result<(), Unreadable>>,
}

/// Reads a file on a thread of its own: it may be read for hours.
fn read_ahead(
    format: Format,
    mapping: Mapping,
    mut source: impl Read + Send + 'static,
    sender: mpsc::Sender<QueuedRow>,
) -> io::Result<Ahead> {
    let (ended, end) = oneshot::channel();
    let (columns_found, columns) = oneshot::channel();
    let memory = Arc::new(Semaphore::new(MAX_QUEUED_KIB));
    let runtime = Handle::current();
    let thread = std::thread::Builder::new().name("import".to_owned());
    thread.spawn(move || {
        let mut columns_found = Some(columns_found);
        let mut found = |columns| {
            if let Some(sender) = columns_found.take() {
                // Nobody may wait for it any more.
                let _ = sender.send(columns);
            }
        };
        let result = read(format, &mut source, &mapping, &mut found, &mut |row| {
            let kib = u32::try_from(row.bytes().div_ceil(1024)).unwrap_or(u32::MAX);
            let permit = match memory.clone().try_acquire_many_owned(kib) {
                Ok(permit) => Ok(permit),
                Err(_) => runtime.block_on(memory.clone().acquire_many_owned(kib)),
            };
            permit.is_ok_and(|permit| sender.blocking_send((row, permit)).is_ok())
        });
        let is_broken = result.is_err();
        // Nobody may wait for it any more.
        let _ = ended.send(result);
        if is_broken {
            skip_rest(source);
        }
    })?;
    Ok(Ahead { columns, end })
}

/// Takes what else comes of a file that can't be read any further, for a while: a client that sends
/// all before it reads would else never read why.
fn skip_rest(source: impl Read) {
    let mut rest = source.take(MAX_REST_BYTES);
    let mut buffer = vec![0; 16 * 1024];
    let end = Instant::now() + REST_TIME;
    while Instant::now() < end && rest.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// Imports a file. Ends early when nobody listens any more: what is done stays done.
pub async fn import(
    source: impl Read + Send + 'static,
    plan: Plan,
    desk: &Desk,
    hub: &Arc<Hub>,
    text: &Text,
    told: &mpsc::Sender<ImportMessage>,
) {
    let (sender, mut rows) = mpsc::channel(MAX_QUEUED_ROWS);
    let mut reading = read_ahead(plan.format, plan.columns.clone(), source, sender);
    let preview = plan.is_dry_run.then(|| Preview::new(hub.catalog()));
    let mut work = Work {
        plan,
        desk,
        preview,
        totals: Totals::default(),
        told_at: Instant::now(),
    };
    let mut listener = Listener {
        told,
        is_slow: false,
    };
    let mut group = Vec::with_capacity(GROUP_ROWS);
    while rows.recv_many(&mut group, GROUP_ROWS).await > 0 {
        let (rows, permits): (Vec<Row>, Vec<_>) = group.drain(..).unzip();
        let mut messages = work.take(rows, text).await;
        drop(permits);
        if let Ok(Ok(columns)) = reading.as_mut().map(|ahead| ahead.columns.try_recv()) {
            messages.insert(0, ImportMessage::Columns { columns });
        }
        for message in messages {
            if !listener.tell(message).await {
                return;
            }
        }
    }
    let ended = match reading {
        Ok(ahead) => ahead.end.await.map_err(anyhow::Error::from),
        Err(error) => Err(error.into()),
    };
    let last = match ended {
        Ok(Ok(())) => ImportMessage::Finished {
            revision: hub.catalog().revision(),
            totals: work.totals,
        },
        Ok(Err(Unreadable { line, reason })) => ImportMessage::Failed {
            line,
            problem: reason.tell(text),
        },
        Err(error) => {
            tracing::error!(%error, "reading a file failed");
            ImportMessage::Failed {
                line: work.totals.rows,
                problem: Reason::Malformed(String::new()).tell(text),
            }
        }
    };
    // Nobody may listen any more.
    let _ = told.send(last).await;
}

/// Whoever is told of an import. One that takes nothing, such as a client that wants progress and sends its
/// whole file before it reads, is not waited for: what finds no room then is only counted.
struct Listener<'a> {
    told: &'a mpsc::Sender<ImportMessage>,
    is_slow: bool,
}

impl Listener<'_> {
    /// Tells; `false` when nobody listens any more.
    async fn tell(&mut self, message: ImportMessage) -> bool {
        let room = if self.is_slow {
            Ok(self.told.try_reserve())
        } else {
            timeout(LISTENER_TIME, self.told.reserve())
                .await
                .map(|room| room.map_err(|_| TrySendError::Closed(())))
        };
        self.is_slow = match room {
            Ok(Ok(room)) => {
                room.send(message);
                false
            }
            Ok(Err(TrySendError::Closed(()))) => return false,
            Ok(Err(TrySendError::Full(()))) | Err(_) => true,
        };
        true
    }
}

struct Work<'a> {
    plan: Plan,
    desk: &'a Desk,
    /// For a dry run.
    preview: Option<Preview>,
    totals: Totals,
    /// When progress was last told.
    told_at: Instant,
}

impl Work<'_> {
    /// Does some rows, and returns what there is to tell of them.
    async fn take(&mut self, rows: Vec<Row>, text: &Text) -> Vec<ImportMessage> {
        let (lines, products): (Vec<u64>, Vec<_>) =
            rows.into_iter().map(|row| (row.line, row.product)).unzip();
        let outcomes = self.run(products).await;
        let mut told = Vec::new();
        for (line, outcome) in lines.into_iter().zip(outcomes) {
            self.totals.rows += 1;
            match outcome {
                Ok(RowOutcome::Added) => self.totals.added += 1,
                Ok(RowOutcome::Updated) => self.totals.updated += 1,
                Ok(RowOutcome::Skipped) => self.totals.skipped += 1,
                Err(reason) => {
                    self.totals.refused += 1;
                    if self.totals.refused <= self.plan.max_refused {
                        let problem = reason.tell(text);
                        told.push(ImportMessage::RowRefused { line, problem });
                    }
                }
            }
        }
        if self.told_at.elapsed() >= PROGRESS_TIME {
            self.told_at = Instant::now();
            told.push(ImportMessage::Progress(self.totals));
        }
        told
    }

    async fn run(
        &mut self,
        products: Vec<Result<RowProduct, Reason>>,
    ) -> Vec<Result<RowOutcome, Reason>> {
        let on_duplicate = self.plan.on_duplicate;
        let products = products.into_iter();
        if let Some(preview) = &mut self.preview {
            return products
                .map(|product| preview.decide(product?, on_duplicate))
                .collect();
        }
        let import = |product: RowProduct| {
            Command::Import(Box::new(Import {
                code: product.code,
                draft: product.draft,
                patch: product.patch,
                on_duplicate,
            }))
        };
        let commands = products.map(|product| product.map(import)).collect();
        let answers = self
            .desk
            .ask_many(commands, Group::OneByOne, &self.plan.author, None)
            .await;
        let to_outcome = |done: Done| match done.outcome {
            CommandOutcome::Added(_) => RowOutcome::Added,
            CommandOutcome::Updated(_) | CommandOutcome::Deleted => RowOutcome::Updated,
            CommandOutcome::Unchanged(_) => RowOutcome::Skipped,
        };
        answers
            .into_iter()
            .map(|answer| answer.map(to_outcome))
            .collect()
    }
}
