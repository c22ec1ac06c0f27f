//! A client's session: from the first request until the crate lets go of it, over whichever
//! transport.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use shared::Text;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::meter::Meter;
use crate::engine::hub::Viewer;

/// The most sessions at a time that only poll. They need no connection, so that nothing else would
/// limit how many one client opens; most go on to a WebSocket.
const MAX_POLLING: usize = 2_048;

/// The most commands of one client that are under way, as over the other socket.
const MAX_COMMANDS_UNDER_WAY: usize = 64;

/// One client's session.
pub struct Session {
    /// Where it connects from.
    pub peer: SocketAddr,
    /// The words in which it is told of refusals.
    pub text: Arc<Text>,
    /// Its place among the clients.
    pub viewer: Viewer,
    /// What waits for its network.
    pub meter: Meter,
    /// What waits for the desk.
    pub backlog: Backlog,
    /// Its place among those that poll, as long as it does.
    polling: Mutex<Option<OwnedSemaphorePermit>>,
    /// Where it is found, once it has a name.
    entry: OnceLock<(String, Weak<Sessions>)>,
}

impl Session {
    /// The session of a client that has just come.
    pub fn new(peer: SocketAddr, text: Arc<Text>, viewer: Viewer) -> Self {
        Self {
            peer,
            text,
            viewer,
            meter: Meter::default(),
            backlog: Backlog::default(),
            polling: Mutex::default(),
            entry: OnceLock::new(),
        }
    }

    fn polling(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.polling.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It has a connection of its own now.
    pub fn stop_polling(&self) {
        self.polling().take();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some((sid, sessions)) = self.entry.get()
            && let Some(sessions) = sessions.upgrade()
        {
            sessions.by_sid().remove(sid);
        }
    }
}

/// The sessions that requests can name. The crate owns them; here they are only found.
pub struct Sessions {
    by_sid: Mutex<HashMap<String, Weak<Session>>>,
    polling: Arc<Semaphore>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            by_sid: Mutex::default(),
            polling: Arc::new(Semaphore::new(MAX_POLLING)),
        }
    }
}

impl Sessions {
    fn by_sid(&self) -> MutexGuard<'_, HashMap<String, Weak<Session>>> {
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a session a place among those that poll; `false` when there is none.
    pub fn start_polling(&self, session: &Session) -> bool {
        let place = self.polling.clone().try_acquire_owned().ok();
        let has_place = place.is_some();
        *session.polling() = place;
        has_place
    }

    /// Makes a session known by this name.
    pub fn name(self: &Arc<Self>, session: &Arc<Session>, sid: &str) {
        self.by_sid()
            .insert(sid.to_owned(), Arc::downgrade(session));
        // It is named once, by the answer to the request that opened it.
        let _ = session.entry.set((sid.to_owned(), Arc::downgrade(self)));
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
    /// Woken when one is answered: who reads its WebSocket, ...
    reader: AtomicWaker,
    /// ... who would take a request from it, and who waits until all are.
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
