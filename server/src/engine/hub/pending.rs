//! What the hub waits for: changes that are published and not yet in a frame, and the time.
//!
//! The desk puts, the hub takes. The desk waits while enough for a frame is there: a queue without
//! a bound between a fast disk and a slow network would only hold what nobody sees yet.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::frame::{Published, change_bytes};
use crate::engine::journal::Loaded;

/// Enough bytes for a frame before its time. With more, writers that never rest get a little more done
/// and their changes are on every page later: at 1,000 pages 40 KiB gave 10,000 writes a second and
/// more than 40 ms for the slowest hundredth of deliveries, 24 KiB gives 8,400 and 35 ms.
const MIN_FRAME_BYTES: usize = 24 * 1024;

/// Changes on their way from the desk to the hub, and what else the hub is woken for.
#[derive(Default)]
pub struct Pending {
    queue: Mutex<Queue>,
    /// Signalled when there is room again, or nobody takes any more.
    room: Condvar,
    /// Signalled when there is something for the hub to do.
    call: Condvar,
}

#[derive(Default)]
struct Queue {
    changes: Vec<Published>,
    bytes: usize,
    /// Whether the hub runs. When it doesn't, nobody waits for it.
    is_consumed: bool,
    has_news: bool,
    replacement: Option<Box<Loaded>>,
    is_stopped: bool,
}

impl Queue {
    fn is_enough(&self) -> bool {
        self.bytes >= MIN_FRAME_BYTES
    }
}

/// What the hub does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Wake {
    /// Changes wait, and it is time for a frame of them.
    Frame,
    /// The next pulse says something else than the one before.
    News,
    /// The journal holds something that doesn't follow from what was published.
    Replaced,
    /// It is time for a pulse.
    Pulse,
    /// The server stops.
    Stop,
}

impl Pending {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts changes, and calls `and` at the same moment. Then waits while there is enough for a
    /// frame.
    pub fn put(&self, changes: impl Iterator<Item = Published>, and: impl FnOnce()) {
        let mut queue = self.queue();
        let was_empty = queue.changes.is_empty();
        for published in changes {
            queue.bytes += change_bytes(&published.change);
            queue.changes.push(published);
        }
        and();
        let is_enough = queue.is_enough();
        // Called without the lock, which the hub takes first when it wakes.
        drop(queue);
        // With a few waiting already the hub has its time to wake.
        if was_empty || is_enough {
            self.call.notify_one();
        }
        if is_enough {
            let has_enough = |queue: &mut Queue| queue.is_consumed && queue.is_enough();
            // Whatever became of the lock, there is nothing to do but go on.
            let _queue = self.room.wait_while(self.queue(), has_enough);
        }
    }

    /// Puts a catalog in place of all that waits, and calls `and` at the same moment.
    pub fn replace(&self, loaded: Loaded, and: impl FnOnce()) {
        let mut queue = self.queue();
        queue.changes.clear();
        queue.bytes = 0;
        queue.replacement = Some(Box::new(loaded));
        and();
        drop(queue);
        self.room.notify_one();
        self.call.notify_one();
    }

    /// Tells the hub that the next pulse says something else than the one before.
    pub fn notify_news(&self) {
        let had_news = std::mem::replace(&mut self.queue().has_news, true);
        if !had_news {
            self.call.notify_one();
        }
    }

    /// Makes [`Pending::next`] say to stop, from now on.
    pub fn stop(&self) {
        self.queue().is_stopped = true;
        self.call.notify_one();
    }

    /// Waits until there is something to do. Changes wait until the time `frame`, unless there is
    /// enough for a frame before.
    pub fn next(&self, frame: Instant, pulse: Instant) -> Wake {
        let mut queue = self.queue();
        loop {
            let now = Instant::now();
            let has_changes = !queue.changes.is_empty();
            if queue.is_stopped {
                return Wake::Stop;
            } else if queue.replacement.is_some() {
                return Wake::Replaced;
            } else if std::mem::take(&mut queue.has_news) {
                return Wake::News;
            } else if has_changes && (now >= frame || queue.is_enough()) {
                return Wake::Frame;
            } else if now >= pulse {
                return Wake::Pulse;
            }
            let until = if has_changes { frame.min(pulse) } else { pulse };
            let waited = self.call.wait_timeout(queue, until - now);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes what is put in place of everything.
    pub fn take_replacement(&self) -> Option<Box<Loaded>> {
        self.queue().replacement.take()
    }

    /// Takes all changes, and what `and` returns at the same moment.
    pub fn take<T>(&self, and: impl FnOnce() -> T) -> (Vec<Published>, T) {
        let mut queue = self.queue();
        queue.bytes = 0;
        let changes = std::mem::take(&mut queue.changes);
        let other = and();
        drop(queue);
        self.room.notify_one();
        (changes, other)
    }

    /// Announces that somebody takes what is put, as long as the returned value lives.
    pub fn consume(&self) -> Consumer<'_> {
        self.queue().is_consumed = true;
        Consumer(self)
    }
}

/// Takes what is put, as long as it lives.
pub struct Consumer<'a>(&'a Pending);

