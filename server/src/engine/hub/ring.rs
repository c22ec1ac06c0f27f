//! The ring of recent changes: what connections send to be in step again.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use shared::{Catalog, CatalogId, Change, Digest, Revision};

use super::frame::{Encoded, Frame, Published, frames_after};
use crate::engine::journal::RETAINED_CHANGES;

/// How many frames are retained for connections that are a moment behind: about a second of a
/// storm. Those that are further behind get their changes compacted.
const RETAINED_FRAMES: usize = 64;

/// The most bytes of retained frames.
const RETAINED_FRAME_BYTES: usize = 1024 * 1024;

/// Tells apart the histories that a journal held one after the other. It is put back to a backup, and
/// its revisions mean something else from there on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History(u64);

/// What comes after a revision.
pub enum After {
    /// Nobody can say: that revision belongs to another history.
    Replaced,
    /// Nothing: it is the latest.
    Nothing,
    /// These frames, in order.
    Frames(Arc<[Frame]>),
    /// Nobody knows any more, or not yet: a snapshot is needed.
    Unknown,
}

/// Recent changes, and the catalog they led to.
pub struct Ring {
    id: CatalogId,
    history: History,
    catalog: Catalog,
    /// Without a gap, up to the catalog's revision.
    recent: VecDeque<Published>,
    /// The digest before the first of them, where that is known.
    digest_before: Option<Digest>,
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
    pub fn new(
        id: CatalogId,
        catalog: Catalog,
        recent: impl IntoIterator<Item = Published>,
    ) -> Self {
        Self {
            id,
            history: History::default(),
            catalog,
            recent: recent.into_iter().collect(),
            digest_before: None,
            frames: VecDeque::new(),
            frame_bytes: 0,
            pulse: None,
            compacted: Mutex::default(),
        }
    }

    /// Begins again, with another history.
    pub fn replace(
        &mut self,
        id: CatalogId,
        catalog: Catalog,
        recent: impl IntoIterator<Item = Published>,
    ) {
        *self = Self {
            history: History(self.history.0 + 1),
            pulse: self.pulse.take(),
            ..Self::new(id, catalog, recent)
        };
    }

    /// Identifies the data set.
    pub fn id(&self) -> &CatalogId {
        &self.id
    }

    /// The history that its revisions belong to.
    pub fn history(&self) -> History {
        self.history
    }

    /// The catalog after the latest change.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Takes changes, the frames they make, and the catalog they lead to.
    pub fn push(&mut self, catalog: Catalog, changes: Vec<Published>, frames: &[Frame]) {
        self.catalog = catalog;
        self.recent.extend(changes);
        let excess = self.recent.len().saturating_sub(RETAINED_CHANGES);
        if let Some(last) = self.recent.drain(..excess).next_back() {
            self.digest_before = last.digest;
        }
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

    /// Whether the catalog had this digest at this revision, as far as that is known.
    pub fn knows(&self, revision: Revision, digest: Digest) -> bool {
        if revision == self.catalog.revision() {
            return digest == self.catalog.digest();
        }
        if revision == Revision(0) {
            return digest == Digest::default();
        }
        if self
            .recent
            .front()
            .is_some_and(|first| first.revision == revision.next())
        {
            return self.digest_before == Some(digest);
        }
        let found = self
            .recent
            .binary_search_by_key(&revision, |published| published.revision);
        found.is_ok_and(|index| self.recent[index].digest == Some(digest))
    }

    /// What comes after `cursor`, a revision of this history.
    pub fn after(&self, history: History, cursor: Revision) -> After {
        if history != self.history {
            return After::Replaced;
        }
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
            Some(oldest) if cursor < head && oldest.revision <= cursor.next() => {
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
            .partition_point(|published| published.revision <= since);
        let changes = compact(self.recent.range(from..));
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
fn compact<'a>(changes: impl Iterator<Item = &'a Published>) -> Vec<Published> {
    let mut added = HashSet::new();
    let last: HashMap<_, _> = changes
        .inspect(|published| {
            if let Change::Added(product) = &published.change {
                added.insert(product.id);
            }
        })
        .map(|published| (published.change.id(), published))
        .collect();
    let in_order: BTreeMap<Revision, &Published> = last
        .into_values()
        .map(|published| (published.revision, published))
        .collect();
    in_order
        .into_values()
        .map(|published| match &published.change {
            // The client has not seen this one, or not since it was deleted.
            Change::Updated(product) if added.contains(&product.id) => Published {
                change: Change::Added(product.clone()),
                ..published.clone()
            },
            _ => published.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
