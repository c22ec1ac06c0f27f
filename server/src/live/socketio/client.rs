//! A client that has joined.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use shared::ClientId;
use socketioxide::extract::SocketRef;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::session::Session;

/// A client from its hello until it leaves.
pub struct Client {
    /// Its session.
    pub session: Arc<Session>,
    /// The name that it gave itself.
    pub name: Option<ClientId>,
    /// Cancelled when it has left.
    pub gone: CancellationToken,
    /// Counts it, once it was let in.
    place: Mutex<Option<Place>>,
}

impl Client {
    /// A client that is not let in yet.
    pub fn new(session: Arc<Session>, name: Option<ClientId>) -> Self {
        Self {
            session,
            name,
            gone: CancellationToken::new(),
            place: Mutex::default(),
        }
    }

    /// Takes its place, unless it has left already.
    pub fn enter(&self, place: Place) {
        let mut own = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.gone.is_cancelled() {
            *own = Some(place);
        }
    }

    /// Leaves. Returns whether it had a place.
    pub fn leave(&self) -> bool {
        self.gone.cancel();
        let mut own = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        own.take().is_some()
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

/// How many clients have a place.
#[derive(Default)]
pub struct Places {
    taken: AtomicUsize,
    /// Signalled when one is given back, and for whatever else the relay is called for.
    pub called: Notify,
}

impl Places {
    /// Takes one more.
    pub fn take(self: &Arc<Self>) -> Place {
        self.taken.fetch_add(1, Ordering::SeqCst);
        Place(self.clone())
    }

    /// Whether nobody has one.
    pub fn are_free(&self) -> bool {
        self.taken.load(Ordering::SeqCst) == 0
    }
}

/// The place of one client, as long as it lives.
pub struct Place(Arc<Places>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::SeqCst);
        self.0.called.notify_one();
    }
}
