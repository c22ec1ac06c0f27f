//! The program on a disk that fails when a test wants it to.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use testbed::free_port;

use super::Program;
use super::program::command;

/// A folder with a data file, on a disk that can fail.
pub struct Disk {
    folder: TempDir,
    listen: String,
}

impl Disk {
    /// A disk that works.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("faults.c");
        std::fs::write(&source, include_str!("faults.c")).expect("a file");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(folder.path().join("faults.so"))
            .arg(&source)
            .status();
        assert!(built.expect("a C compiler").success());
        Self {
            folder,
            listen: format!("127.0.0.1:{}", free_port()),
        }
    }

    /// The data file.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    /// Starts the program on it.
    pub fn program(&self) -> Program {
        let mut program = command(&self.data(), &self.listen);
        program.env("LD_PRELOAD", self.folder.path().join("faults.so"));
        program.env("FAULTS", self.control());
        Program::run(program)
    }

    /// Fails in this way from now on; see `faults.c`.
    pub fn fail(&self, how: &str) {
        // At once, so that nobody reads half of it.
        let beside = self.folder.path().join("beside");
        std::fs::write(&beside, how).expect("a file");
        std::fs::rename(&beside, self.control()).expect("a file");
    }

    /// Works again.
    pub fn work(&self) {
        std::fs::remove_file(self.control()).expect("it failed");
    }

    /// Whether it fails.
    pub fn fails(&self) -> bool {
        self.control().exists()
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }
}
