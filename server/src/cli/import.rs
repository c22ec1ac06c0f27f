//! `vitrina import`: a file into the journal, by the same desk as everything else.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use shared::{ImportMessage, Language};
use tokio::sync::mpsc;

use super::args::ImportArgs;
use super::output::print;
use super::{format_of, is_standard};
use crate::engine::Engine;
use crate::engine::hub::Pace;
use crate::engine::journal::{self, Journal, JournalError, SqliteJournal};
use crate::transfer::Format;
use crate::transfer::import::{self, Plan};
use crate::translations;

/// A file that is open, and how it is read.
pub struct Source {
    plan: Plan,
    file: Box<dyn Read + Send>,
    /// How many bytes it has, where that is known.
    length: u64,
    name: String,
}

impl Source {
    /// Opens the file that the command line names.
    pub fn open(arguments: &ImportArgs) -> anyhow::Result<Self> {
        let path = &arguments.file;
        let is_standard = is_standard(path);
        let by_name = format_of(arguments.format, path);
        let Some(format) = by_name.or(is_standard.then_some(Format::Csv)) else {
            bail!(
                "{}: say what it is with --format csv, json or ndjson",
                path.display()
            );
        };
        let plan = Plan {
            format,
            on_duplicate: arguments.on_duplicate.into(),
            by: journal::Source::Cli,
            is_dry_run: arguments.dry_run,
            max_refused: u64::MAX,
        };
        let (file, length): (Box<dyn Read + Send>, u64) = if is_standard {
            (Box::new(std::io::stdin()), 0)
        } else {
            let file =
                File::open(path).with_context(|| format!("can't open {}", path.display()))?;
            let length = file.metadata()?.len();
            (Box::new(file), length)
        };
        Ok(Self {
            plan,
            file,
            length,
            name: path.display().to_string(),
        })
    }
}

/// Opens a data file for it, which no server may have.
pub fn open_file(data: &Path, source: &Source) -> anyhow::Result<SqliteJournal> {
    SqliteJournal::open(data).map_err(|error| match error {
        JournalError::InUse(name) => anyhow::anyhow!(
            "{name} is in use by a server: send the file to it, as in curl --data-binary @{} \
             'http://127.0.0.1:8080/api/products/import?format={}'",
            source.name,
            source.plan.format.name()
        ),
        error => error.into(),
    })
}

/// Imports a file into a journal, by the same desk as everything else.
pub async fn import(
    journal: impl Journal,
    source: Source,
    arguments: &ImportArgs,
) -> anyhow::Result<()> {
    let Source {
        plan, file, length, ..
    } = source;
    let engine = Engine::start(journal, Pace::default(), 0)?;
    let bar = if arguments.json {
        ProgressBar::hidden()
    } else {
        // Shown when standard error is a terminal.
        ProgressBar::new(length)
    };
    let source = bar.wrap_read(file);
    let (sender, mut told) = mpsc::channel(import::MAX_QUEUED_MESSAGES);
    let working = tokio::spawn({
        let (desk, hub) = (engine.desk().clone(), engine.hub().clone());
        let text = translations::words(Language::English);
        async move { import::import(source, plan, &desk, &hub, &text, &sender).await }
    });
    let mut last = None;
    while let Some(message) = told.recv().await {
        if arguments.json {
            print(&serde_json::to_string(&message)?)?;
        } else if let ImportMessage::RowRefused { line, problem } = &message {
            let line = format!("line {line}: {}\n", problem.in_one_line());
            // Nobody may read it; the rows after it are imported all the same.
            let _ = bar.suspend(|| std::io::stderr().write_all(line.as_bytes()));
        }
        last = Some(message);
    }
    working.await.context("the import failed")?;
    bar.finish_and_clear();
    engine.stop(None).await?;
    match last {
        Some(ImportMessage::Finished { totals, .. }) => {
            let done = if plan.is_dry_run { "would be" } else { "were" };
            if !arguments.json {
                print(&format_args!(
                    "{} rows: {} {done} added, {} updated, {} skipped, {} refused",
                    totals.rows, totals.added, totals.updated, totals.skipped, totals.refused
                ))?;
            }
            if totals.refused > 0 {
                bail!("{} rows were refused", totals.refused);
            }
            Ok(())
        }
        Some(ImportMessage::Failed { line, problem }) => {
            bail!("line {line}: {}", problem.in_one_line())
        }
        _ => bail!("the import ended early"),
    }
}
