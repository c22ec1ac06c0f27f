//! `vitrina export` and `vitrina backup`: the data file into other files.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use serde_json::json;

use super::format_of;
use super::output::{print_json, spinner};
use crate::engine::journal::DataFile;
use crate::transfer::Format;
use crate::transfer::export::Export;

/// Writes the products of a data file to another file, or to standard output.
pub fn export(
    data: &Path,
    file: Option<&Path>,
    named: Option<Format>,
    is_json: bool,
) -> anyhow::Result<()> {
    let catalog = DataFile::open(data)?.load()?.catalog;
    let by_name = file.and_then(|file| format_of(named, file));
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
        print_json(&json!({"file": path, "products": products, "revision": revision}))?;
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
        return print_json(&json!({"file": file, "products": products, "revision": revision}));
    }
    println!(
        "{}: {products} products at revision {revision}",
        file.display()
    );
    Ok(())
}
