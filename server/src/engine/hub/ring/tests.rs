use shared::{Command, ProductId, ServerMessage};

use super::*;
use crate::engine::hub::frame::frames;
use crate::engine::samples::{add, delete, publish, set_stock};

fn id() -> CatalogId {
    CatalogId("c1".into())
}

fn deleted(revision: u64, id: u64) -> Published {
    Published {
        revision: Revision(revision),
        change: Change::Deleted(ProductId(id)),
        digest: None,
    }
}

/// A ring into which one change after the other was pushed, each as a frame of its own.
struct Pushed {
    ring: Ring,
    catalog: Catalog,
}

impl Pushed {
    fn new() -> Self {
        Self {
            ring: Ring::new(id(), Catalog::default(), []),
            catalog: Catalog::default(),
        }
    }

    fn push(&mut self, command: shared::Command) {
        let change = publish(&mut self.catalog, command);
        self.push_all(vec![change]);
    }

    fn push_all(&mut self, changes: Vec<Published>) {
        let made = frames(&changes);
        self.ring.push(self.catalog.clone(), changes, &made);
    }

    /// The revisions of the frames after a revision; `None` where a snapshot is needed.
    fn after(&self, revision: u64) -> Option<Vec<(u64, u64)>> {
        match self.ring.after(History::default(), Revision(revision)) {
            After::Nothing => Some(Vec::new()),
            After::Frames(frames) => {
                let spans = frames.iter().map(|frame| (frame.since.0, frame.revision.0));
                Some(spans.collect())
            }
            After::Unknown | After::Replaced => None,
        }
    }

    /// The changes after a revision, as their JSON.
    fn told(&self, revision: u64) -> String {
        match self.ring.after(History::default(), Revision(revision)) {
            After::Frames(frames) => frames
                .iter()
                .map(|frame| String::from_utf8_lossy(frame.message.json()).into_owned())
                .collect(),
            _ => String::new(),
        }
    }
}

#[test]
fn whoever_is_a_moment_behind_gets_the_frames_since() {
    let mut pushed = Pushed::new();
    for code in ["a", "b", "c"] {
        pushed.push(add(code));
    }
    assert_eq!(pushed.after(0), Some(vec![(0, 1), (1, 2), (2, 3)]));
    assert_eq!(pushed.after(2), Some(vec![(2, 3)]));
    assert_eq!(pushed.after(3), Some(vec![]));
    assert_eq!(pushed.after(4), None, "it is from the future");
    assert_eq!(pushed.ring.catalog(), &pushed.catalog);
}

#[test]
fn a_revision_inside_a_frame_gets_its_changes_compacted() {
    let mut pushed = Pushed::new();
    let changes = ["a", "b", "c"].map(|code| publish(&mut pushed.catalog, add(code)));
    pushed.push_all(changes.to_vec());
    assert_eq!(pushed.after(0), Some(vec![(0, 3)]));
    assert_eq!(pushed.after(1), Some(vec![(1, 3)]));
    assert!(!pushed.told(1).contains("Product a"));
    assert!(pushed.told(1).contains("Product b"));
}

#[test]
fn compacted_changes_are_the_last_of_each_product() {
    let mut catalog = Catalog::default();
    let commands = [
        add("a"),
        add("b"),
        set_stock(1, 7),
        set_stock(2, 8),
        set_stock(2, 9),
        delete(1),
    ];
    let changes = commands.map(|command| publish(&mut catalog, command));
    let of = |since: u64| -> Vec<(u64, String)> {
        let later = changes.iter().filter(|change| change.revision.0 > since);
        let compacted = compact(later);
        let kind = |change: &Change| match change {
            Change::Added(product) => format!("added {}", product.draft.stock),
            Change::Updated(product) => format!("updated {}", product.draft.stock),
            Change::Deleted(_) => "deleted".to_owned(),
        };
        let compacted = compacted.iter();
        compacted
            .map(|published| (published.revision.0, kind(&published.change)))
            .collect()
    };
    let gone = (6, "deleted".to_owned());
    // Who knew the product sees it changed, who didn't sees it come.
    assert_eq!(of(2), [(5, "updated 9".to_owned()), gone.clone()]);
    assert_eq!(of(1), [(5, "added 9".to_owned()), gone.clone()]);
    assert_eq!(of(5), [gone]);
    assert_eq!(changes[0].change.id(), ProductId(1));
}

