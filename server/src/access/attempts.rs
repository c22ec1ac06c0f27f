//! Sign-ins that failed: after some, an address and a name wait longer each time.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::key::Key;

/// How long is waited at most.
const MAX_WAIT: Duration = Duration::from_mins(15);

/// After so long without another failure all is forgotten.
const MEMORY: Duration = Duration::from_hours(1);

/// How long everybody waits while more addresses and names fail than are remembered.
const FULL_TIME: Duration = Duration::from_secs(10);

/// The most addresses and names that are remembered.
const MAX_KEYS: usize = 50_000;

/// Sign-ins that failed, by address and by name.
pub struct Attempts {
    /// How many may fail before anybody waits; without a number, any.
    free: Option<NonZeroU32>,
    failures: Mutex<HashMap<Key, Failures>>,
}

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long is waited after the last one, where so many are free.
    fn wait(&self, free: Option<NonZeroU32>) -> Duration {
        match free.and_then(|free| self.count.checked_sub(free.get())) {
            Some(more) => Duration::from_secs(1 << more.min(10)).min(MAX_WAIT),
            None => Duration::ZERO,
        }
    }
}

impl Attempts {
    /// None yet; so many may fail before anybody waits.
    pub fn new(free: Option<NonZeroU32>) -> Self {
        Self {
            free,
            failures: Mutex::default(),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Failures>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one under these keys: it counts as one that failed until it is known to be right. Or says how long
    /// to wait.
    pub fn begin(&self, keys: &[Key]) -> Result<(), Duration> {
        let mut all = self.all();
        let waits = keys.iter().filter_map(|key| {
            let failures = all.get(key)?;
            failures
                .wait(self.free)
                .checked_sub(failures.last.elapsed())
        });
        if let Some(time) = waits.max().filter(|time| !time.is_zero()) {
            return Err(time);
        }
        if all.len() > MAX_KEYS {
            all.retain(|_, failures| failures.last.elapsed() < failures.wait(self.free));
        }
        if all.len() > MAX_KEYS {
            // Nobody fails so often but who tries to have this forgotten.
            return Err(FULL_TIME);
        }
        for key in keys {
            let failures = all.entry(key.clone()).or_insert(Failures {
                count: 0,
                last: Instant::now(),
            });
            if failures.last.elapsed() > MEMORY {
                failures.count = 0;
            }
            failures.count += 1;
            failures.last = Instant::now();
        }
        Ok(())
    }

    /// One under these keys was not looked at.
    pub fn take_back(&self, keys: &[Key]) {
        let mut all = self.all();
        for key in keys {
            if let Some(failures) = all.get_mut(key) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
    }

    /// One under these keys was right. The name's failures are forgotten; of the address it is only this one that
    /// counts no more, since whoever has an account could else have any number of others' forgotten.
    pub fn succeeded(&self, keys: &[Key]) {
        let mut all = self.all();
        for key in keys {
            match key {
                Key::Name(_) => drop(all.remove(key)),
                Key::Address(_) => {
                    if let Some(failures) = all.get_mut(key) {
                        failures.count = failures.count.saturating_sub(1);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_one_waits_longer_each_time() {
        let free = NonZeroU32::new(5);
        let attempts = Attempts::new(free);
        let address = |text: &str| Key::of_address(text.parse().expect("an address"));
        let name = |text: &str| Key::Name(text.to_owned());
        let keys = [address("203.0.113.5"), name("ana")];
        for _ in 0..5 {
            assert_eq!(attempts.begin(&keys), Ok(()));
        }
        let wait = attempts.begin(&keys).expect_err("a wait");
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        // Whoever comes from there waits, and whoever calls themselves so.
        assert!(attempts.begin(&keys[..1]).is_err());
        assert!(attempts.begin(&keys[1..]).is_err());
        // An address is nobody's name.
        assert_eq!(attempts.begin(&[name("203.0.113.5")]), Ok(()));
        assert_eq!(attempts.begin(&[name("berta")]), Ok(()));
        attempts.succeeded(&keys[1..]);
        assert_eq!(attempts.begin(&keys[1..]), Ok(()));
        assert!(
            attempts.begin(&keys[..1]).is_err(),
            "somebody else's success is not the address's"
        );
        let wait = |count| {
            let last = Instant::now();
            Failures { count, last }.wait(free)
        };
        assert_eq!(wait(4), Duration::ZERO);
        assert!((5..15).all(|count| wait(count) < wait(count + 1)));
        assert_eq!(wait(1_000), MAX_WAIT);
        let unlimited = Attempts::new(None);
        assert!((0..1_000).all(|_| unlimited.begin(&keys).is_ok()));
    }
}
