//! A client that has joined.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use shared::{ClientId, Position};
use socketioxide::extract::SocketRef;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::session::Session;

/// A client from its hello until it leaves.
pub struct Client {
    /// Its session.
    pub session: Arc<Session>,
    /// The name that it gave itself, under which its request numbers count.
    pub name: Option<ClientId>,
    /// How far it had come when it joined.
    pub position: Option<Position>,
    /// Cancelled when it has left.
    pub gone: CancellationToken,
    /// Held from the time that it has joined until it leaves.
    counted: Mutex<Option<Counted>>,
}

impl Client {
    /// A client that has not joined yet.
    pub fn new(session: Arc<Session>, name: Option<ClientId>, position: Option<Position>) -> Self {
        Self {
            session,
            name,
            position,
            gone: CancellationToken::new(),
            counted: Mutex::default(),
        }
    }

    /// It has joined. Returns `false` where it has left already.
    pub fn enter(&self, count: &Arc<ClientCount>) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let is_here = !self.gone.is_cancelled();
        if is_here {
            *counted = Some(count.add());
            let Session {
                caller, visitor, ..
            } = &*self.session;
            caller.connected(visitor, self.session.viewers(), "socket.io");
        }
        is_here
    }

    /// It has left, or is sent away.
    pub fn leave(&self) {
        self.gone.cancel();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.take().is_some() {
            let Session {
                caller, visitor, ..
            } = &*self.session;
            let pages = self.session.viewers().saturating_sub(1);
            caller.disconnected(visitor, pages, "socket.io");
        }
    }

    /// Tells it something. It is gone, or has too much waiting, where that is `false`.
    pub fn emit(&self, socket: &SocketRef, event: &str, body: &RawValue) -> bool {
        self.session.meter.put();
        let is_taken = socket.emit(event, body).is_ok();
        if !is_taken {
            self.session.meter.take(1);
        }
        is_taken
    }
}

/// How many clients have joined and not left.
#[derive(Default)]
pub struct ClientCount {
    count: AtomicUsize,
    /// Signalled when there is one less.
    less: Notify,
}

impl ClientCount {
    fn add(self: &Arc<Self>) -> Counted {
        self.count.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    /// Whether there are none.
    pub fn is_zero(&self) -> bool {
        self.count.load(Ordering::SeqCst) == 0
    }

    /// Waits until there is one less.
    pub async fn less(&self) {
        self.less.notified().await;
    }
}

/// Counts one client as long as it lives.
struct Counted(Arc<ClientCount>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        self.0.less.notify_one();
    }
}
