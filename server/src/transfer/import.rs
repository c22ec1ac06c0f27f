//! Products from a file: read a row at a time, handed to the desk in small groups, so that a
//! million rows need no million rows of memory and nobody else waits for all of them.

mod bounded;
mod csv_rows;
mod json_rows;
mod mark;
mod preview;
mod row;
mod watch;

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::{Command, Draft, Import, ImportMessage, OnDuplicate, Reason, Text, Totals};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::timeout;

use super::Format;
use crate::engine::desk::{CommandOutcome, Desk, Done, Group};
use crate::engine::hub::Hub;
use crate::engine::journal::Source;
use preview::{Preview, RowOutcome};
use row::{Row, RowProduct, Rows, Unreadable};

/// Rows that are handed to the desk together: enough that an fsync is shared by many, few enough
/// that a page's own command waits for a moment only.
const GROUP_ROWS: usize = 250;

/// The most rows that are read ahead of the desk.
const MAX_QUEUED_ROWS: usize = 2 * GROUP_ROWS;

/// The most messages that an import has sent and nobody has yet taken. With more it waits.
pub const MAX_QUEUED_MESSAGES: usize = 64;

/// How long a client that takes nothing of the answer is waited for, the first time.
const LISTENER_TIME: Duration = Duration::from_secs(1);

/// The time between two reports of progress: short enough for a bar that moves.
const PROGRESS_TIME: Duration = Duration::from_millis(100);

/// How a file is imported.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The form of the file.
    pub format: Format,
    /// What to do with a product whose code is taken.
    pub on_duplicate: OnDuplicate,
    /// Who imports it.
    pub by: Source,
    /// Whether only to tell what would be done.
    pub is_dry_run: bool,
    /// How many refused rows are described at most; the rest are only counted.
    pub max_refused: u64,
}

fn read(format: Format, source: impl Read, rows: &mut Rows<'_>) -> Result<(), Unreadable> {
    match format {
        Format::Csv => csv_rows::read(source, rows),
        Format::Json => json_rows::array(source, rows),
        Format::Ndjson => json_rows::lines(source, rows),
    }
}

/// The draft of each row of a small file; a last one says why the rest can't be read.
pub fn drafts(format: Format, source: impl Read) -> Vec<Result<Draft, Reason>> {
    let mut drafts = Vec::new();
    let read = read(format, source, &mut |row| {
        drafts.push(row.product.and_then(|product| product.draft));
        true
    });
    drafts.extend(read.err().map(|unreadable| Err(unreadable.reason)));
    drafts
}

/// Imports a file. Ends early when nobody listens any more: what is done stays done.
pub async fn import(
    mut source: impl Read + Send + 'static,
    plan: Plan,
    desk: &Desk,
    hub: &Arc<Hub>,
    text: &Text,
    told: &mpsc::Sender<ImportMessage>,
) {
    let (sender, mut rows) = mpsc::channel::<Row>(MAX_QUEUED_ROWS);
    let reading = tokio::task::spawn_blocking(move || {
        let end = read(plan.format, &mut source, &mut |row| {
            sender.blocking_send(row).is_ok()
        });
        if end.is_err() {
            // A client that sends all before it reads would else never read why.
            let _ = std::io::copy(&mut source, &mut std::io::sink());
        }
        end
    });
    let mut work = Work {
        plan,
        desk,
        preview: plan.is_dry_run.then(|| Preview::new(hub.catalog())),
        totals: Totals::default(),
        told_at: Instant::now(),
    };
    let mut listener = Listener {
        told,
        is_slow: false,
    };
    let mut group = Vec::with_capacity(GROUP_ROWS);
    while rows.recv_many(&mut group, GROUP_ROWS).await > 0 {
        for message in work.take(std::mem::take(&mut group), text).await {
            if !listener.tell(message).await {
                return;
            }
        }
    }
    let last = match reading.await {
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

/// Whoever is told of an import. A client that sends its whole file before it reads any of the
/// answer is not waited for: what finds no room then is only counted.
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
            .ask_many(commands, Group::OneByOne, self.plan.by, None)
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
