//! Sign-ins that failed: after some, an address and a name wait longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many may fail before anybody waits.
const FREE: u32 = 5;

/// How long is waited at most.
const MAX_WAIT: Duration = Duration::from_mins(15);

/// After so long without another failure all is forgotten.
const MEMORY: Duration = Duration::from_hours(1);

/// The most addresses and names that are remembered.
const MAX_KEYS: usize = 50_000;

/// Sign-ins that failed, by address and by name.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<String, Failures>>);

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    /// How long is waited after the last one.
    fn wait(&self) -> Duration {
        match self.count.checked_sub(FREE) {
            Some(more) => Duration::from_secs(1 << more.min(10)).min(MAX_WAIT),
            None => Duration::ZERO,
        }
    }
}

impl Attempts {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Failures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long whoever comes under one of these keys has to wait, if at all.
    pub fn must_wait(&self, keys: &[String]) -> Option<Duration> {
        let all = self.all();
        let waits = keys.iter().filter_map(|key| {
            let failures = all.get(key)?;
            failures.wait().checked_sub(failures.last.elapsed())
        });
        waits.max().filter(|time| !time.is_zero())
    }

    /// One more failed, under these keys.
    pub fn failed(&self, keys: &[String]) {
        let mut all = self.all();
        if all.len() > MAX_KEYS {
            all.retain(|_, failures| failures.last.elapsed() < failures.wait());
        }
        if all.len() > MAX_KEYS {
            // Nobody fails so often but who tries to have this forgotten.
            return;
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
    }

    /// One succeeded: the name's failures are forgotten, and the address's.
    pub fn succeeded(&self, keys: &[String]) {
        let mut all = self.all();
        for key in keys {
            all.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_one_waits_longer_each_time() {
        let attempts = Attempts::default();
        let keys = ["203.0.113.5".to_owned(), "ana".to_owned()];
        for _ in 0..4 {
            attempts.failed(&keys);
            assert_eq!(attempts.must_wait(&keys), None);
        }
        let mut before = Duration::ZERO;
        for _ in 0..12 {
            attempts.failed(&keys);
            let wait = attempts.must_wait(&keys).expect("a wait");
            assert!(wait > before || wait + Duration::from_secs(1) > MAX_WAIT);
            assert!(wait <= MAX_WAIT);
            before = wait;
        }
        // Whoever comes from there waits, and whoever calls themselves so.
        assert!(attempts.must_wait(&keys[..1]).is_some());
        assert!(attempts.must_wait(&keys[1..]).is_some());
        assert_eq!(attempts.must_wait(&["berta".to_owned()]), None);
        attempts.succeeded(&keys);
        assert_eq!(attempts.must_wait(&keys), None);
    }
}
