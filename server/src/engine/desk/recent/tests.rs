use shared::{Change, ClientId, ProductId, RequestId, Revision};

use crate::engine::desk::CommandOutcome;

use super::*;

fn entry(number: u64, key: Option<Key>) -> Entry {
    Entry {
        revision: Revision(number),
        change: Change::Deleted(ProductId(number)),
        digest: None,
        key,
    }
}

fn key(request: u64) -> RequestKey {
    RequestKey {
        client: ClientId("client".into()),
        request: RequestId(request),
    }
}

#[test]
fn requests_are_remembered_as_far_back_as_changes_are_retained() {
    let mut recent = RecentRequests::default();
    recent.remember_change(&entry(1, None));
    for number in 1..=RETAINED_CHANGES as u64 {
        recent.remember_change(&entry(number, Some(Key::Client(key(number)))));
    }
    let done = recent.get(&key(1)).expect("it is remembered");
    assert_eq!((done.revision, done.id), (Revision(1), ProductId(1)));
    assert_eq!(done.outcome, CommandOutcome::Deleted);
    assert_eq!(recent.get(&key(0)), None);
    let next = RETAINED_CHANGES as u64 + 1;
    recent.remember_change(&entry(next, Some(Key::Client(key(next)))));
    assert_eq!(recent.get(&key(1)), None);
    assert!(recent.get(&key(2)).is_some() && recent.get(&key(next)).is_some());
}
