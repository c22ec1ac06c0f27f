//! The server from start to stop.

use std::time::Duration;

use axum::http::HeaderValue;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::engine::hub::Pace;
use crate::engine::journal::Journal;
use crate::http::accept::serve;
use crate::http::shutdown::Shutdown;
use crate::live::timeouts::Timeouts;
use crate::router::{State, router};

/// How long what is under way at the stop may take. After that it is cut off.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Files that are not connections: the data file, the listener, the log and so on.
const OTHER_FILES: usize = 64;

/// How the server behaves. Tests set some of it otherwise.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often the hub speaks.
    pub pace: Pace,
    /// How long a connection is waited for.
    pub timeouts: Timeouts,
    /// The most clients that are connected at a time.
    pub max_clients: usize,
    /// Other sites whose pages may use the API and the socket, such as `https://shop.example`.
    pub origins: Vec<HeaderValue>,
}

impl Default for Options {
    /// As many clients as the system gives file descriptors for.
    fn default() -> Self {
        let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1_024);
        let files = usize::try_from(files).unwrap_or(usize::MAX);
        Self {
            pace: Pace::default(),
            timeouts: Timeouts::default(),
            max_clients: files.saturating_sub(OTHER_FILES),
            origins: Vec::new(),
        }
    }
}

/// Serves the journal's catalog until `stop`, then answers what was taken and returns.
pub async fn run(
    listener: TcpListener,
    journal: impl Journal,
    options: Options,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut engine = Engine::start(journal, options.pace, options.max_clients)?;
    let shutdown = Shutdown::new(stop);
    let state = State::new(&engine, options.timeouts, shutdown.clone())?;
    let router = router(state, options.origins)?;
    tokio::select! {
        () = serve(listener, router, &shutdown.stop, STOP_TIME) => {}
        error = engine.failed() => return Err(error),
    }
    // The hub speaks until every connection has said goodbye.
    shutdown.finish(STOP_TIME).await;
    engine.stop(Some(STOP_TIME)).await
}
