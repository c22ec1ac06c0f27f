//! How many messages wait for one client's network.
//!
//! The crate queues what it is given, and doesn't say when the network has taken it. So messages are
//! counted twice: when they are given to it, and when they leave it.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The most changes that wait for one client. They have about 64 KiB each, or are one product, of 140 KiB
/// at most.
const MAX_WAITING: usize = 2;

/// The most messages of all kinds: answers to commands need room beside changes.
pub const MAX_WAITING_ANSWERS: usize = 64;

/// Counts the messages that wait for one client's network.
#[derive(Default)]
pub struct Meter {
    waiting: AtomicUsize,
    /// Signalled when one was taken.
    taken: Notify,
}

impl Meter {
    /// Counts one more. Called before it is given to the crate, which could be quick.
    pub fn put(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts as many less. What the crate sent by itself was never put.
    pub fn take(&self, count: usize) {
        if count == 0 {
            return;
        }
        let less = |waiting: usize| Some(waiting.saturating_sub(count));
        // It always gives a number.
        let _ = self
            .waiting
            .try_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.taken.notify_waiters();
    }

    /// Whether there is room for another change.
    pub fn has_room(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) < MAX_WAITING
    }

    /// Waits until nothing waits, for a client that has much to take: what comes next can be large.
    pub async fn all_taken(&self) {
        self.wait_below(1).await;
    }

    /// Waits until there is room for another answer.
    pub async fn room_for_answer(&self) {
        self.wait_below(MAX_WAITING_ANSWERS).await;
    }

    async fn wait_below(&self, limit: usize) {
        loop {
            // Created first, so that nothing that is taken meanwhile is missed.
            let taken = self.taken.notified();
            if self.waiting.load(Ordering::Relaxed) < limit {
                return;
            }
            taken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn there_is_room_again_once_something_is_taken() {
        let meter = Arc::new(Meter::default());
        for _ in 0..MAX_WAITING {
            assert!(meter.has_room());
            meter.put();
        }
        assert!(!meter.has_room());
        let waiter = tokio::spawn({
            let meter = meter.clone();
            async move { meter.all_taken().await }
        });
        tokio::task::yield_now().await;
        meter.room_for_answer().await;
        meter.take(1);
        assert!(meter.has_room());
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished(), "not all is taken");
        meter.take(MAX_WAITING - 1);
        waiter.await.expect("it waited");
    }

    #[tokio::test]
    async fn what_was_never_put_leaves_no_debt() {
        let meter = Meter::default();
        meter.take(10);
        for _ in 0..MAX_WAITING {
            meter.put();
        }
        assert!(!meter.has_room());
    }
}
