//! The log, on standard error, which may be gone, full, or read by nobody: whoever logs waits for
//! none of that. Lines that find no room are counted, and the count is told once there is room.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::LogFormat;
use super::otlp::Traces;
use crate::spans;

/// The most lines that wait to be written: a burst of a busy server, in about 200 KiB.
const MAX_QUEUED_LINES: usize = 1_024;

/// How long the last lines are waited for at the end.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// Where log lines are put.
#[derive(Clone)]
pub struct Log {
    lines: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

enum Entry {
    Line(Vec<u8>),
    /// Everything before it was written, as far as that is possible.
    Flushed(SyncSender<()>),
}

/// Starts the log: what `RUST_LOG` chooses of what happens, and panics. What traces are made of goes there alone.
pub fn start(format: LogFormat, traces: Option<&Traces>) -> anyhow::Result<Log> {
    let (lines, queue) = sync_channel(MAX_QUEUED_LINES);
    let log = Log {
        lines,
        lost: Arc::default(),
    };
    let lost = log.lost.clone();
    let thread = std::thread::Builder::new().name("log".to_owned());
    thread
        .spawn(move || write(&queue, &lost, format, io::stderr()))
        .context("can't start threads")?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal() && !is_plain())
        .with_writer(log.clone());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let chosen = chosen.add_directive(Directive::from_str(&format!("{}=off", spans::TARGET))?);
    let registry = tracing_subscriber::registry();
    match traces {
        Some(traces) => registry
            .with(lines.with_filter(chosen))
            .with(traces.layer())
            .init(),
        // One filter for all costs less than one for each.
        None => registry.with(lines).with(chosen).init(),
    }
    // The standard one writes to standard error, and waits for it.
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!("{panic}\n{backtrace}");
        } else {
            tracing::error!("{panic}");
        }
    }));
    Ok(log)
}

/// Whether whoever reads it wants no colours (<https://no-color.org>).
fn is_plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl Log {
    /// Puts a line that is no event among the others.
    pub fn say(&self, line: &str) {
        self.put(format!("{line}\n").into_bytes());
    }

    fn put(&self, line: Vec<u8>) {
        if self.lines.try_send(Entry::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written, but not for a reader that takes nothing.
    pub fn flush(&self) {
        let end = Instant::now() + FLUSH_TIME;
        let (flushed, wait) = sync_channel(1);
        let mut entry = Entry::Flushed(flushed);
        while let Err(TrySendError::Full(back)) = self.lines.try_send(entry) {
            if Instant::now() >= end {
                return;
            }
            entry = back;
            std::thread::sleep(Duration::from_millis(10));
        }
        // Not written in time is not written.
        let _ = wait.recv_timeout(end.saturating_duration_since(Instant::now()));
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(queue: &Receiver<Entry>, lost: &AtomicU64, format: LogFormat, mut to: impl Write) {
    for entry in queue {
        let line = match entry {
            Entry::Line(line) => line,
            Entry::Flushed(flushed) => {
                tell_lost(lost, format, &mut to);
                // Whoever waited may have given up.
                let _ = flushed.send(());
                continue;
            }
        };
        if to.write_all(&line).is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        tell_lost(lost, format, &mut to);
    }
}

/// Tells how many lines are missing, where any are and there is room for that.
fn tell_lost(lost: &AtomicU64, format: LogFormat, to: &mut impl Write) {
    let count = lost.swap(0, Ordering::Relaxed);
    if count > 0 && to.write_all(note(count, format).as_bytes()).is_err() {
        lost.fetch_add(count, Ordering::Relaxed);
    }
}

/// The line that tells how many are missing.
fn note(count: u64, format: LogFormat) -> String {
    let what = "log lines before this one could not be written";
    match format {
        LogFormat::Text => format!("WARN {count} {what}\n"),
        LogFormat::Json => format!(
            "{}\n",
            serde_json::json!({"level": "WARN", "fields": {"message": what, "lines": count}})
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes lines as long as it has room.
    struct Disk<'a> {
        room: usize,
        written: &'a mut Vec<u8>,
    }

    impl Write for Disk<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes == b"room\n" {
                self.room = 1_000;
            }
            if self.room < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= bytes.len();
            self.written.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_find_no_room_are_counted_and_told_later() {
        let (lines, queue) = sync_channel(10);
        let lost = Arc::default();
        let log = Log { lines, lost };
        let mut written = Vec::new();
        for line in ["one", "two", "three", "room"] {
            log.say(line);
        }
        for _ in 0..10 {
            log.say("four");
        }
        // Four of the ten found no room in the queue.
        let Log { lines, lost } = log;
        drop(lines);
        let disk = Disk {
            room: 4,
            written: &mut written,
        };
        write(&queue, &lost, LogFormat::Text, disk);
        let written = String::from_utf8(written).expect("UTF-8");
        let told = "WARN 6 log lines before this one could not be written";
        let expected = format!("one\nroom\n{told}\n{}", "four\n".repeat(6));
        assert_eq!(written, expected);
        let json: serde_json::Value =
            serde_json::from_str(&note(6, LogFormat::Json)).expect("JSON");
        assert_eq!(json["fields"]["lines"], 6);
    }
}
