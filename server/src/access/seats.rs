//! How many connections an address has at a time: live ones, and those of all kinds.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::key::Key;
use crate::metrics::Metrics;

/// Counts the connections of each address. A clone counts the same.
#[derive(Clone)]
pub struct Seats(Arc<Shared>);

struct Shared {
    /// What the limit is called in the metrics.
    limit: &'static str,
    /// The most of an address; without a number, as many as it likes.
    max: Option<NonZeroU32>,
    taken: Mutex<HashMap<Key, u32>>,
    metrics: Arc<Metrics>,
}

/// The place of a connection, as long as it lives.
pub struct Seat(Option<(Seats, Key)>);

impl Seats {
    /// So many of an address; who meets the limit is counted under this name.
    pub fn new(limit: &'static str, max: Option<NonZeroU32>, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Shared {
            limit,
            max,
            taken: Mutex::default(),
            metrics,
        }))
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection of an address, if it has not too many.
    pub fn sit(&self, address: IpAddr) -> Option<Seat> {
        let Some(max) = self.0.max else {
            return Some(Seat(None));
        };
        let key = Key::of_address(address);
        let mut taken = self.taken();
        let count = taken.entry(key.clone()).or_default();
        if *count >= max.get() {
            self.0.metrics.on_limit(self.0.limit);
            return None;
        }
        *count += 1;
        Some(Seat(Some((self.clone(), key))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((seats, key)) = self.0.take() else {
            return;
        };
        let mut taken = seats.taken();
        if let Some(count) = taken.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_as_many_connections_as_it_may() {
        let seats = Seats::new("connections", NonZeroU32::new(2), Arc::default());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let taken = [
            seats.sit(address("203.0.113.5")),
            seats.sit(address("::ffff:203.0.113.5")),
        ];
        assert!(taken.iter().all(Option::is_some));
        assert!(seats.sit(address("203.0.113.5")).is_none());
        assert!(seats.sit(address("203.0.113.6")).is_some());
        drop(taken);
        assert!(seats.sit(address("203.0.113.5")).is_some());
        assert!(seats.0.taken.lock().expect("a lock").is_empty());
        // One machine has all of these.
        let ipv6 = [
            seats.sit(address("2001:db8::1")),
            seats.sit(address("2001:db8::2")),
        ];
        assert!(ipv6.iter().all(Option::is_some));
        assert!(seats.sit(address("2001:db8::3")).is_none());
        assert!(seats.sit(address("2001:db8:0:1::3")).is_some());
    }
}
