//! Gives memory back to the system after a burst. The C library keeps what was freed: after a
//! thousand clients that were cut off it would have their memory for as long as it runs.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked.
const LOOK_TIME: Duration = Duration::from_secs(10);

/// Growth by so much, or the end of so many connections, is a burst, after which there is something
/// to give back.
const BURST_KIB: u64 = 4 * 1024;
const BURST_CONNECTIONS: usize = 16;

/// How often it is tried after a burst: what a client had is free only when it is cut off, a minute
/// later.
const TRIES: u32 = 8;

/// Gives back what is free, from time to time after a burst, until the server stops.
pub async fn give_back(connections: TaskTracker, stop: CancellationToken) {
    let mut looks = interval(LOOK_TIME);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut usual_kib, mut count, mut tries) = (u64::MAX, 0, 0);
    loop {
        tokio::select! {
            _ = looks.tick() => {}
            () = stop.cancelled() => return,
        }
        let Some(now_kib) = resident_kib() else {
            return;
        };
        usual_kib = usual_kib.min(now_kib);
        let before = std::mem::replace(&mut count, connections.len());
        if now_kib - usual_kib >= BURST_KIB || before.saturating_sub(count) >= BURST_CONNECTIONS {
            tries = TRIES;
        }
        if tries > 0 {
            tries -= 1;
            // Beside the threads that serve. Where it panicked there would be nothing to do.
            let _ = tokio::task::spawn_blocking(trim).await;
            // What is left is in use.
            usual_kib = resident_kib().unwrap_or(now_kib);
        }
    }
}

/// The memory that the process has (`resident` of /proc/pid/statm, in pages of 4 KiB).
pub fn resident_kib() -> Option<u64> {
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
