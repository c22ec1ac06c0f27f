//! What the program can do beside serving.

mod check;
mod demo;
mod import;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};

use crate::config::FileFormat;
use crate::export::Export;
use crate::import::Format;
use crate::journal::data_file::DataFile;

pub use check::check;
pub use demo::fill as fill_demo;
pub use import::import;

/// The format a person named, or the file's name does.
fn format(named: Option<FileFormat>, file: &Path) -> Option<Format> {
    let by_name = || file.extension()?.to_str().and_then(Format::from_name);
    named.map(Format::from).or_else(by_name)
}

/// Writes the products of a data file to another file, or to standard output.
pub fn export(data: &Path, file: Option<&Path>, named: Option<FileFormat>) -> anyhow::Result<()> {
    let catalog = DataFile::open(data)?.load()?.catalog;
    let by_name = file.and_then(|file| format(named, file));
    let format = by_name.or(named.map(Format::from)).unwrap_or(Format::Csv);
    let mut to: Box<dyn Write> = match file {
        Some(path) => {
            let file = std::fs::File::create(path);
            Box::new(file.with_context(|| format!("can't write {}", path.display()))?)
        }
        None => Box::new(std::io::stdout().lock()),
    };
    for piece in Export::new(catalog.into(), format) {
        to.write_all(&piece?)?;
    }
    to.flush()?;
    Ok(())
}

/// Copies a data file as it is at one moment.
pub fn backup(data: &Path, file: &Path) -> anyhow::Result<()> {
    if file.exists() {
        bail!("{} exists already: choose another name", file.display());
    }
    DataFile::open(data)?.copy_to(file)?;
    let copied = DataFile::open(file)?.load()?.catalog;
    println!(
        "{}: {} products at revision {}",
        file.display(),
        copied.len(),
        copied.revision()
    );
    Ok(())
}
