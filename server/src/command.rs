//! What the program can do beside serving.

mod check;
mod demo;
mod import;
mod manual;

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::export::Export;
use crate::import::Format;
use crate::journal::data_file::DataFile;

pub use check::check;
pub use demo::fill as fill_demo;
pub use import::import;
pub use manual::{completions, manual};

/// The format a person named, or the file's name does.
fn format(named: Option<Format>, file: &Path) -> Option<Format> {
    let by_name = || file.extension()?.to_str().and_then(Format::from_name);
    named.or_else(by_name)
}

/// Writes the products of a data file to another file, or to standard output.
pub fn export(
    data: &Path,
    file: Option<&Path>,
    named: Option<Format>,
    is_json: bool,
) -> anyhow::Result<()> {
    let catalog = DataFile::open(data)?.load()?.catalog;
    let by_name = file.and_then(|file| format(named, file));
    let format = by_name.or(named).unwrap_or(Format::Csv);
    let (products, revision) = (catalog.len(), catalog.revision());
    let pieces = Export::new(catalog.into(), format);
    let Some(path) = file else {
        return write(std::io::stdout().lock(), pieces, &ProgressBar::hidden());
    };
    let to = File::create(path).with_context(|| format!("can't write {}", path.display()))?;
    let bar = spinner(path);
    write(&to, pieces, &bar)?;
    to.sync_all()?;
    bar.finish_and_clear();
    if is_json {
        tell(&json!({"file": path, "products": products, "revision": revision}))?;
    }
    Ok(())
}

fn write(mut to: impl Write, pieces: Export, bar: &ProgressBar) -> anyhow::Result<()> {
    for piece in pieces {
        let piece = piece?;
        to.write_all(&piece)?;
        bar.inc(piece.len() as u64);
    }
    Ok(to.flush()?)
}

/// Copies a data file as it is at one moment.
pub fn backup(data: &Path, file: &Path, is_json: bool) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} exists already: choose another name", file.display());
    }
    let bar = spinner(file);
    DataFile::open(data)?.copy_to(file)?;
    let copied = DataFile::open(file)?.load()?.catalog;
    bar.finish_and_clear();
    let (products, revision) = (copied.len(), copied.revision());
    if is_json {
        return tell(&json!({"file": file, "products": products, "revision": revision}));
    }
    println!(
        "{}: {products} products at revision {revision}",
        file.display()
    );
    Ok(())
}

/// Says that a file is being read or written, where standard error is a terminal.
fn spinner(file: &Path) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(file.display().to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Tells programs what was done.
fn tell(what: &Value) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{what}")?)
}
