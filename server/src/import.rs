//! Products from a file: read a row at a time, handed to the desk in small groups, so that a
//! million rows need no million rows of memory and nobody else waits for all of them.

mod bounded;
mod csv_rows;
mod json_rows;
mod preview;

use std::cell::Cell;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use shared::{Command, Draft, Fields, ImportMessage, OnDuplicate, Reason, Text, Totals};
use tokio::sync::mpsc;

use crate::desk::{Desk, Done, Group, Outcome};
use crate::hub::Hub;
use bounded::Bounded;
use preview::{Fate, Preview};

/// Rows that are handed to the desk together: enough that an fsync is shared by many, few enough
/// that a page's own command waits for a moment only.
const GROUP_ROWS: usize = 250;

/// Rows that are read ahead of the desk.
const ROWS_AHEAD: usize = 2 * GROUP_ROWS;

/// Messages that an import has told and nobody has yet taken. With more it waits.
pub const TOLD_AHEAD: usize = 64;

/// How often progress is told: often enough for a bar that moves.
const PROGRESS_TIME: Duration = Duration::from_millis(100);

/// The forms a file of products has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// RFC 4180, with a row of names.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["csv", "json", "ndjson"];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// The one with this media type.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            "text/csv" => Some(Self::Csv),
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
                Some(Self::Ndjson)
            }
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// How a file is imported.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What the file looks like.
    pub format: Format,
    /// What to do with a product whose code is taken.
    pub on_duplicate: OnDuplicate,
    /// Only tell what would be done.
    pub is_dry_run: bool,
    /// Of so many refused rows is told what is wrong; the rest are only counted.
    pub most_refused: u64,
}

/// One row, or why it makes no product.
struct Row {
    line: u64,
    draft: Result<Draft, Reason>,
}

/// Where a reader puts its rows; `false` when nobody wants more.
type Rows<'a> = dyn FnMut(Row) -> bool + 'a;

/// Why the rest of a file can't be read, and where.
struct Unreadable {
    line: u64,
    reason: Reason,
}

/// The fields of one object. What an export says beside a draft is nothing to import.
fn draft_of(mut fields: Fields) -> Result<Draft, Reason> {
    fields.0.remove("id");
    fields.0.remove("revision");
    fields.draft()
}

fn read(format: Format, source: impl Read, rows: &mut Rows<'_>) -> Result<(), Unreadable> {
    let since_row = Cell::new(0);
    let source = Bounded::new(source, &since_row);
    let rows: &mut Rows<'_> = &mut |row| {
        since_row.set(0);
        rows(row)
    };
    match format {
        Format::Csv => csv_rows::read(source, rows),
        Format::Json => json_rows::array(source, rows),
        Format::Ndjson => json_rows::lines(source, rows),
    }
}

/// What each row of a small file makes; a last one says why the rest can't be read.
pub fn drafts(format: Format, source: impl Read) -> Vec<Result<Draft, Reason>> {
    let mut drafts = Vec::new();
    let read = read(format, source, &mut |row| {
        drafts.push(row.draft);
        true
    });
    drafts.extend(read.err().map(|unreadable| Err(unreadable.reason)));
    drafts
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
    let (sender, mut rows) = mpsc::channel::<Row>(ROWS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        read(plan.format, source, &mut |row| {
            sender.blocking_send(row).is_ok()
        })
    });
    let mut work = Work {
        plan,
        desk,
        preview: plan.is_dry_run.then(|| Preview::new(hub.catalog())),
        totals: Totals::default(),
        told_at: Instant::now(),
    };
    let mut group = Vec::with_capacity(GROUP_ROWS);
    while rows.recv_many(&mut group, GROUP_ROWS).await > 0 {
        for message in work.take(std::mem::take(&mut group), text).await {
            if told.send(message).await.is_err() {
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
    /// Does some rows; gives what there is to tell of them.
    async fn take(&mut self, rows: Vec<Row>, text: &Text) -> Vec<ImportMessage> {
        let (lines, drafts): (Vec<u64>, Vec<_>) =
            rows.into_iter().map(|row| (row.line, row.draft)).unzip();
        let fates = self.fates(drafts).await;
        let mut told = Vec::new();
        for (line, fate) in lines.into_iter().zip(fates) {
            self.totals.rows += 1;
            match fate {
                Ok(Fate::Added) => self.totals.added += 1,
                Ok(Fate::Updated) => self.totals.updated += 1,
                Ok(Fate::Skipped) => self.totals.skipped += 1,
                Err(reason) => {
                    self.totals.refused += 1;
                    if self.totals.refused <= self.plan.most_refused {
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

    async fn fates(&mut self, drafts: Vec<Result<Draft, Reason>>) -> Vec<Result<Fate, Reason>> {
        let on_duplicate = self.plan.on_duplicate;
        let drafts = drafts.into_iter();
        if let Some(preview) = &mut self.preview {
            return drafts
                .map(|draft| preview.decide(&draft?, on_duplicate))
                .collect();
        }
        let import = |draft| Command::Import {
            draft,
            on_duplicate,
        };
        let commands = drafts.map(|draft| draft.map(import)).collect();
        let answers = self.desk.ask_many(commands, Group::OneByOne, None).await;
        let fate = |done: Done| match done.outcome {
            Outcome::Added(_) => Fate::Added,
            Outcome::Updated(_) | Outcome::Deleted => Fate::Updated,
            Outcome::Unchanged(_) => Fate::Skipped,
        };
        answers.into_iter().map(|answer| answer.map(fate)).collect()
    }
}
