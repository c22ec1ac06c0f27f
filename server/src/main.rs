//! The `vitrina` program: parse, start, wait, stop.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use vitrina::config::{Config, LogFormat};
use vitrina::journal::sqlite::SqliteJournal;

fn main() -> ExitCode {
    let config = Config::parse();
    start_log(config.log);
    match serve(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vitrina: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn serve(config: &Config) -> anyhow::Result<()> {
    let stop = stop_signal().context("can't listen for signals")?;
    let journal = SqliteJournal::open(&config.data)?;
    let listen = config.listen;
    let listener = vitrina::listen(listen).with_context(|| {
        format!("can't serve on {listen}: choose another address or port with --listen ADDR:PORT")
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("Vitrina is open: {url}/realtimeproducts");
    vitrina::run(listener, journal, vitrina::Options::default(), stop).await
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
