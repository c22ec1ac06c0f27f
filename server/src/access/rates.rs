//! How often an address and a person may ask, and how many connections an address may have.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use shared::Reason;

use super::key::Key;
use crate::engine::author::Pace;
use crate::metrics::Metrics;

/// How long whoever has too many connections is asked to wait: one of them may have ended then.
const SEAT_TIME: Duration = Duration::from_secs(10);

/// How often an address and a person may ask; without a number, as often as they like.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests in a minute.
    pub requests: Option<NonZeroU32>,
    /// Commands in a minute.
    pub commands: Option<NonZeroU32>,
    /// Connections of an address at a time.
    pub connections: Option<NonZeroU32>,
}

impl Default for Limits {
    /// What no person needs, and what no single one can hold up the others with.
    fn default() -> Self {
        Self {
            requests: NonZeroU32::new(3_000),
            commands: NonZeroU32::new(3_000),
            connections: NonZeroU32::new(500),
        }
    }
}

/// Counts what is asked for. A clone counts the same.
#[derive(Clone)]
pub struct Rates(Arc<Shared>);

struct Shared {
    requests: Option<DefaultKeyedRateLimiter<Key>>,
    commands: Option<DefaultKeyedRateLimiter<Key>>,
    max_connections: Option<NonZeroU32>,
    connections: Mutex<HashMap<Key, u32>>,
    clock: DefaultClock,
    metrics: Arc<Metrics>,
}

impl Rates {
    /// Counts by these limits.
    pub fn new(limits: Limits, metrics: Arc<Metrics>) -> Self {
        let limiter = |limit: Option<NonZeroU32>| {
            limit.map(|limit| DefaultKeyedRateLimiter::keyed(Quota::per_minute(limit)))
        };
        Self(Arc::new(Shared {
            requests: limiter(limits.requests),
            commands: limiter(limits.commands),
            max_connections: limits.connections,
            connections: Mutex::default(),
            clock: DefaultClock::default(),
            metrics,
        }))
    }

    /// Counts a request of an address, and of somebody where it is known whose it is. Gives what counts
    /// their commands, or says how long to wait until a request is taken.
    pub fn request(
        &self,
        address: IpAddr,
        name: Option<&str>,
    ) -> Result<Option<Arc<dyn Pace>>, Duration> {
        let person = name.map(|name| Key::Name(name.to_owned()));
        let keys = [Some(Key::of_address(address)), person];
        self.take("requests", self.0.requests.as_ref(), &keys)?;
        let rates = self.clone();
        Ok(Some(Arc::new(CommandPace { rates, keys })))
    }

    fn take(
        &self,
        what: &'static str,
        limiter: Option<&DefaultKeyedRateLimiter<Key>>,
        keys: &[Option<Key>],
    ) -> Result<(), Duration> {
        let Some(limiter) = limiter else {
            return Ok(());
        };
        for key in keys.iter().flatten() {
            if let Err(not_until) = limiter.check_key(key) {
                self.0.metrics.on_limit(what);
                return Err(not_until.wait_time_from(self.0.clock.now()));
            }
        }
        Ok(())
    }

    /// A place for a connection of an address, or how long to wait until there may be one.
    pub fn sit(&self, address: IpAddr) -> Result<Seat, Duration> {
        let Some(max) = self.0.max_connections else {
            return Ok(Seat(None));
        };
        let key = Key::of_address(address);
        let mut connections = self
            .0
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(key.clone()).or_default();
        if *count >= max.get() {
            self.0.metrics.on_limit("connections");
            return Err(SEAT_TIME);
        }
        *count += 1;
        Ok(Seat(Some((self.clone(), key))))
    }

    /// Forgets those who have not asked for a while.
    pub fn forget(&self) {
        for limiter in [&self.0.requests, &self.0.commands].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

/// The place of a connection, as long as it lives.
pub struct Seat(Option<(Rates, Key)>);

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((rates, key)) = self.0.take() else {
            return;
        };
        let connections = &rates.0.connections;
        let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connections.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&key);
            }
        }
    }
}

/// Counts somebody's commands.
struct CommandPace {
    rates: Rates,
    keys: [Option<Key>; 2],
}

impl Pace for CommandPace {
    fn take(&self) -> Result<(), Reason> {
        let commands = self.rates.0.commands.as_ref();
        let taken = self.rates.take("commands", commands, &self.keys);
        taken.map_err(Reason::too_often)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_as_many_connections_as_it_may() {
        let limits = Limits {
            connections: NonZeroU32::new(2),
            ..Limits::default()
        };
        let rates = Rates::new(limits, Arc::default());
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let seats = [
            rates.sit(address("203.0.113.5")),
            rates.sit(address("::ffff:203.0.113.5")),
        ];
        assert!(seats.iter().all(Result::is_ok));
        assert!(rates.sit(address("203.0.113.5")).is_err());
        assert!(rates.sit(address("203.0.113.6")).is_ok());
        drop(seats);
        assert!(rates.sit(address("203.0.113.5")).is_ok());
        assert!(rates.0.connections.lock().expect("a lock").is_empty());
        // One machine has all of these.
        let ipv6 = [
            rates.sit(address("2001:db8::1")),
            rates.sit(address("2001:db8::2")),
        ];
        assert!(ipv6.iter().all(Result::is_ok));
        assert!(rates.sit(address("2001:db8::3")).is_err());
        assert!(rates.sit(address("2001:db8:0:1::3")).is_ok());
    }
}
