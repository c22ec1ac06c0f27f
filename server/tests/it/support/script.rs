//! Programs in Node and Python that use the libraries people use, and say what they see: a line of JSON for
//! each thing that happens.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::TIMEOUT;

/// Where they are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Node, for one of them or for a program of a package.
pub fn node() -> Command {
    let mut node = Command::new("node");
    node.current_dir(folder());
    node
}

/// Python with the packages that `cargo xtask test` installs.
pub fn python() -> Command {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/python/bin");
    let mut python = Command::new(format!("{folder}/python"));
    python.current_dir(self::folder());
    python.env("PYTHONDONTWRITEBYTECODE", "1");
    python
}

/// Runs a program to its end, which must be a good one and come in time, and gives what it said.
pub fn run(command: &mut Command) -> String {
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("`cargo xtask test` installs it");
    let id = child.id().to_string();
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(3 * TIMEOUT) else {
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        panic!("{command:?} doesn't end");
    };
    let output = output.expect("what it said");
    let (said, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}\n{complained}",
        output.status
    );
    said.into_owned()
}

/// A program that goes on. Dropping it ends it.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a program says from now on, a line of JSON each time.
pub fn lines<T: DeserializeOwned + Send + 'static>(
    child: &mut Child,
) -> mpsc::UnboundedReceiver<T> {
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let line = serde_json::from_str(&line).expect("a line of JSON");
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// One that says what it sees.
pub struct Script {
    _running: Running,
    lines: mpsc::UnboundedReceiver<Value>,
}

impl Script {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = lines(&mut child);
        Self {
            _running: Running(child),
            lines,
        }
    }

    /// Waits for this to happen, and gives all that happened until then, this included.
    pub async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        let looking = async {
            while let Some(line) = self.lines.recv().await {
                seen.push(line);
                if seen.last().is_some_and(&holds) {
                    return true;
                }
            }
            false
        };
        let found = timeout(TIMEOUT, looking).await;
        assert!(matches!(found, Ok(true)), "it happened not, but {seen:?}");
        seen
    }
}
