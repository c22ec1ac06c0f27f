//! `vitrina export` and `vitrina backup`: the data file into other files.

use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use same_file::is_same_file;
use serde_json::json;

use super::output::{count, print, print_json, spinner};
use super::{format_of, is_standard};
use crate::engine::journal::{Store, folder_of, own_files, resolve};
use crate::transfer::Format;
use crate::transfer::export::Export;

/// Writes the products of a journal to another file, or to standard output.
pub fn export(
    store: &Store,
    file: Option<&Path>,
    named: Option<Format>,
    is_json: bool,
) -> anyhow::Result<()> {
    let file = file.filter(|file| !is_standard(file));
    if let Some(path) = file {
        refuse_own_files(store, path)?;
    }
    let catalog = store.load()?.catalog;
    let by_name = file.and_then(|file| format_of(named, file));
    let format = by_name.or(named).unwrap_or(Format::Csv);
    let (products, revision) = (catalog.len(), catalog.revision());
    let pieces = Export::new(catalog.products().cloned().collect(), format);
    let Some(path) = file else {
        return write(std::io::stdout().lock(), pieces, &ProgressBar::hidden());
    };
    let bar = spinner(&path.display());
    let written = replace(path, |to| write(to, pieces, &bar));
    bar.finish_and_clear();
    written.with_context(|| format!("can't write {}", path.display()))?;
    if is_json {
        print_json(
            &json!({"file": path.to_string_lossy(), "products": products, "revision": revision}),
        )?;
    }
    Ok(())
}

/// Refuses to write over the data that is read, by whatever name.
fn refuse_own_files(store: &Store, file: &Path) -> anyhow::Result<()> {
    // It may have a password in it.
    if file.to_string_lossy().contains("://") {
        bail!("this writes a file: name one, not an address");
    }
    let resolved = resolve(file);
    for own in store.file().into_iter().flat_map(own_files) {
        if own == resolved || is_same_file(&own, file).unwrap_or(false) {
            bail!(
                "{} is the data file or belongs to it: choose another name",
                file.display()
            );
        }
    }
    Ok(())
}

/// Writes a file beside the one that is to be, which it becomes once it is whole and durable: what
/// fails half-way leaves the older one as it was. What is no regular file, a pipe for example, is
/// written to directly.
fn replace(path: &Path, write: impl FnOnce(&File) -> anyhow::Result<()>) -> anyhow::Result<()> {
    if path.exists() && !path.is_file() {
        return write(&File::options().write(true).open(path)?);
    }
    // Through a link, so that it still leads there afterwards.
    let path = resolve(path);
    let beside = tempfile::Builder::new()
        .prefix(".vitrina-")
        // What the file would have had if it had been made directly.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder_of(&path))?;
    write(beside.as_file())?;
    beside.as_file().sync_all()?;
    beside.persist(&path)?;
    sync_folder_of(&path)
}

/// Makes a new name in a folder durable.
fn sync_folder_of(path: &Path) -> anyhow::Result<()> {
    Ok(File::open(folder_of(path))?.sync_all()?)
}

fn write(mut to: impl Write, pieces: Export, bar: &ProgressBar) -> anyhow::Result<()> {
    for piece in pieces {
        let piece = piece?;
        to.write_all(&piece)?;
        bar.inc(piece.len() as u64);
    }
    Ok(to.flush()?)
}

/// Copies a journal as it is at one moment into a data file.
pub fn backup(store: &Store, file: &Path, is_json: bool) -> anyhow::Result<()> {
    refuse_own_files(store, file)?;
    if file.exists() {
        bail!("{} exists already: choose another name", file.display());
    }
    let bar = spinner(&file.display());
    let copied = store.back_up(file);
    bar.finish_and_clear();
    let copied = copied?;
    let (products, revision) = (copied.len(), copied.revision());
    if is_json {
        return print_json(
            &json!({"file": file.to_string_lossy(), "products": products, "revision": revision}),
        );
    }
    print(&format_args!(
        "{}: {} at revision {revision}",
        file.display(),
        count(products as u64, "product")
    ))
}
