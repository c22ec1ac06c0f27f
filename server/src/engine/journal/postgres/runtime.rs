//! Runs what waits for a database, for whoever blocks until it is there.

use tokio::runtime::{Builder, Runtime};

use super::address::Address;
use super::session::unreachable;
use crate::engine::journal::JournalError;

/// A runtime of one's own, which may be dropped anywhere.
pub struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    /// A runtime for work on this database.
    pub fn new(address: &Address) -> Result<Self, JournalError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unreachable(address, &error.to_string()))?;
        Ok(Self(Some(runtime)))
    }

    /// Waits for something. Not to be called where tasks run.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.0 {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("it is taken away when it is dropped"),
        }
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A runtime waits for its threads otherwise, which must not be where tasks run.
            runtime.shutdown_background();
        }
    }
}
