//! The requests of pages that were done, as far back as the journal keeps changes.

use std::collections::{HashMap, VecDeque};

use shared::RequestKey;

use super::{Done, Outcome};
use crate::journal::{Entry, KEPT_CHANGES, Key};

/// Requests that were done, by their keys.
#[derive(Default)]
pub struct Answered {
    by_key: HashMap<RequestKey, Done>,
    order: VecDeque<RequestKey>,
}

impl Answered {
    /// What became of a request.
    pub fn get(&self, key: &RequestKey) -> Option<Done> {
        self.by_key.get(key).cloned()
    }

    /// Notes a change that is durable.
    pub fn remember(&mut self, entry: &Entry) {
        let Some(Key::Page(key)) = &entry.key else {
            return;
        };
        self.by_key.insert(key.clone(), done(entry));
        self.order.push_back(key.clone());
        if self.order.len() > KEPT_CHANGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

/// What the command of this entry is answered with.
pub fn done(entry: &Entry) -> Done {
    Done {
        revision: entry.revision,
        id: entry.change.id(),
        outcome: Outcome::of(&entry.change),
    }
}
