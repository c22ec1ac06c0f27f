//! Bodies of events that several clients are told while they catch up, made once for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde_json::value::RawValue;

use super::event::Body;
use crate::engine::hub::Encoded;

/// How long a body is kept after it was last asked for: as long as the hub keeps the snapshot that it
/// is a part of.
const RETENTION: Duration = Duration::from_secs(10);

/// Bodies by the address of what they were made of, which they keep.
#[derive(Default)]
pub struct Bodies(Mutex<HashMap<usize, Made>>);

struct Made {
    body: Arc<RawValue>,
    asked: Instant,
    /// Nothing else has its address as long as it is here.
    _of: Bytes,
}

impl Bodies {
    fn made(&self) -> MutexGuard<'_, HashMap<usize, Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of an event that is made of this message.
    pub fn get(
        &self,
        of: &Encoded,
        make: impl FnOnce() -> Body,
    ) -> serde_json::Result<Arc<RawValue>> {
        let address = of.frame().as_ptr().addr();
        let asked = Instant::now();
        if let Some(made) = self.made().get_mut(&address) {
            made.asked = asked;
            return Ok(made.body.clone());
        }
        // Made without the lock: two that ask at the same time make it twice.
        let body: Arc<RawValue> = make()?.into();
        let entry = Made {
            body: body.clone(),
            asked,
            _of: of.frame().clone(),
        };
        self.made().insert(address, entry);
        Ok(body)
    }

    /// Lets go of what nobody asked for lately.
    pub fn forget_unused(&self) {
        self.made()
            .retain(|_, made| made.asked.elapsed() < RETENTION);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;
    use shared::{Revision, ServerMessage};

    use super::*;

    fn message(revision: u64) -> Encoded {
        Encoded::new(&ServerMessage::Changes {
            revision: Revision(revision),
            changes: Vec::new(),
        })
    }

    #[test]
    fn a_body_is_made_once_and_each_message_has_its_own() {
        let bodies = Bodies::default();
        let (one, two) = (message(1), message(2));
        for _ in 0..3 {
            let of_one = bodies.get(&one, || to_raw_value(&1)).expect("a number");
            let of_two = bodies.get(&two, || to_raw_value(&2)).expect("a number");
            assert_eq!((of_one.get(), of_two.get()), ("1", "2"));
        }
        let again = bodies.get(&one, || panic!("it is made again"));
        assert_eq!(again.expect("a number").get(), "1");
        bodies.forget_unused();
        assert_eq!(bodies.made().len(), 2);
    }
}
