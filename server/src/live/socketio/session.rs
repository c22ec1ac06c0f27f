//! A client's session: from the first request until the crate lets go of it, over whichever
//! transport.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use shared::Text;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::meter::Meter;
use crate::access::Visitor;
use crate::engine::hub::{Door, Hub, Viewer};
use crate::http::extract::Caller;
use crate::live::MAX_COMMANDS_UNDER_WAY;

/// One of so many clients may poll. Such a client needs no connection, so that nothing else would
/// limit how many sessions somebody opens; most go on to a WebSocket.
const CLIENTS_PER_POLLING_ONE: usize = 4;

/// The most sessions without a client that the crate may have before no more are opened: it forgets one
/// whose WebSocket ends too soon, until it misses its hello.
const MAX_LEFT_OVER: usize = 4_096;

/// One client's session.
pub struct Session {
    /// Where it connects from.
    pub caller: Caller,
    /// The words in which it is told of refusals.
    pub text: Arc<Text>,
    /// Who the client is.
    pub visitor: Visitor,
    /// Its place among the clients, as long as it has a connection or polls.
    viewer: Mutex<Option<Viewer>>,
    /// What waits for its network.
    pub meter: Meter,
    /// What waits for the desk.
    pub backlog: Backlog,
    /// Held while one of its requests brings commands: one after the other, so that each waits for
    /// room.
    pub posting: tokio::sync::Mutex<()>,
    /// Whether it is to end, and who reads its WebSocket and has to be told.
    is_cut: AtomicBool,
    reader: AtomicWaker,
    /// How many connections by WebSocket it has.
    streams: AtomicUsize,
    /// Its permit to poll, as long as it does.
    polling: Mutex<Option<OwnedSemaphorePermit>>,
    /// Its name, by which the others know it.
    sid: OnceLock<String>,
    sessions: Arc<Sessions>,
}

impl Session {
    fn new(
        caller: Caller,
        text: Arc<Text>,
        visitor: Visitor,
        viewer: Viewer,
        sessions: Arc<Sessions>,
    ) -> Self {
        Self {
            caller,
            text,
            visitor,
            viewer: Mutex::new(Some(viewer)),
            meter: Meter::default(),
            backlog: Backlog::default(),
            posting: tokio::sync::Mutex::default(),
            is_cut: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            streams: AtomicUsize::new(0),
            polling: Mutex::default(),
            sid: OnceLock::new(),
            sessions,
        }
    }

    fn viewer(&self) -> MutexGuard<'_, Option<Viewer>> {
        self.viewer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many clients are connected.
    pub fn viewers(&self) -> usize {
        self.viewer().as_ref().map_or(0, Viewer::count)
    }

