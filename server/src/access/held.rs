//! Tickets by which connections were opened that are still there: one that polls shows its ticket each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::visitor::Visitor;

/// The tickets of connections that are there, by their hashes.
#[derive(Default)]
pub struct HeldTickets(Arc<Mutex<HashMap<String, Weak<Held>>>>);

/// A ticket of a connection that is there.
pub struct Held {
    hash: String,
    visitor: Visitor,
    all: Arc<Mutex<HashMap<String, Weak<Held>>>>,
}

fn lock(all: &Mutex<HashMap<String, Weak<Held>>>) -> MutexGuard<'_, HashMap<String, Weak<Held>>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HeldTickets {
    /// Whoever came by this ticket, which is held as long as they are there.
    pub fn hold(&self, hash: &str, visitor: Visitor) -> Visitor {
        let mut all = lock(&self.0);
        let held = all.get(hash).and_then(Weak::upgrade);
        let held = held.unwrap_or_else(|| {
            let held = Arc::new(Held {
                hash: hash.to_owned(),
                visitor: visitor.clone(),
                all: self.0.clone(),
            });
            all.insert(hash.to_owned(), Arc::downgrade(&held));
            held
        });
        drop(all);
        visitor.holding(held)
    }

    /// Whoever came by this ticket and is still there, with what they may do now.
    pub fn holder(&self, hash: &str) -> Option<Visitor> {
        let held = lock(&self.0).get(hash)?.upgrade()?;
        let visitor = held.visitor.as_of_now();
        Some(visitor.holding(held))
    }
}

impl Drop for Held {
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
