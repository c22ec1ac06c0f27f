use shared::{ClientId, ProductId, RequestId, Revision};

use crate::engine::desk::CommandOutcome;
use crate::engine::journal::Effect;

use super::*;

fn key(request: u64) -> RequestKey {
    RequestKey {
        client: ClientId("client".into()),
        request: RequestId(request),
    }
}

fn deleted(number: u64) -> Done {
    Done::new(Revision(number), Effect::Deleted(ProductId(number)))
}

#[test]
fn requests_are_remembered_as_far_back_as_changes_are_retained() {
    let mut recent = RecentRequests::default();
    for number in 1..=RETAINED_CHANGES as u64 {
        recent.remember(&key(number), deleted(number));
    }
    let done = recent.get(&key(1)).expect("it is remembered");
    assert_eq!((done.revision, done.id), (Revision(1), ProductId(1)));
    assert_eq!(done.outcome, CommandOutcome::Deleted);
    assert_eq!(recent.get(&key(0)), None);
    let next = RETAINED_CHANGES as u64 + 1;
    recent.remember(&key(next), deleted(next));
    assert_eq!(recent.get(&key(1)), None);
    assert!(recent.get(&key(2)).is_some() && recent.get(&key(next)).is_some());
}
