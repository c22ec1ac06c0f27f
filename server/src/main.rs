//! The `vitrina` program: parse, run, say what failed.

use std::process::ExitCode;

use vitrina::cli::{self, Args};

fn main() -> ExitCode {
    cli::main(&Args::read())
}
