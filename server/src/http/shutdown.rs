//! The end of the server, for whatever outlives the request that started it.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a task that outlives its request needs: it is spawned on `tasks` and ends with `stop`.
#[derive(Clone)]
pub struct Shutdown {
    /// The tasks that are waited for.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

impl Shutdown {
    /// A shutdown that waits for no tasks yet.
    pub fn new(stop: CancellationToken) -> Self {
        Self {
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Waits for the tasks to end, but no longer than this.
    pub async fn finish(&self, limit: Duration) {
        self.tasks.close();
        if timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "cut off");
        }
    }
}