impl Drop for Consumer<'_> {
    fn drop(&mut self) {
        self.0.queue().is_consumed = false;
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use shared::{Change, ProductId, Revision};

    use super::*;

    /// More than enough for a frame.
    fn many() -> impl Iterator<Item = Published> {
        (1..=MIN_FRAME_BYTES as u64).map(|n| Published {
            revision: Revision(n),
            change: Change::Deleted(ProductId(n)),
            digest: None,
        })
    }

    #[test]
    fn whoever_puts_enough_waits_until_it_is_consumed() {
        let pending = Arc::new(Pending::default());
        let consumer = pending.consume();
        let (sender, put) = channel();
        let desk = std::thread::spawn({
            let pending = pending.clone();
            move || {
                pending.put(many(), || {});
                sender.send(())
            }
        });
        let early = put.recv_timeout(Duration::from_millis(100));
        assert!(early.is_err(), "it did not wait");
        let mut taken = 0;
        while taken < MIN_FRAME_BYTES {
            taken += pending.take(|| {}).0.len();
        }
        let is_sent = put.recv_timeout(Duration::from_secs(20)).is_ok();
        assert!(is_sent, "it still waits");
        let ended = desk.join();
        assert!(matches!(ended, Ok(Ok(()))));
        drop(consumer);
    }

    #[test]
    fn changes_wait_for_their_frame_unless_there_are_many() {
        let pending = Pending::default();
        let now = Instant::now();
        let later = now + Duration::from_hours(1);
        assert_eq!(pending.next(later, now), Wake::Pulse);
        pending.put(many().take(1), || {});
        assert_eq!(pending.next(later, now), Wake::Pulse);
        assert_eq!(pending.next(now, later), Wake::Frame);
        pending.put(many(), || {});
        assert_eq!(pending.next(later, later), Wake::Frame);
        pending.notify_news();
        assert_eq!(pending.next(now, now), Wake::News);
        assert_eq!(pending.next(now, later), Wake::Frame);
        pending.stop();
        assert_eq!(pending.next(now, now), Wake::Stop);
    }

    #[test]
    fn nobody_waits_for_a_hub_that_is_gone() {
        let pending = Pending::default();
        drop(pending.consume());
        pending.put(many(), || {});
        assert_eq!(pending.take(|| {}).0.len(), MIN_FRAME_BYTES);
    }

    /// What a hub that waits for its next frame and pulse in an hour is woken for by this.
    fn woken_by(act: impl FnOnce(&Pending)) -> Wake {
        let pending = Arc::new(Pending::default());
        let (sender, woken) = channel();
        let hub = std::thread::spawn({
            let pending = pending.clone();
            move || {
                let later = Instant::now() + Duration::from_hours(1);
                // A frame is due at once, as soon as there is something to put into it.
                sender.send(pending.next(Instant::now(), later))
            }
        });
        // Most likely it waits by now; if it doesn't yet, it is not woken but sees by itself.
        std::thread::sleep(Duration::from_millis(50));
        act(&pending);
        let wake = woken.recv_timeout(Duration::from_secs(20));
        let wake = wake.expect("it was not woken");
        assert!(matches!(hub.join(), Ok(Ok(()))));
        wake
    }

    #[test]
    fn the_hub_is_woken_for_whatever_there_is_to_do() {
        assert_eq!(
            woken_by(|pending| pending.put(many().take(1), || {})),
            Wake::Frame
        );
        assert_eq!(woken_by(Pending::notify_news), Wake::News);
        assert_eq!(woken_by(Pending::stop), Wake::Stop);
    }
}
