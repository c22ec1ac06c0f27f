//! Gives memory back to the system after a burst. The C library keeps what was freed: after a
//! thousand clients that were cut off it would have their memory for as long as it runs.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is looked.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// So much more than at the last time is worth the work: a few milliseconds for each 100 MiB.
const MIN_GROWTH_KIB: u64 = 4 * 1024;

/// Gives back what is free, from time to time, until the server stops.
pub async fn give_back(stop: CancellationToken) {
    let mut looks = interval(LOOK_TIME);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut least = u64::MAX;
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = stop.cancelled() => return,
        }
        let Some(now) = resident_kib() else { return };
        least = least.min(now);
        if now - least >= MIN_GROWTH_KIB {
            // Beside the threads that serve. Where it panicked there would be nothing to do.
            let _ = tokio::task::spawn_blocking(trim).await;
            // What is left is in use.
            least = resident_kib().unwrap_or(now);
        }
    }
}

/// The memory that the process has (`resident` of /proc/pid/statm, in pages of 4 KiB).
fn resident_kib() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "it is a function of the C library, the only one that is called"
)]
fn trim() {
    // SAFETY: it takes a number and asks nothing of its caller (malloc_trim(3): MT-Safe).
    unsafe { libc::malloc_trim(0) };
}

/// Other C libraries give back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}
