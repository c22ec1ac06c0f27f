//! Servers that share a journal know what another wrote a moment later. Whoever heard of it there
//! already is waited with.

use std::time::Duration;

use shared::Revision;
use tokio::time::{sleep, timeout};

use super::desk::Desk;
use super::hub::Hub;

/// How long a revision is waited for.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// How soon a journal that can't be reached is asked again.
const RETRY_TIME: Duration = Duration::from_millis(100);

/// Waits until this server knows this revision, and tells whether it does. One that nobody has
/// reached is not waited for, unless the journal can't be asked.
pub async fn catch_up(desk: &Desk, hub: &Hub, revision: Revision) -> bool {
    let mut head = hub.head();
    if *head.borrow() >= revision || !desk.is_shared() {
        return *head.borrow() >= revision;
    }
    let caught_up = async {
        loop {
            desk.read_on().await;
            if hub.catalog().revision() >= revision {
                return head.wait_for(|head| *head >= revision).await.is_ok();
            }
            if hub.is_writable() {
                return false;
            }
            sleep(RETRY_TIME).await;
        }
    };
    timeout(MAX_WAIT, caught_up).await.unwrap_or(false)
}
