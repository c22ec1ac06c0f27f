//! What commands show while they work and when they are done.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::Value;

/// Shows that a file or a database is being read or written, where standard error is a terminal.
pub fn spinner(name: &dyn Display) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(name.to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A number and what it counts, as in `1 row`.
pub fn count(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {one}{plural}")
}

/// Tells people what was found or done, on a line of standard output. A reader that is gone has heard
/// enough, and changes nothing of what is done.
pub fn print(line: &dyn Display) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Tells programs what was done.
pub fn print_json(value: &Value) -> anyhow::Result<()> {
    print(value)
}
