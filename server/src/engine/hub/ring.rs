//! The ring of recent changes: what connections send to be in step again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use shared::{Catalog, Change, Revision};

use super::frame::{Encoded, Frame, frames_after};
use crate::engine::journal::RETAINED_CHANGES;

/// How many frames are retained for connections that are a moment behind: about a second of a
/// storm. Those that are further behind get their changes compacted.
const RETAINED_FRAMES: usize = 64;

/// The most bytes of retained frames.
const RETAINED_FRAME_BYTES: usize = 1024 * 1024;

/// What comes after a revision.
pub enum After {
    /// Nothing: it is the latest.
    Nothing,
    /// These frames, in order.
    Frames(Arc<[Frame]>),
    /// Nobody knows any more, or not yet: a snapshot is needed.
    Unknown,
}

/// Recent changes, and the catalog they led to.
pub struct Ring {
    catalog: Catalog,
    /// Without a gap, up to the catalog's revision.
    recent: VecDeque<(Revision, Change)>,
    /// The latest frames, without a gap: what connections in step are sent.
    frames: VecDeque<Frame>,
    frame_bytes: usize,
    /// The latest pulse and its number, from 1.
    pulse: Option<(u64, Encoded)>,
    /// The frames last made for a client that was away. Those that lost their connection together
    /// come back together.
    compacted: Mutex<Option<Compacted>>,
}

struct Compacted {
    since: Revision,
    frames: Arc<[Frame]>,
}

impl Ring {
    /// A ring of what the journal retained.
    pub fn new(catalog: Catalog, recent: impl IntoIterator<Item = (Revision, Change)>) -> Self {
        Self {
            catalog,
            recent: recent.into_iter().collect(),
            frames: VecDeque::new(),
            frame_bytes: 0,
            pulse: None,
            compacted: Mutex::default(),
        }
    }

    /// The catalog after the latest change.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Takes changes, the frames they make, and the catalog they lead to.
    pub fn push(&mut self, catalog: Catalog, changes: Vec<(Revision, Change)>, frames: &[Frame]) {
        self.catalog = catalog;
        self.recent.extend(changes);
        let excess = self.recent.len().saturating_sub(RETAINED_CHANGES);
        self.recent.drain(..excess);
        self.frame_bytes += frames
            .iter()
            .map(|frame| frame.bytes().len())
            .sum::<usize>();
        self.frames.extend(frames.iter().cloned());
        // The latest frame stays, whatever its size: everyone in step is about to send it.
        while self.frames.len() > 1
            && (self.frames.len() > RETAINED_FRAMES || self.frame_bytes > RETAINED_FRAME_BYTES)
            && let Some(oldest) = self.frames.pop_front()
        {
            self.frame_bytes -= oldest.bytes().len();
        }
        self.compacted = Mutex::default();
    }

    /// Takes a new pulse and returns its number.
    pub fn beat(&mut self, pulse: Encoded) -> u64 {
        let last = self.pulse.as_ref().map_or(0, |(number, _)| *number);
        self.pulse = Some((last + 1, pulse));
        last + 1
    }

    /// The latest pulse and its number, once there was one.
    pub fn latest_pulse(&self) -> Option<(u64, Encoded)> {
        self.pulse.clone()
    }

    /// What comes after `cursor`.
    pub fn after(&self, cursor: Revision) -> After {
        let head = self.catalog.revision();
        if cursor == head {
            return After::Nothing;
        }
        let at = self.frames.partition_point(|frame| frame.since < cursor);
        match self.frames.get(at) {
            Some(frame) if frame.since == cursor => {
                return After::Frames(self.frames.range(at..).cloned().collect());
            }
            _ => {}
        }
        match self.recent.front() {
            Some((oldest, _)) if cursor < head && *oldest <= cursor.next() => {
                After::Frames(self.compact_since(cursor))
            }
            _ => After::Unknown,
        }
    }

    /// The newest state of each product that changed after `since`.
    fn compact_since(&self, since: Revision) -> Arc<[Frame]> {
        let mut compacted = self
            .compacted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(compacted) = compacted.as_ref()
            && compacted.since == since
        {
            return compacted.frames.clone();
        }
        let from = self
            .recent
            .partition_point(|(revision, _)| *revision <= since);
        let changes = compact(since, self.recent.range(from..));
        let frames: Arc<[Frame]> = frames_after(since, &changes).into();
        *compacted = Some(Compacted {
            since,
            frames: frames.clone(),
        });
        frames
    }
}

/// The last change of each product, in the order of those changes. Whoever takes them up to some
/// revision and then goes on from there has missed nothing.
fn compact<'a>(
    since: Revision,
    changes: impl Iterator<Item = &'a (Revision, Change)>,
) -> Vec<(Revision, Change)> {
    let last: HashMap<_, _> = changes
        .map(|(revision, change)| (change.id(), (*revision, change)))
        .collect();
    let in_order: BTreeMap<Revision, &Change> = last.into_values().collect();
    in_order
        .into_iter()
        .map(|(revision, change)| match change {
            // A product's id is the revision of its addition: the client has not seen this one.
            Change::Updated(product) if product.id.0 > since.0 => {
                (revision, Change::Added(product.clone()))
            }
            change => (revision, change.clone()),
        })
        .collect()
}

#[cfg(test)]
mod tests;
