//! PostgreSQL as a shop runs it: a primary and a standby that it waits for, each a process that can be
//! killed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::port::free_port;

/// Long enough for any machine.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A primary, and a standby or none.
pub struct Postgres {
    /// Both nodes, or one.
    pub nodes: Vec<Node>,
    /// Which of them takes writes.
    pub primary: usize,
    folder: TempDir,
}

/// One server of PostgreSQL.
pub struct Node {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    data: PathBuf,
    child: Option<Child>,
}

/// The name of the database.
const DATABASE: &str = "shop";

impl Postgres {
    /// A primary alone.
    pub fn start() -> Self {
        let mut postgres = Self::prepare();
        postgres.nodes[0].start();
        postgres.create_database();
        postgres
    }

    /// A primary that confirms nothing before its standby has it, too.
    pub fn start_with_standby() -> Self {
        let mut postgres = Self::prepare();
        configure(&postgres.nodes[0].data, "synchronous_standby_names = '*'");
        postgres.nodes[0].start();
        postgres.add_standby();
        postgres.create_database();
        postgres
    }

    fn prepare() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let data = folder.path().join("node0");
        run(program("initdb")
            .args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"])
            .arg(&data));
        let settings = "listen_addresses = '127.0.0.1'
            max_connections = 60
            shared_buffers = 16MB
            logging_collector = off
            wal_receiver_status_interval = 1s";
        configure(&data, settings);
        let sockets = format!("unix_socket_directories = '{}'", folder.path().display());
        configure(&data, &sockets);
        Self {
            nodes: vec![Node::new(data)],
            primary: 0,
            folder,
        }
    }

    fn create_database(&self) {
        run(self.tool("createdb").arg(DATABASE));
    }

    /// A program of PostgreSQL's that speaks to the primary.
    pub fn tool(&self, name: &str) -> Command {
        let mut tool = program(name);
        let port = self.nodes[self.primary].port.to_string();
        tool.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port]);
        tool
    }

    /// Makes a standby of the primary, in place of the one that was there.
    pub fn add_standby(&mut self) {
        let index = 1 - self.primary;
        let data = self.folder.path().join(format!("node{index}"));
        if self.nodes.len() > index {
            self.nodes[index].kill();
            fs::remove_dir_all(&data).expect("its folder");
        }
        run(self
            .tool("pg_basebackup")
            .args(["-R", "-c", "fast", "--no-sync", "-D"])
            .arg(&data));
        if self.nodes.len() > index {
            // Its own port counts, which comes last.
            self.nodes[index].configure_port();
        } else {
            self.nodes.push(Node::new(data));
        }
        self.nodes[index].start();
    }

    /// Has the standby take over from a primary that is gone, and gives it a new standby.
    pub fn fail_over(&mut self) {
        self.nodes[self.primary].kill();
        self.promote();
        self.add_standby();
    }

    /// Has the standby take writes.
    pub fn promote(&mut self) {
        self.primary = 1 - self.primary;
        let data = &self.nodes[self.primary].data;
        run(program("pg_ctl").args(["promote", "-w", "-D"]).arg(data));
    }

    /// Everything in the database, as the statements that make it.
    pub fn dump(&self) -> Vec<u8> {
        let mut dump = self.tool("pg_dump");
        let dumped = dump.args(["--clean", "--if-exists", DATABASE]).output();
        let dumped = dumped.expect("it runs");
        assert!(dumped.status.success(), "{dumped:?}");
        dumped.stdout
    }

    /// Puts it back, table after table.
    pub fn restore(&self, dump: &[u8]) {
        let mut restore = self.tool("psql");
        restore.args(["-q", "-v", "ON_ERROR_STOP=1", DATABASE]);
        restore.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut restoring = restore.spawn().expect("it runs");
        let mut input = restoring.stdin.take().expect("a pipe");
        input.write_all(dump).expect("it reads");
        drop(input);
        assert!(restoring.wait().expect("it ends").success());
    }

    /// The address with all nodes in it.
    pub fn url(&self) -> String {
        let hosts = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port));
        url(hosts)
    }

    /// The address of the primary alone.
    pub fn primary_url(&self) -> String {
        url([format!("127.0.0.1:{}", self.nodes[self.primary].port)])
    }

    /// How many rows a query of the primary's gives.
    pub fn count(&self, sql: &str) -> usize {
        let mut query = self.tool("psql");
        let rows = query.args(["-At", "-c", sql, DATABASE]).output();
        let rows = rows.expect("it runs");
        assert!(rows.status.success(), "{rows:?}");
        String::from_utf8_lossy(&rows.stdout).lines().count()
    }

    /// Does something in the database.
    pub fn execute(&self, sql: &str) {
        let mut psql = self.tool("psql");
        run(psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-c", sql, DATABASE]));
    }
}