    /// It has one more connection by WebSocket: its own, or one that the crate will refuse.
    pub fn begin_stream(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// One of these has ended. Returns whether it was the last: then the client is no longer
    /// connected, whatever the crate still has of it.
    pub fn end_stream(&self) -> bool {
        let was_last = self.streams.fetch_sub(1, Ordering::Relaxed) == 1;
        if was_last && self.viewer().take().is_some() {
            self.sessions.left_over.fetch_add(1, Ordering::Relaxed);
        }
        was_last
    }

    fn polling(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it polls.
    pub fn is_polling(&self) -> bool {
        self.polling().is_some()
    }

    /// It has a connection of its own now.
    pub fn stop_polling(&self) {
        self.polling().take();
    }

    /// Ends it: the client comes back, and goes on where it was.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
        self.reader.wake();
    }

    /// Wakes the task that reads its WebSocket.
    pub fn wake_reader(&self) {
        self.reader.wake();
    }

    /// Whether it is to end. If not, the task of this context is woken when it is, or when it is to
    /// look again.
    pub fn poll_cut(&self, context: &Context<'_>) -> bool {
        self.reader.register(context.waker());
        self.is_cut()
    }

    /// Whether it is to end.
    pub fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(sid) = self.sid.get() {
            self.sessions.by_sid().remove(sid);
        }
        if self.viewer().is_none() {
            self.sessions.left_over.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The sessions that requests can name. The crate owns them; here they are only found.
pub struct Sessions {
    by_sid: Mutex<HashMap<String, Weak<Session>>>,
    polling: Arc<Semaphore>,
    /// How many the crate has whose connection is over.
    left_over: AtomicUsize,
}

impl Sessions {
    /// None yet, of a server that has at most so many clients.
    pub fn new(max_clients: usize) -> Self {
        let max_polling = max_clients.div_ceil(CLIENTS_PER_POLLING_ONE);
        Self {
            by_sid: Mutex::default(),
            polling: Arc::new(Semaphore::new(max_polling.min(Semaphore::MAX_PERMITS))),
            left_over: AtomicUsize::new(0),
        }
    }

    /// The session of a client that has just come; `None` where there are as many as there may be.
    pub fn open(
        self: &Arc<Self>,
        caller: Caller,
        text: Arc<Text>,
        visitor: Visitor,
        hub: &Arc<Hub>,
    ) -> Option<Session> {
        let is_full = self.left_over.load(Ordering::Relaxed) >= MAX_LEFT_OVER;
        let viewer = hub.join(Door::Socketio).filter(|_| !is_full)?;
        Some(Session::new(caller, text, visitor, viewer, self.clone()))
    }

    fn by_sid(&self) -> MutexGuard<'_, HashMap<String, Weak<Session>>> {
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a session a permit to poll; `false` when there is none.
    pub fn start_polling(&self, session: &Session) -> bool {
        let permit = self.polling.clone().try_acquire_owned().ok();
        let has_permit = permit.is_some();
        *session.polling() = permit;
        has_permit
    }

    /// Makes a session known by this name.
    pub fn name(&self, session: &Arc<Session>, sid: &str) {
        self.by_sid()
            .insert(sid.to_owned(), Arc::downgrade(session));
        // It is named once, by the answer to the request that opened it.
        let _ = session.sid.set(sid.to_owned());
    }

    /// The session of this name, while it lasts.
    pub fn find(&self, sid: &str) -> Option<Arc<Session>> {
        self.by_sid().get(sid)?.upgrade()
    }
}

/// How many commands of a client are under way. A client that sends more is read no further until
/// the first are answered.
#[derive(Default)]
pub struct Backlog {
    count: AtomicUsize,
    /// Woken when one is answered: the task that reads the client's WebSocket.
    reader: AtomicWaker,
    /// Signalled when one is answered, to whoever else waits for that.
    answered: Notify,
}

impl Backlog {
    /// Counts one more.
    pub fn begin(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one less.
    pub fn end(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.reader.wake();
        self.answered.notify_waiters();
    }

    fn has_room(&self) -> bool {
        self.count.load(Ordering::Relaxed) < MAX_COMMANDS_UNDER_WAY
    }

    /// Whether there is room for more commands. One at a time may ask.
    pub fn poll_room(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.has_room() {
            return Poll::Ready(());
        }
        self.reader.register(context.waker());
        // What was answered before the waker was there woke nobody.
        if self.has_room() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits until there is room for more commands.
    pub async fn room(&self) {
        self.wait_until(|| self.has_room()).await;
    }

    /// Waits until all are answered.
    pub async fn all_answered(&self) {
        self.wait_until(|| self.count.load(Ordering::Relaxed) == 0)
            .await;
    }

    async fn wait_until(&self, is_so: impl Fn() -> bool) {
        loop {
            // Created first, so that no answer is missed.
            let answered = self.answered.notified();
            if is_so() {
                return;
            }
            answered.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn a_full_backlog_is_waited_for() {
        let backlog = Arc::new(Backlog::default());
        for _ in 0..MAX_COMMANDS_UNDER_WAY {
            poll_fn(|context| backlog.poll_room(context)).await;
            backlog.begin();
        }
        let reader = tokio::spawn({
            let backlog = backlog.clone();
            async move { poll_fn(|context| backlog.poll_room(context)).await }
        });
        let poster = tokio::spawn({
            let backlog = backlog.clone();
            async move { backlog.room().await }
        });
        let last = tokio::spawn({
            let backlog = backlog.clone();
            async move { backlog.all_answered().await }
        });
        tokio::task::yield_now().await;
        assert!(!reader.is_finished() && !poster.is_finished());
        backlog.end();
        reader.await.expect("it waited");
        poster.await.expect("it waited");
        assert!(!last.is_finished());
        for _ in 1..MAX_COMMANDS_UNDER_WAY {
            backlog.end();
        }
        last.await.expect("it waited");
    }
}
