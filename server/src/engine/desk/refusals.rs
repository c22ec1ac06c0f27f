//! Requests that are not done, and are told so.

use std::time::{Duration, Instant};

use shared::Reason;

use super::plan::Planned;
use super::{Job, Request};
use crate::engine::journal::JournalError;

/// How long a request waits for a journal that can't be reached, before it is refused.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Refuses jobs for this reason.
pub fn refuse_all(jobs: impl IntoIterator<Item = Job>, reason: &Reason) {
    for job in jobs {
        job.refuse(reason);
    }
}

/// Refuses requests for this reason.
pub fn refuse_requests(requests: impl IntoIterator<Item = Request>, reason: &Reason) {
    for request in requests {
        request.refuse(reason);
    }
}

/// Takes out the requests that have waited for long enough.
pub fn late_of(requests: &mut Vec<Request>) -> Vec<Request> {
    let now = Instant::now();
    let late = requests.extract_if(.., |request| now >= request.since + PATIENCE);
    late.collect()
}

/// Refuses requests that could not be made durable, but for those that were done before.
pub fn refuse_undone(requests: impl Iterator<Item = (Request, Planned)>, error: &JournalError) {
    let reason = match error {
        JournalError::Unknown(_) => Reason::OutcomeUnknown,
        _ => Reason::NotSaved,
    };
    let mut count = 0;
    for (request, planned) in requests {
        let answers = if planned.is_replayed {
            planned.answers
        } else {
            count += 1;
            vec![Err(reason.clone()); planned.answers.len()]
        };
        request.reply.give(answers);
    }
    tracing::error!(%error, requests = count, "the journal refused a batch");
}