/// An address with these hosts in it.
pub fn url(hosts: impl IntoIterator<Item = String>) -> String {
    let hosts: Vec<String> = hosts.into_iter().collect();
    format!("postgres://postgres@{}/{DATABASE}", hosts.join(","))
}

impl Node {
    fn new(data: PathBuf) -> Self {
        let node = Self {
            port: free_port(),
            data,
            child: None,
        };
        node.configure_port();
        node
    }

    fn configure_port(&self) {
        configure(&self.data, &format!("port = {}", self.port));
    }

    /// Writes a line into its configuration; it counts from the next start on.
    pub fn configure(&self, line: &str) {
        configure(&self.data, line);
    }

    /// Makes a file one of PostgreSQL's own, which nobody else reads.
    pub fn own(&self, path: &Path) {
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(path));
        }
        run(Command::new("chmod").arg("600").arg(path));
    }

    /// A file of its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }

    /// Starts it, and waits until it answers.
    pub fn start(&mut self) {
        self.spawn();
        let port = self.port.to_string();
        let start = Instant::now();
        while !program("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status()
            .expect("it runs")
            .success()
        {
            assert!(start.elapsed() < TIMEOUT, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
            // Somebody else may have had its port for a moment.
            let ended = self.child.as_mut().map(Child::try_wait);
            if matches!(ended, Some(Ok(Some(_)))) {
                self.spawn();
            }
        }
    }

    fn spawn(&mut self) {
        let log = fs::File::create(self.data.with_extension("log")).expect("a file");
        let child = program("postgres")
            .arg("-D")
            .arg(&self.data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("it starts"));
    }

    /// Stops it as an administrator does who restarts it.
    pub fn stop(&mut self) {
        run(program("pg_ctl")
            .args(["stop", "-m", "fast", "-w", "-D"])
            .arg(&self.data));
        if let Some(mut child) = self.child.take() {
            child.wait().expect("it ends");
        }
    }

    /// SIGSTOP to all of its processes: a machine that still takes connections, and does nothing.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT to all of them: it goes on where it was.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let Some(child) = &self.child else { return };
        let parent = child.id().to_string();
        run(Command::new("pkill").args([signal, "-P", &parent]));
        run(Command::new("kill").args([signal, &parent]));
    }

    /// SIGKILL to all of its processes: a machine that is gone.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let parent = child.id().to_string();
        // None are found where it has none any more.
        let _ = Command::new("pkill")
            .args(["-KILL", "-P", &parent])
            .status();
        child.kill().expect("it runs");
        child.wait().expect("it ends");
        // Those that it started meanwhile end when they see that it is gone.
        let _ = Command::new("pkill")
            .args(["-KILL", "-P", &parent])
            .status();
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.nodes.iter_mut().for_each(Node::kill);
    }
}

/// Whether this is somebody whom PostgreSQL doesn't work for.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn configure(data: &Path, lines: &str) {
    let path = data.join("postgresql.conf");
    let mut configuration = fs::read_to_string(&path).expect("a configuration");
    configuration.push_str(lines);
    configuration.push('\n');
    fs::write(&path, configuration).expect("a configuration");
}

/// A program of PostgreSQL's, as somebody it lets work: not as root.
fn program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("Debian's package postgresql");
    let newest = versions
        .filter_map(|entry| {
            entry
                .ok()?
                .path()
                .join("bin")
                .join(name)
                .canonicalize()
                .ok()
        })
        .max()
        .unwrap_or_else(|| panic!("the package postgresql has no {name}"));
    if !is_root() {
        return Command::new(newest);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    command.arg(newest).current_dir("/");
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("it runs");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
