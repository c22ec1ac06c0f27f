//! Work that takes milliseconds, beside the threads that serve: nobody who waits for a change must
//! wait for it, and nobody's work must wait for another kind of it.

use std::panic::resume_unwind;
use std::sync::Arc;

use shared::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};

/// One kind of work, of which only so much is done at a time.
#[derive(Clone)]
struct Pool(Arc<Semaphore>);

/// Lists that are searched, sorted and counted.
#[derive(Clone)]
pub struct ListPool(Pool);

/// Pieces of the history that are read.
#[derive(Clone)]
pub struct HistoryPool(Pool);

/// Large bodies that are parsed.
#[derive(Clone)]
pub struct ParsePool(Pool);

/// Answers that are compressed.
#[derive(Clone)]
pub struct GzipPool(Pool, Arc<Semaphore>);

/// The most answers that are compressed at a time: each has a third of a megabyte until its client
/// has read it. More go out as they are.
const MAX_COMPRESSED: usize = 64;

impl GzipPool {
    /// A place for one more answer, where there is one.
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.1.clone().try_acquire_owned().ok()
    }
}

impl Pool {
    fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads)))
    }

    /// Does the work on a thread of its own, in turn; fails only when the server stops before it
    /// began.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Reason> {
        // Kept by the work itself: whoever waits for it may be gone before it is done.
        let permit = self.0.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Reason::Stopping)?;
        let work = move || {
            let _permit = permit;
            work()
        };
        match spawn_blocking(work)
            .await
            .map_err(JoinError::try_into_panic)
        {
            Ok(done) => Ok(done),
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_)) => Err(Reason::Stopping),
        }
    }
}

macro_rules! pools {
    ($($name:ident, $threads:expr $(, $more:expr)?;)+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self(Pool::new($threads) $(, $more)?)
            }
        }

        impl $name {
            /// Does the work in turn; fails only when the server stops before it began.
            pub async fn run<T: Send + 'static>(
                &self,
                work: impl FnOnce() -> T + Send + 'static,
            ) -> Result<T, Reason> {
                self.0.run(work).await
            }
        }
    )+};
}

pools! {
    // Each may need all of a processor.
    ListPool, std::thread::available_parallelism().map_or(1, usize::from);
    // Whoever reads what is long ago holds up nobody but those who do the same.
    HistoryPool, 4;
    // What is parsed has its memory a second time.
    ParsePool, 1;
    // Done in small steps, so that all who wait get on.
    GzipPool, 1, Arc::new(Semaphore::new(MAX_COMPRESSED));
}
