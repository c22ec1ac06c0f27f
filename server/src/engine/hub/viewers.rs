//! The clients that follow the catalog here, by the doors through which they came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use shared::ProductId;
use strum::{IntoStaticStr, VariantArray};

use super::Hub;

/// How a client follows the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Door {
    /// By `/ws`, as the page does.
    Websocket,
    /// By Socket.IO.
    Socketio,
    /// By Server-Sent Events.
    Events,
}

/// Counts clients.
#[derive(Default)]
pub struct Viewers {
    /// How many there are, which is never more than there may be.
    all: AtomicUsize,
    /// How many of them came through each door.
    by_door: [AtomicUsize; Door::VARIANTS.len()],
}

impl Viewers {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }

    /// How many came through this door.
    pub fn count_of(&self, door: Door) -> usize {
        self.by_door[door as usize].load(Ordering::Relaxed)
    }

    /// Counts one more; `false` when there are as many as there may be.
    fn enter(&self, door: Door, max: usize) -> bool {
        let one_more = |viewers| (viewers < max).then_some(viewers + 1);
        let relaxed = Ordering::Relaxed;
        let has_room = self.all.try_update(relaxed, relaxed, one_more).is_ok();
        if has_room {
            self.by_door[door as usize].fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    fn leave(&self, door: Door) {
        self.by_door[door as usize].fetch_sub(1, Ordering::Relaxed);
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one client as long as it lives.
pub struct Viewer {
    hub: Arc<Hub>,
    door: Door,
    /// The product that it has open to change it.
    open: Option<ProductId>,
}

impl Viewer {
    /// Counts one more client of a hub; `None` when there are as many as there may be.
    pub(super) fn enter(hub: &Arc<Hub>, door: Door) -> Option<Self> {
        let has_room = hub.viewers.enter(door, hub.max_clients);
        has_room.then(|| Self {
            hub: hub.clone(),
            door,
            open: None,
        })
    }

    /// It has this product open now, or none: the others are told with the next pulse.
    pub fn open(&mut self, id: Option<ProductId>) {
        if self.open != id {
            self.hub.open.change(self.open, id);
            self.open = id;
            self.hub.pending.notify_news();
        }
    }

    /// How many clients are connected.
    pub fn count(&self) -> usize {
        self.hub.viewers()
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.hub.open.change(self.open, None);
        self.hub.viewers.leave(self.door);
        self.hub.pending.notify_news();
    }
}
