//! Small changes to the code, one at a time, that tests should notice (`cargo-mutants`).

use std::path::Path;

use anyhow::{Context, bail};

use crate::run::{command, target};
use crate::tools;

/// A part of the code whose own tests should notice.
struct Part {
    name: &'static str,
    package: &'static str,
    /// The files, where it is not the whole package.
    files: &'static [&'static str],
    /// Which tests are run: `cargo test` with these arguments.
    tests: &'static [&'static str],
    /// The least share of viable changes that must be noticed, in percent.
    min_percent: usize,
}

const PARTS: [Part; 2] = [
    Part {
        name: "shared",
        package: "shared",
        files: &[],
        tests: &[],
        min_percent: 95,
    },
    Part {
        name: "server",
        package: "vitrina",
        files: &[
            "server/src/engine/desk/recent.rs",
            "server/src/engine/desk/worker.rs",
            "server/src/engine/hub/cursor.rs",
            "server/src/engine/hub/frame.rs",
            "server/src/engine/hub/pending.rs",
            "server/src/engine/hub/ring.rs",
            "server/src/http/conditional.rs",
            "server/src/transfer/import/bounded.rs",
            "server/src/transfer/import/csv_rows.rs",
            "server/src/transfer/import/json_rows.rs",
            "server/src/transfer/import/preview.rs",
            "server/src/transfer/import/row.rs",
        ],
        // The unit tests beside them: the others take half a minute for each change.
        tests: &["--lib"],
        min_percent: 90,
    },
];

/// Tries every change of every part, or of the one with this name. `docs/mutants.md` says of those
/// that remain why they do.
pub fn run(only: Option<&str>) -> anyhow::Result<()> {
    let path = tools::mutants()?;
    let parts = PARTS.iter();
    let parts = parts.filter(|part| only.is_none_or(|name| name == part.name));
    let mut failed = Vec::new();
    for part in parts {
        if !part.notices(&path)? {
            failed.push(part.name);
        }
    }
    if !failed.is_empty() {
        bail!("too few changes were noticed in {}", failed.join(", "));
    }
    Ok(())
}

impl Part {
    /// Whether enough changes are noticed.
    fn notices(&self, path: &std::ffi::OsStr) -> anyhow::Result<bool> {
        let output = target().join("mutants").join(self.name);
        std::fs::create_dir_all(&output)?;
        let mut mutants = command("cargo", &["mutants", "--package", self.package]);
        mutants.args(["--jobs", "2", "--no-times", "--colors", "never", "--output"]);
        mutants.arg(&output).env("PATH", path);
        for file in self.files {
            mutants.args(["--file", file]);
        }
        mutants.arg("--").args(self.tests);
        // It ends with an error when any change went unnoticed, which the lists say better.
        mutants.status().context("can't run cargo mutants")?;
        let lists = output.join("mutants.out");
        let (caught, missed) = (count(&lists, "caught.txt")?, count(&lists, "missed.txt")?);
        // A change that makes a test run without an end was noticed as well.
        let noticed = caught + count(&lists, "timeout.txt")?;
        let viable = noticed + missed;
        if viable == 0 {
            bail!("{}: no change could be tried", self.name);
        }
        let percent = noticed * 100 / viable;
        println!(
            "\n{}: {noticed} of {viable} changes noticed, {percent} % (at least {} %)",
            self.name, self.min_percent
        );
        Ok(percent >= self.min_percent)
    }
}

fn count(lists: &Path, name: &str) -> anyhow::Result<usize> {
    let list = std::fs::read_to_string(lists.join(name))?;
    Ok(list.lines().count())
}