#[test]
fn a_product_that_was_restored_comes_anew() {
    let mut catalog = Catalog::default();
    let mut changes = vec![publish(&mut catalog, add("a"))];
    let deleted = catalog.get(ProductId(1)).cloned();
    let id = ProductId(1);
    for command in [delete(1), Command::Restore { id, deleted }, set_stock(1, 7)] {
        changes.push(publish(&mut catalog, command));
    }
    let compacted = compact(changes[1..].iter());
    assert!(matches!(compacted[0].change, Change::Added(_)));
    let compacted = compact(changes[3..].iter());
    assert!(matches!(compacted[0].change, Change::Updated(_)));
}

#[test]
fn clients_that_come_back_together_share_what_is_compacted() {
    let mut catalog = Catalog::default();
    let recent = ["a", "b", "c"].map(|code| publish(&mut catalog, add(code)));
    let ring = Ring::new(id(), catalog.clone(), recent);
    let frames = |since| match ring.after(History::default(), Revision(since)) {
        After::Frames(frames) => frames,
        _ => panic!("no frames"),
    };
    let first = frames(1);
    assert!(Arc::ptr_eq(&first, &frames(1)));
    assert!(!Arc::ptr_eq(&first, &frames(0)));
    assert_eq!(frames(0)[0].since, Revision(0));
    let mut pushed = Pushed { ring, catalog };
    let compacted = pushed.told(0);
    pushed.push(add("d"));
    assert_ne!(pushed.told(0), compacted, "it is no longer all");
}

#[test]
fn what_is_retained_has_a_bound() {
    let mut pushed = Pushed::new();
    for number in 0..=RETAINED_FRAMES {
        pushed.push(add(&number.to_string()));
    }
    assert_eq!(pushed.ring.frames.len(), RETAINED_FRAMES);
    let oldest = pushed.ring.frames.front().expect("a frame").since;
    assert_eq!(oldest, Revision(1));
    // Fewer changes than frames, and all of them are still known.
    assert_eq!(pushed.after(0).map(|spans| spans[0]), Some((0, 65)));
    let bytes = |ring: &Ring| -> usize { ring.frames.iter().map(|f| f.bytes().len()).sum() };
    assert_eq!(pushed.ring.frame_bytes, bytes(&pushed.ring));

    // Deletions of what is not there are changes as good as any.
    let mut revision = pushed.catalog.revision();
    let mut deletions = |count: usize| -> Vec<Published> {
        let next = |_| {
            revision = revision.next();
            deleted(revision.0, 1_000_000)
        };
        (0..count).map(next).collect()
    };
    for _ in 0..40 {
        let changes = deletions(2_000);
        let last = changes.last().expect("a change").revision;
        pushed.catalog.apply(last, []);
        pushed.push_all(changes);
        assert_eq!(pushed.ring.frame_bytes, bytes(&pushed.ring));
        assert!(pushed.ring.frame_bytes <= RETAINED_FRAME_BYTES);
        assert!(pushed.ring.recent.len() <= RETAINED_CHANGES);
    }
    assert!(pushed.ring.frame_bytes > RETAINED_FRAME_BYTES / 2);
    assert_eq!(pushed.ring.recent.len(), RETAINED_CHANGES);
    let head = pushed.catalog.revision().0;
    let oldest = head - RETAINED_CHANGES as u64;
    assert!(pushed.after(oldest).is_some());
    assert_eq!(pushed.after(oldest - 1), None, "it is no longer known");
}

#[test]
fn the_latest_frame_stays_whatever_its_size() {
    let mut pushed = Pushed::new();
    pushed.push(add("a"));
    let changes: Vec<_> = (2..=2_000).map(|n| deleted(n, n)).collect();
    let made: Vec<Frame> = (0..2)
        .map(|_| {
            let changes = changes.iter().map(|published| published.change.clone());
            Frame::new(
                Revision(1),
                Revision(2_000),
                None,
                changes.cycle().take(120_000).collect(),
            )
        })
        .collect();
    assert!(made[0].bytes().len() > RETAINED_FRAME_BYTES);
    pushed.ring.push(pushed.catalog.clone(), changes, &made);
    assert_eq!(pushed.ring.frames.len(), 1);
    assert_eq!(pushed.ring.frame_bytes, made[1].bytes().len());
}

#[test]
fn pulses_are_numbered() {
    let mut ring = Ring::new(id(), Catalog::default(), []);
    assert!(ring.latest_pulse().is_none());
    let pulse = |retry_after_ms| Encoded::new(&ServerMessage::Closing { retry_after_ms });
    assert_eq!(ring.beat(pulse(7)), 1);
    assert_eq!(ring.beat(pulse(8)), 2);
    let (number, latest) = ring.latest_pulse().expect("a pulse");
    assert_eq!((number, latest.json()), (2, pulse(8).json()));
}
