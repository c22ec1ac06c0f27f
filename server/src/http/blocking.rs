//! Work that takes milliseconds, beside the threads that serve: nobody who waits for a change must
//! wait for it.

use std::panic::resume_unwind;

use shared::Reason;
use tokio::task::{JoinError, spawn_blocking};

/// Does the work on a thread of its own; fails only when the server stops before it began.
pub async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Reason> {
    match spawn_blocking(work)
        .await
        .map_err(JoinError::try_into_panic)
    {
        Ok(done) => Ok(done),
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => Err(Reason::Stopping),
    }
}
