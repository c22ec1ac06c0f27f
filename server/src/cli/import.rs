//! `vitrina import`: a file into the journal, by the same desk as everything else.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use shared::{ImportMessage, Language};
use tokio::sync::mpsc;

use super::args::ImportArgs;
use super::output::{count, print};
use super::{format_of, is_standard};
use crate::engine::Engine;
use crate::engine::author::Author;
use crate::engine::hub::Pace;
use crate::engine::journal::{Journal, JournalError, SqliteJournal};
use crate::transfer::Format;
use crate::transfer::import::{self, Mapping, Plan};
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
        let cannot_open = || format!("can't open the file to import, {}", path.display());
        let opened = if is_standard {
            None
        } else {
            Some(File::open(path).with_context(cannot_open)?)
        };
        let by_name = format_of(arguments.format, path);
        let Some(format) = by_name.or(is_standard.then_some(Format::Csv)) else {
            bail!(
                "{}: say what it is with --format csv, json or ndjson",
                path.display()
            );
        };
        let plan = Plan {
            format,
            columns: Mapping::new(arguments.columns.iter().cloned()),
            on_duplicate: arguments.on_duplicate.into(),
            author: Author::owner(shared::Source::Cli),
            is_dry_run: arguments.dry_run,
            max_refused: u64::MAX,
        };
        let (file, length): (Box<dyn Read + Send>, u64) = match opened {
            Some(file) => {
                let length = file.metadata()?.len();
                (Box::new(file), length)
            }
            None => (Box::new(std::io::stdin()), 0),
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
    let is_dry_run = plan.is_dry_run;
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
        } else if let ImportMessage::Columns { columns } = &message {
            let columns = columns.iter().map(|column| match &column.field {
                Some(field) => format!("{} = {field}", column.name),
                None => format!("{} is left out", column.name),
            });
            let columns: Vec<String> = columns.collect();
            let line = format!("columns: {}\n", columns.join(", "));
            // Nobody may read it.
            let _ = bar.suspend(|| std::io::stderr().write_all(line.as_bytes()));
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
            let if_done = if is_dry_run { ", if it were done" } else { "" };
            if !arguments.json {
                print(&format_args!(
                    "{}{if_done}: {} added, {} updated, {} skipped, {} refused",
                    count(totals.rows, "row"),
                    totals.added,
                    totals.updated,
                    totals.skipped,
                    totals.refused
                ))?;
            }
            match totals.refused {
                0 => {}
                1 => bail!("a row was refused"),
                refused => bail!("{refused} rows were refused"),
            }
            Ok(())
        }
        Some(ImportMessage::Failed { line, problem }) => {
            bail!("line {line}: {}", problem.in_one_line())
        }
        _ => bail!("the import ended early"),
    }
}
