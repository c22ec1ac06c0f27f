//! The `vitrina` program: parse, run, say what failed.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use vitrina::cli::{self, Args, LogFormat};

fn main() -> ExitCode {
    let args = Args::parse();
    start_log(args.log);
    match cli::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vitrina: {error:#}");
            ExitCode::FAILURE
        }
    }
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
