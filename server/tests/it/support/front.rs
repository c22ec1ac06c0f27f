//! The proxies that people put in front, with the configurations of the README.

use std::fmt::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testbed::free_port;

use super::TIMEOUT;
use super::script::Running;

/// A proxy.
pub struct Front {
    pub host: String,
    _running: Running,
    _folder: TempDir,
}

/// What the README's section shows in this language.
pub fn readme(language: &str) -> String {
    let readme = include_str!("../../../../README.md");
    let (_, section) = readme
        .split_once("## Behind a proxy")
        .expect("the section is there");
    let (_, block) = section
        .split_once(&format!("```{language}\n"))
        .unwrap_or_else(|| panic!("the section has no {language}"));
    let (block, _) = block.split_once("```").expect("the block ends");
    block.to_owned()
}

impl Front {
    /// nginx with this inside `http`, where `listen 80` and the server's address stand for the real ones.
    pub fn nginx(to: &str, inside: &str) -> Self {
        Self::start(|host, folder| {
            let mut temporary = String::new();
            for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
                let folder = folder.display();
                writeln!(temporary, "{name}_temp_path {folder}/{name};").expect("a text");
            }
            let inside = inside
                .replace("listen 80", &format!("listen {host}"))
                .replace("127.0.0.1:8080", to);
            let configuration = format!(
                "daemon off; master_process off; pid {}/pid; error_log stderr error;\n\
                 events {{}}\nhttp {{ access_log off;\n{temporary}{inside} }}",
                folder.display()
            );
            let file = put(folder, "nginx.conf", &configuration);
            let mut nginx = Command::new("nginx");
            nginx.args(["-e", "stderr", "-c", &file]);
            nginx
        })
    }

    /// `HAProxy` with this configuration, likewise.
    pub fn haproxy(to: &str, configuration: &str) -> Self {
        Self::start(|host, folder| {
            let configuration = configuration
                .replace("bind :80", &format!("bind {host}"))
                .replace("127.0.0.1:8080", to);
            let mut haproxy = Command::new("haproxy");
            haproxy.args(["-q", "-f", &put(folder, "haproxy.cfg", &configuration)]);
            haproxy
        })
    }

    /// Caddy with this configuration, likewise.
    pub fn caddy(to: &str, configuration: &str) -> Self {
        Self::start(|host, folder| {
            let configuration = configuration
                .replace("shop.example", &format!("http://{host}"))
                .replace("127.0.0.1:8080", to);
            let configuration = format!("{{\n admin off\n}}\n{configuration}");
            let file = put(folder, "Caddyfile", &configuration);
            let mut caddy = Command::new("caddy");
            caddy.args(["run", "--adapter", "caddyfile", "--config", &file]);
            // What it keeps is gone with the folder.
            caddy.env("HOME", folder).env("XDG_DATA_HOME", folder);
            caddy.env("XDG_CONFIG_HOME", folder);
            caddy.stderr(Stdio::null());
            caddy
        })
    }

    fn start(command: impl FnOnce(&str, &Path) -> Command) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let host = format!("127.0.0.1:{}", free_port());
        let mut command = command(&host, folder.path());
        let child = command.spawn().expect("the proxy is installed");
        let mut running = Running(child);
        let end = Instant::now() + TIMEOUT;
        while TcpStream::connect(&host).is_err() {
            assert!(Instant::now() < end, "the proxy doesn't listen");
            let ended = running.0.try_wait().expect("a status");
            assert!(ended.is_none(), "the proxy ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            host,
            _running: running,
            _folder: folder,
        }
    }
}

fn put(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a file");
    file.to_string_lossy().into_owned()
}
