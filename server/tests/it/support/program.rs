//! The server as people run it: the `vitrina` binary, a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use testbed::free_port;

use super::{Http, TIMEOUT};

/// A running `vitrina`. Dropping it kills it.
pub struct Program {
    pub host: String,
    child: Child,
    log: mpsc::Receiver<String>,
    pub lines: Vec<String>,
}

/// The program with these flags, not started.
pub fn command(data: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitrina"));
    command.arg("--data").arg(data).args(["--listen", listen]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program under `ulimit` with these arguments. A signal for a file that is too big is ignored,
/// so that writing fails instead of ending the process.
pub fn limited(data: &Path, limit: &str) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit {limit}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_vitrina")]);
    shell.arg("--data").arg(data);
    shell.args(["--listen", "127.0.0.1:0"]);
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

impl Program {
    /// Starts it on a free port, which is still free for it after a restart.
    pub fn start(data: &Path) -> Self {
        Self::start_on(data, &format!("127.0.0.1:{}", free_port()))
    }

    /// Starts it on this address.
    pub fn start_on(data: &Path, listen: &str) -> Self {
        Self::run(command(data, listen))
    }

    /// Starts a command and waits for the line that says where it serves.
    pub fn run(command: Command) -> Self {
        Self::run_and(command, |_| String::new()).0
    }

    /// Starts a command, waits for the line that says where it serves, and gives the next.
    pub fn run_and_read(command: Command) -> (Self, String) {
        Self::run_and(command, |stdout| {
            let mut next = String::new();
            stdout.read_line(&mut next).expect("a line");
            next
        })
    }

    fn run_and(
        mut command: Command,
        read: impl FnOnce(&mut BufReader<ChildStdout>) -> String,
    ) -> (Self, String) {
        let mut child = command.spawn().expect("the program starts");
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut first).expect("a line");
        let stderr = child.stderr.take();
        let host = first
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .map_or_else(
                || panic!("no address in {first:?}"),
                |(host, _)| host.to_owned(),
            );
        let (sender, log) = mpsc::channel();
        // Else the test has it, or nobody.
        let Some(stderr) = stderr else {
            let program = Self {
                host,
                child,
                log,
                lines: Vec::new(),
            };
            return (program, read(&mut stdout));
        };
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let program = Self {
            host,
            child,
            log,
            lines: Vec::new(),
        };
        (program, read(&mut stdout))
    }

    pub fn http(&self) -> Http {
        Http::of(&self.host)
    }

    /// SIGKILL: no chance to write anything more.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM or another signal by name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for its end.
    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            assert!(start.elapsed() < TIMEOUT, "it doesn't end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Memory it has, in KiB (`VmRSS` of proc(5)).
    #[cfg(target_os = "linux")]
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.expect("a number of KiB")
    }

    /// How many entries there are in a folder of its own in /proc (proc(5)): `fd` for its files,
    /// `task` for its threads.
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    pub fn count(&self, folder: &str) -> u64 {
        let entries = std::fs::read_dir(format!("/proc/{}/{folder}", self.child.id()));
        entries.expect("it runs").count() as u64
    }

    /// Every log line so far.
    pub fn log(&mut self) -> &[String] {
        self.lines.extend(self.log.try_iter());
        &self.lines
    }

    /// Waits for a log line with this text, and gives it.
    pub fn wait_for_log(&mut self, text: &str) -> String {
        let end = Instant::now() + TIMEOUT;
        loop {
            if let Some(line) = self.lines.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left);
            let Ok(line) = line else {
                panic!("{text:?} was not logged, but {:?}", self.lines);
            };
            self.lines.push(line);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a data file as `vitrina backup` does.
pub fn back_up(data: &Path, to: &Path) {
    let copied = Command::new(env!("CARGO_BIN_EXE_vitrina"))
        .arg("--data")
        .arg(data)
        .arg("backup")
        .arg(to)
        .output();
    assert!(copied.expect("it runs").status.success());
}
