//! The requests of clients that were done lately, as far back as the journal retains changes.

use std::collections::{HashMap, VecDeque};

use shared::RequestKey;

use super::{CommandOutcome, Done};
use crate::engine::journal::{Entry, Key, RETAINED_CHANGES};

/// The answers to clients' recent requests.
#[derive(Default)]
pub struct RecentRequests {
    by_key: HashMap<RequestKey, Done>,
    order: VecDeque<RequestKey>,
}

impl RecentRequests {
    /// The answer to a request, if it was done.
    pub fn get(&self, key: &RequestKey) -> Option<Done> {
        self.by_key.get(key).cloned()
    }

    /// Notes a change that is durable.
    pub fn remember(&mut self, entry: &Entry) {
        let Some(Key::Client(key)) = &entry.key else {
            return;
        };
        self.by_key.insert(key.clone(), to_done(entry));
        self.order.push_back(key.clone());
        if self.order.len() > RETAINED_CHANGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

/// The answer to the command that led to this entry.
pub fn to_done(entry: &Entry) -> Done {
    Done {
        revision: entry.revision,
        id: entry.change.id(),
        outcome: CommandOutcome::new(&entry.change),
    }
}

#[cfg(test)]
mod tests;
