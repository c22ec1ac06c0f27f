//! The end of the server, for whatever outlives the call that started it.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks that were cut off may take to notice.
const CUT_TIME: Duration = Duration::from_secs(1);

/// What a task needs that is to end with the server: it is spawned on `tasks` and ends with `stop`.
#[derive(Clone)]
pub struct Shutdown {
    /// The tasks that are waited for.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
    /// Cancelled when what is left is no longer waited for.
    pub cut: CancellationToken,
}

impl Shutdown {
    /// A shutdown that waits for no tasks yet.
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            tasks: TaskTracker::new(),
            stop,
            cut: CancellationToken::new(),
        }
    }

    /// Waits for the tasks to end, but no longer than this: then they are cut off.
    pub async fn finish(&self, limit: Duration) {
        self.tasks.close();
        if timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "cut off");
            self.cut.cancel();
            // Whatever doesn't notice ends with the process.
            let _ = timeout(CUT_TIME, self.tasks.wait()).await;
        }
    }
}
