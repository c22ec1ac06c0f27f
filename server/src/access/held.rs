//! Tickets by which connections were opened that are still there: one that polls shows its ticket each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The tickets of connections that are there, by their hashes, and whose they are.
pub struct HeldTickets<T>(Arc<Tickets<T>>);

type Tickets<T> = Mutex<HashMap<String, Weak<Held<T>>>>;

/// A ticket, as long as its connection is there.
pub struct Held<T> {
    hash: String,
    /// Whose it is.
    pub holder: T,
    all: Arc<Tickets<T>>,
}

fn lock<T>(all: &Tickets<T>) -> MutexGuard<'_, HashMap<String, Weak<Held<T>>>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Default for HeldTickets<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> HeldTickets<T> {
    /// Holds a ticket for as long as what this gives is kept.
    pub fn hold(&self, hash: &str, holder: T) -> Arc<Held<T>> {
        let mut all = lock(&self.0);
        let held = all.get(hash).and_then(Weak::upgrade);
        held.unwrap_or_else(|| {
            let held = Arc::new(Held {
                hash: hash.to_owned(),
                holder,
                all: self.0.clone(),
            });
            all.insert(hash.to_owned(), Arc::downgrade(&held));
            held
        })
    }

    /// A ticket that is held.
    pub fn find(&self, hash: &str) -> Option<Arc<Held<T>>> {
        lock(&self.0).get(hash)?.upgrade()
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        let mut all = lock(&self.all);
        // Somebody may hold it anew.
        if all
            .get(&self.hash)
            .is_some_and(|held| held.strong_count() == 0)
        {
            all.remove(&self.hash);
        }
    }
}
