//! Random input that learns which of it leads somewhere new (libFuzzer, by bolero).
//!
//! Bolero rather than `cargo-fuzz`: its tests are plain tests, which replay their corpora and try
//! random input wherever `cargo test` runs, and libFuzzer runs them on the pinned toolchain as well.

use anyhow::bail;

use crate::run::{self, output, root, target};
use crate::tools::{self, cargo};

/// Looks for input that breaks something, for this many seconds with each test. What it finds lies in
/// `fuzz/src/__fuzz__`, from where `cargo test` replays it; what led somewhere new is kept in
/// `target` for the next time.
pub fn run(seconds: &str) -> anyhow::Result<()> {
    let path = tools::bolero()?;
    let list = output(&mut cargo(&["test", "--package", "fuzz", "--", "--list"]))?;
    let tests: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    if tests.is_empty() {
        bail!("there is nothing to fuzz");
    }
    for test in tests {
        let folder = test.replace("::", "__");
        let learned = target().join("fuzz").join("corpora").join(&folder);
        std::fs::create_dir_all(&learned)?;
        let seeds = root()
            .join("fuzz/src/__fuzz__")
            .join(&folder)
            .join("corpus");
        for seed in std::fs::read_dir(seeds)? {
            let seed = seed?;
            std::fs::copy(seed.path(), learned.join(seed.file_name()))?;
        }
        let mut bolero = cargo(&["bolero", "test", test, "--package", "fuzz", "--time"]);
        // The flags that count which code was reached are not stable; nothing else is asked for.
        bolero.args([
            &format!("{seconds}s"),
            "--rustc-bootstrap",
            "--sanitizer",
            "NONE",
        ]);
        bolero.arg("--corpus-dir").arg(&learned).env("PATH", &path);
        run::run(&mut bolero)?;
    }
    Ok(())
}
