//! A real Chromium, driven by chromedriver.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::free_port;

/// What a browser is like.
#[derive(Clone, Debug)]
pub struct Window<'a> {
    /// What its user reads.
    pub language: &'a str,
    /// Whether its user prefers dark colours.
    pub is_dark: bool,
    /// How wide and high it is, in CSS pixels.
    pub size: (u32, u32),
    /// Whether it is a phone, which is touched.
    pub is_phone: bool,
    /// What its camera sees, and its user lets pages see: a film (`.y4m`). `None` for the computer's own.
    pub camera: Option<&'a Path>,
}

/// What network a browser has.
#[derive(Clone, Debug)]
pub struct Network {
    /// It has none.
    pub is_offline: bool,
    /// How much later everything comes, in milliseconds.
    pub latency_ms: u32,
    /// How many bytes come or go in a second.
    pub bytes_per_second: u32,
}

impl Default for Network {
    /// One that is there and holds nothing up.
    fn default() -> Self {
        Self {
            is_offline: false,
            latency_ms: 0,
            bytes_per_second: 1_000_000_000,
        }
    }
}

/// A browser with a profile of its own. Dropping it kills it.
pub struct Chromium {
    /// Drives it.
    pub client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Chromium {
    /// Opens one.
    pub async fn open(window: &Window<'_>) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let (driver, port) = start_driver();
        let (width, height) = window.size;
        let mut arguments = vec![
            "--headless".to_owned(),
            // Chromium refuses its sandbox to root, who runs tests in a container.
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--accept-lang={}", window.language),
            format!("--user-data-dir={}", profile.path().display()),
            format!(
                "--blink-settings=preferredColorScheme={}",
                u8::from(!window.is_dark)
            ),
        ];
        if let Some(film) = window.camera {
            let film = film.display();
            arguments.push(format!("--use-file-for-fake-video-capture={film}"));
            arguments.push("--use-fake-device-for-media-stream".to_owned());
            arguments.push("--use-fake-ui-for-media-stream".to_owned());
        }
        let mut options = json!({"args": arguments});
        if window.is_phone {
            let metrics =
                json!({"width": width, "height": height, "pixelRatio": 2.0, "touch": true});
            options["mobileEmulation"] = json!({"deviceMetrics": metrics});
        }
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("a browser");
        Self {
            client,
            driver,
            _profile: profile,
        }
    }

    /// Gives it another network.
    pub async fn set_network(&self, network: &Network) {
        let conditions = json!({"network_conditions": {
            "offline": network.is_offline, "latency": network.latency_ms,
            "throughput": network.bytes_per_second,
        }});
        let command = Own {
            path: "chromium/network_conditions",
            body: conditions,
        };
        let set = self.client.issue_cmd(command).await;
        set.expect("another network");
    }

    /// Has this script run in every page before the page's own.
    pub async fn run_first(&self, script: &str) {
        let command = Own {
            path: "goog/cdp/execute",
            body: json!({
                "cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": script},
            }),
        };
        let added = self.client.issue_cmd(command).await;
        added.expect("the script is taken");
    }

    /// Has the page's process end as it does when it runs out of memory.
    pub async fn crash(&self) {
        let command = Own {
            path: "goog/cdp/execute",
            body: json!({"cmd": "Page.crash", "params": {}}),
        };
        // The answer is that the tab crashed.
        let crashed = self.client.issue_cmd(command).await;
        crashed.expect_err("it is gone");
    }

    /// The process group of the driver and of all of the browser.
    pub fn process_group(&self) -> u32 {
        self.driver.id()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Chromium outlives a killed driver, but is in its group; a test that passed has closed it.
        let group = format!("-{}", self.driver.id());
        let _ = Command::new("kill")
            .args(["-s", "KILL", "--", &group])
            .status();
        let _ = self.driver.wait();
    }
}

/// One of chromedriver's own commands.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Starts chromedriver and waits until it serves.
fn start_driver() -> (Child, u16) {
    // With `--port=0` it lets the system choose for IPv6 and ends when IPv4 has that one taken.
    let port = free_port();
    let mut driver = Command::new("chromedriver")
        .arg(format!("--port={port}"))
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("chromedriver is installed: cargo xtask test installs it");
    let stdout = driver.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let mut said = Vec::new();
    while !said
        .iter()
        .any(|line: &String| line.contains("started successfully"))
    {
        match lines.next() {
            Some(line) => said.push(line),
            None => panic!("chromedriver ended: {said:?}"),
        }
    }
    // Whoever reads no more would fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port)
}
