//! The `vitrina` program: parse, start, wait, stop.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use vitrina::Options;
use vitrina::command;
use vitrina::config::{Command, Config, ImportArgs, LogFormat};
use vitrina::journal::sqlite::SqliteJournal;

fn main() -> ExitCode {
    let config = Config::parse();
    start_log(config.log);
    match run(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vitrina: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Config) -> anyhow::Result<()> {
    let data = &config.data;
    match &config.command {
        None | Some(Command::Serve) => serve(config, SqliteJournal::open(data)?),
        Some(Command::Demo) => {
            let folder = tempfile::tempdir().context("there is no room for a temporary file")?;
            let mut journal = SqliteJournal::open(&folder.path().join("demo.db"))?;
            command::fill_demo(&mut journal)?;
            serve(config, journal)
        }
        Some(Command::Import(arguments)) => import(data, arguments),
        Some(Command::Export { file, format, json }) => {
            command::export(data, file.as_deref(), *format, *json)
        }
        Some(Command::Backup { file, json }) => command::backup(data, file, *json),
        Some(Command::Check { json }) => command::check(data, *json),
        Some(Command::Completions { shell }) => command::completions(*shell),
        Some(Command::Man { command }) => command::manual(command.as_deref()),
    }
}

#[tokio::main]
async fn import(data: &Path, arguments: &ImportArgs) -> anyhow::Result<()> {
    command::import(data, arguments).await
}

#[tokio::main]
async fn serve(config: &Config, journal: SqliteJournal) -> anyhow::Result<()> {
    let listen = config.listen;
    let stop = stop_signal().context("can't listen for signals")?;
    let listener = vitrina::listen(listen).with_context(|| {
        format!("can't serve on {listen}: choose another address or port with --listen ADDR:PORT")
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("Vitrina is open: {url}/realtimeproducts");
    let options = Options {
        origins: config.origins.clone(),
        ..Options::default()
    };
    vitrina::run(listener, journal, options, stop).await
}

/// Cancelled by Ctrl-C and by SIGTERM.
fn stop_signal() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancel.cancel();
    });
    Ok(stop)
}

/// Log lines go to standard error; what a person asked for goes to standard output.
fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
}
