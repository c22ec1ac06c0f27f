//! A follower's place in the catalog's history: what comes after it, frames or the parts of a
//! snapshot, is the same question for every kind of connection.

use std::sync::Arc;

use shared::{Digest, Position, Revision};

use super::Hub;
use super::frame::{Encoded, Frame};
use super::ring::{After, History};
use super::snapshot::Snapshot;

/// A place in the catalog's history.
pub struct Cursor {
    /// Which history that is.
    history: History,
    /// Everything up to here was taken; `None` before a whole snapshot was.
    revision: Option<Revision>,
    /// A snapshot that is being taken, and its next part.
    snapshot: Option<(Arc<Snapshot>, usize)>,
}

/// What a follower takes next.
pub enum Next {
    /// A part of a snapshot. With the last one come the revision and the digest of the whole: only
    /// then is it something to go on from.
    Part(Encoded, Option<(Revision, Digest)>),
    /// Frames of changes, in order.
    Frames(Arc<[Frame]>),
    /// Nothing: the follower is in step, at this revision.
    InStep(Revision),
    /// The catalog has another history now: whoever follows has to come again, and say where it is.
    Replaced,
}

impl Cursor {
    /// The place of a follower who says that it knows the catalog at this revision, when it had
    /// this digest. It is believed where the hub knows the same; whoever comes from another
    /// history, or knows nothing, begins with a snapshot.
    pub fn new(hub: &Hub, known: Option<(Revision, Digest)>) -> Self {
        hub.ring(|ring| {
            let known = known.filter(|(revision, digest)| ring.knows(*revision, *digest));
            Self::at(ring.history(), known.map(|(revision, _)| revision))
        })
    }

    /// The place of a follower who says that it has a catalog at this position. It is believed where
    /// it is the hub's catalog.
    pub fn resume(hub: &Hub, position: Option<&Position>) -> Self {
        let position = position.filter(|position| position.catalog == hub.id());
        Self::new(hub, position.map(|known| (known.revision, known.digest)))
    }

    /// The place of a follower that takes what is new from now on.
    pub fn at_head(hub: &Hub) -> Self {
        hub.ring(|ring| Self::at(ring.history(), Some(ring.catalog().revision())))
    }

    fn at(history: History, revision: Option<Revision>) -> Self {
        Self {
            history,
            revision,
            snapshot: None,
        }
    }

    /// Somebody else took the follower's changes up to this revision for it.
    pub fn move_to(&mut self, revision: Revision) {
        self.revision = Some(revision);
    }

    /// Takes what comes next. Cancelled, it has taken nothing.
    pub async fn next(&mut self, hub: &Hub) -> Next {
        loop {
            if let Some(part) = self.next_part() {
                return part;
            }
            let Some(revision) = self.revision else {
                let snapshot = hub.snapshot().await;
                self.history = snapshot.history();
                self.snapshot = Some((snapshot, 0));
                continue;
            };
            match hub.after(self.history, revision) {
                After::Nothing => return Next::InStep(revision),
                After::Frames(frames) => {
                    self.revision = frames.last().map(|frame| frame.revision);
                    return Next::Frames(frames);
                }
                After::Unknown => self.revision = None,
                After::Replaced => return Next::Replaced,
            }
        }
    }

    /// The next part of the snapshot that is being taken.
    fn next_part(&mut self) -> Option<Next> {
        let (snapshot, index) = self.snapshot.take()?;
        let part = snapshot.part(index)?.clone();
        let is_last = index + 1 == snapshot.parts();
        let whole = is_last.then(|| (snapshot.revision(), snapshot.digest()));
        if is_last {
            self.revision = Some(snapshot.revision());
        } else {
            self.snapshot = Some((snapshot, index + 1));
        }
        Some(Next::Part(part, whole))
    }

    /// Whether it is a place in the history that the hub has now.
    pub fn is_current(&self, hub: &Hub) -> bool {
        hub.ring(|ring| ring.history() == self.history)
    }

    /// Whether there is nothing to take at this moment.
    pub fn is_in_step(&self, hub: &Hub) -> bool {
        let is_last = |revision| matches!(hub.after(self.history, revision), After::Nothing);
        self.snapshot.is_none() && self.revision.is_some_and(is_last)
    }
}

#[cfg(test)]
mod tests;
