//! How often an address and a person may ask, and how many connections an address may have.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use shared::Reason;

use super::key::Key;
use super::seats::{Seat, Seats};
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
    /// Live connections of an address at a time.
    pub connections: Option<NonZeroU32>,
    /// Sign-ins of an address or in a name that fail before the next one waits.
    pub sign_ins: Option<NonZeroU32>,
}

impl Default for Limits {
    /// What no person needs, and what no single one can hold up the others with.
    fn default() -> Self {
        Self {
            requests: NonZeroU32::new(3_000),
            commands: NonZeroU32::new(3_000),
            connections: NonZeroU32::new(500),
            sign_ins: NonZeroU32::new(5),
        }
    }
}

/// Counts what is asked for. A clone counts the same.
#[derive(Clone)]
pub struct Rates(Arc<Shared>);

struct Shared {
    requests: Option<DefaultKeyedRateLimiter<Key>>,
    commands: Option<DefaultKeyedRateLimiter<Key>>,
    seats: Seats,
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
            seats: Seats::new("connections", limits.connections, metrics.clone()),
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

    /// A place for a live connection of an address, or how long to wait until there may be one.
    pub fn sit(&self, address: IpAddr) -> Result<Seat, Duration> {
        self.0.seats.sit(address).ok_or(SEAT_TIME)
    }

    /// Forgets those who have not asked for a while.
    pub fn forget(&self) {
        for limiter in [&self.0.requests, &self.0.commands].into_iter().flatten() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
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
