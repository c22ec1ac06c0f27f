//! Where this program is, and what it needs beside it.

use std::path::PathBuf;

use anyhow::Context;

/// The folder of this program, and of `vitrina`. Data is kept there too: `/tmp` may be memory, which
/// makes nothing durable.
pub fn folder() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().context("no folder")?.to_owned())
}
