//! The command line: what the program can do, and how it is told.

mod args;
mod check;
mod compact;
mod demo;
mod files;
mod history;
mod import;
mod log;
mod manual;
mod moving;
mod otlp;
mod output;
mod people;
mod restore;
mod serve;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use shared::ProductId;
use tokio::runtime::Runtime;

use crate::access::Policy;
use crate::engine::journal::{HistoryQuery, PostgresJournal, SqliteJournal, Store};
use crate::transfer::Format;
use args::Command;
use log::Log;
use otlp::Traces;

pub use args::{Args, LogFormat};

/// Does what the command line asks for, and says what failed.
pub fn main(args: &Args) -> ExitCode {
    let (log, traces) = match start_telling(args) {
        Ok(started) => started,
        Err(error) => {
            // There is no log to say it in.
            let _ = writeln!(io::stderr(), "vitrina: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let code = match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read it, such as `head`, has enough of it.
        Err(error) if only_writes(args) && is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            log.say(&format!("vitrina: {error:#}"));
            ExitCode::FAILURE
        }
    };
    if let Some(traces) = traces {
        traces.flush();
    }
    log.flush();
    code
}

/// Starts the log, and where they are wanted traces of what a server does.
fn start_telling(args: &Args) -> anyhow::Result<(Log, Option<Traces>)> {
    let serves = matches!(args.command, None | Some(Command::Serve | Command::Demo));
    let collector = args.serving.otlp.as_ref().filter(|_| serves);
    let traces = collector.map(Traces::open).transpose()?;
    let log = log::start(args.log, traces.as_ref())?;
    Ok((log, traces))
}

/// Whether there is nothing to do but to write to standard output.
fn only_writes(args: &Args) -> bool {
    match &args.command {
        Some(Command::Export { file, .. }) => file.as_deref().is_none_or(is_standard),
        Some(Command::Completions { .. } | Command::Man { .. } | Command::History { .. }) => true,
        _ => false,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.root_cause().downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        None | Some(Command::Serve) => serve_store(args),
        Some(Command::Demo) => {
            let options = serve::options(&args.serving)?;
            let folder = tempfile::tempdir().context("there is no room for a temporary file")?;
            let open = || {
                let mut journal = SqliteJournal::open(&folder.path().join("demo.db"))?;
                demo::fill(&mut journal)?;
                Ok(journal)
            };
            start(serve::serve(args.serving.listen, options, open))
        }
        Some(Command::Import(arguments)) => {
            let source = import::Source::open(arguments)?;
            match args.store()? {
                Store::File(path) => {
                    let journal = import::open_file(&path, &source)?;
                    start(import::import(journal, source, arguments))
                }
                Store::Database(address) => {
                    let journal = PostgresJournal::open(*address)?;
                    start(import::import(journal, source, arguments))
                }
            }
        }
        Some(Command::Export { file, format, json }) => {
            files::export(&args.store()?, file.as_deref(), *format, *json)
        }
        Some(Command::Backup { file, json }) => files::backup(&args.store()?, file, *json),
        Some(Command::Restore { file, json }) => restore::restore(&args.store()?, file, *json),
        Some(Command::History {
            product,
            by,
            from,
            until,
            limit,
            json,
        }) => {
            let query = HistoryQuery {
                product: product.map(ProductId),
                by: by.clone(),
                from: *from,
                until: *until,
                limit: *limit,
                ..HistoryQuery::default()
            };
            history::tell(args.store()?, query, *json)
        }
        Some(Command::Compact { json }) => compact::compact(&args.store()?, *json),
        Some(Command::Check { json }) => check::check(&args.store()?, *json),
        Some(Command::Move { from, to, json }) => moving::copy(
            &args::store(from, "--from")?,
            &args::store(to, "--to")?,
            *json,
        ),
        Some(Command::People { what }) => people::people(&args.store()?, what),
        Some(Command::Tokens { what }) => people::tokens(&args.store()?, what),
        Some(Command::Completions { shell }) => manual::completions(*shell),
        Some(Command::Man { command }) => manual::manual(command.as_deref()),
    }
}

fn serve_store(args: &Args) -> anyhow::Result<()> {
    let (address, options) = (args.serving.listen, serve::options(&args.serving)?);
    match args.store()? {
        Store::File(path) => {
            if !path.exists() {
                // A start that is refused leaves no new file.
                Policy::new(address.ip(), options.viewing, options.editing, false)?;
            }
            let open = || Ok(SqliteJournal::open(&path)?);
            start(serve::serve(address, options, open))
        }
        Store::Database(database) => {
            let open = || PostgresJournal::open(*database).map_err(Into::into);
            start(serve::serve(address, options, open))
        }
    }
}

/// Runs a command that waits for many things at a time.
fn start(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = Runtime::new().context("can't start threads")?;
    let done = runtime.block_on(command);
    // What still runs reads for somebody who is gone.
    runtime.shutdown_background();
    done
}

/// The format that a person named, or the one that the file's name says.
fn format_of(named: Option<Format>, file: &Path) -> Option<Format> {
    let by_name = || Format::from_extension(file.extension()?.to_str()?);
    named.or_else(by_name)
}

/// Whether a file's name stands for standard input or output.
fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}
