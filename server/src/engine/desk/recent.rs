//! The requests of clients that were done lately, as far back as the journal retains changes.

use std::collections::{HashMap, VecDeque};

use shared::RequestKey;

use super::Done;
use crate::engine::journal::{Loaded, RETAINED_CHANGES};

/// The answers to clients' recent requests.
#[derive(Default)]
pub struct RecentRequests {
    by_key: HashMap<RequestKey, Done>,
    order: VecDeque<RequestKey>,
}

impl RecentRequests {
    /// The requests that a journal knows.
    pub fn new(loaded: &Loaded) -> Self {
        let mut recent = Self::default();
        for (key, revision, effect) in &loaded.requests {
            recent.remember(key, Done::new(*revision, effect.clone()));
        }
        recent
    }

    /// The answer to a request, if it was done.
    pub fn get(&self, key: &RequestKey) -> Option<Done> {
        self.by_key.get(key).cloned()
    }

    /// Notes what a request is answered with.
    pub fn remember(&mut self, key: &RequestKey, done: Done) {
        self.by_key.insert(key.clone(), done);
        self.order.push_back(key.clone());
        if self.order.len() > RETAINED_CHANGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
