//! What the hub waits for: changes that are published and not yet in a frame, and the time.
//!
//! The desk puts, the hub takes. The desk waits while enough for a frame is there: a queue without
//! a bound between a fast disk and a slow network would only hold what nobody sees yet.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use shared::{Change, Revision};

use super::ring::change_bytes;

/// Enough for a frame before its time. With more, writers that never rest get a little more done
/// and their changes are on every page later: at 1,000 pages 40 KiB gave 10,000 writes a second and
/// more than 40 ms for the slowest hundredth of deliveries, 24 KiB gives 8,400 and 35 ms.
const ENOUGH_BYTES: usize = 24 * 1024;

/// Changes on their way from the desk to the hub, and what else the hub is woken for.
#[derive(Default)]
pub struct Waiting {
    queue: Mutex<Queue>,
    /// There is room again, or nobody takes any more.
    room: Condvar,
    /// There is something for the hub to do.
    call: Condvar,
}

#[derive(Default)]
struct Queue {
    changes: Vec<(Revision, Change)>,
    bytes: usize,
    /// The hub runs. When it doesn't, nobody is waited for.
    is_taken: bool,
    viewers_changed: bool,
    is_stopped: bool,
}

impl Queue {
    fn is_enough(&self) -> bool {
        self.bytes >= ENOUGH_BYTES
    }
}

/// What the hub does next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Changes wait, and it is time for a frame of them.
    Frame,
    /// The number of viewers is another one.
    Viewers,
    /// It is time for a pulse.
    Pulse,
    /// The server stops.
    Stop,
}

impl Waiting {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts changes, and does `and` at the same moment. Then waits while there is enough for a
    /// frame.
    pub fn put(&self, changes: impl Iterator<Item = (Revision, Change)>, and: impl FnOnce()) {
        let mut queue = self.queue();
        let was_empty = queue.changes.is_empty();
        for (revision, change) in changes {
            queue.bytes += change_bytes(&change);
            queue.changes.push((revision, change));
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
            let has_enough = |queue: &mut Queue| queue.is_taken && queue.is_enough();
            // Whatever became of the lock, there is nothing to do but go on.
            let _queue = self.room.wait_while(self.queue(), has_enough);
        }
    }

    /// The number of viewers is another one.
    pub fn viewers_changed(&self) {
        let was_changed = std::mem::replace(&mut self.queue().viewers_changed, true);
        if !was_changed {
            self.call.notify_one();
        }
    }

    /// From now on [`Waiting::next`] says to stop.
    pub fn stop(&self) {
        self.queue().is_stopped = true;
        self.call.notify_one();
    }

    /// Waits for what is to be done. Changes wait for `frame`, unless there is enough for a frame
    /// before.
    pub fn next(&self, frame: Instant, pulse: Instant) -> Next {
        let mut queue = self.queue();
        loop {
            let now = Instant::now();
            let is_waiting = !queue.changes.is_empty();
            if queue.is_stopped {
                return Next::Stop;
            } else if std::mem::take(&mut queue.viewers_changed) {
                return Next::Viewers;
            } else if is_waiting && (now >= frame || queue.is_enough()) {
                return Next::Frame;
            } else if now >= pulse {
                return Next::Pulse;
            }
            let until = if is_waiting { frame.min(pulse) } else { pulse };
            let waited = self.call.wait_timeout(queue, until - now);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes all there is, and what `and` gives at the same moment.
    pub fn take<T>(&self, and: impl FnOnce() -> T) -> (Vec<(Revision, Change)>, T) {
        let mut queue = self.queue();
        queue.bytes = 0;
        let changes = std::mem::take(&mut queue.changes);
        let other = and();
        drop(queue);
        self.room.notify_one();
        (changes, other)
    }

    /// From now on somebody takes what is put, as long as this lives.
    pub fn start_taking(&self) -> Taking<'_> {
        self.queue().is_taken = true;
        Taking(self)
    }
}

/// Somebody takes.
pub struct Taking<'a>(&'a Waiting);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        self.0.queue().is_taken = false;
        self.0.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use shared::ProductId;

    use super::*;

    /// Enough for a frame.
    fn many() -> impl Iterator<Item = (Revision, Change)> {
        (1..=ENOUGH_BYTES as u64).map(|n| (Revision(n), Change::Deleted(ProductId(n))))
    }

    #[test]
    fn whoever_puts_enough_waits_until_it_is_taken() {
        let waiting = Arc::new(Waiting::default());
        let taking = waiting.start_taking();
        let (sender, put) = channel();
        let desk = std::thread::spawn({
            let waiting = waiting.clone();
            move || {
                waiting.put(many(), || {});
                sender.send(())
            }
        });
        let early = put.recv_timeout(Duration::from_millis(100));
        assert!(early.is_err(), "it did not wait");
        let mut taken = 0;
        while taken < ENOUGH_BYTES {
            taken += waiting.take(|| {}).0.len();
        }
        let is_sent = put.recv_timeout(Duration::from_secs(20)).is_ok();
        assert!(is_sent, "it still waits");
        let ended = desk.join();
        assert!(matches!(ended, Ok(Ok(()))));
        drop(taking);
    }

    #[test]
    fn changes_wait_for_their_frame_unless_there_are_many() {
        let waiting = Waiting::default();
        let now = Instant::now();
        let later = now + Duration::from_hours(1);
        assert_eq!(waiting.next(later, now), Next::Pulse);
        waiting.put(many().take(1), || {});
        assert_eq!(waiting.next(later, now), Next::Pulse);
        assert_eq!(waiting.next(now, later), Next::Frame);
        waiting.put(many(), || {});
        assert_eq!(waiting.next(later, later), Next::Frame);
        waiting.viewers_changed();
        assert_eq!(waiting.next(now, now), Next::Viewers);
        assert_eq!(waiting.next(now, later), Next::Frame);
        waiting.stop();
        assert_eq!(waiting.next(now, now), Next::Stop);
    }

    #[test]
    fn nobody_waits_for_a_hub_that_is_gone() {
        let waiting = Waiting::default();
        drop(waiting.start_taking());
        waiting.put(many(), || {});
        assert_eq!(waiting.take(|| {}).0.len(), ENOUGH_BYTES);
    }
}
