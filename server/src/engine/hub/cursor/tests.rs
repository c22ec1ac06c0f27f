use super::*;
use crate::engine::samples::{add, loaded, record, run};
use shared::Catalog;

/// A hub that is given changes by hand; nobody runs it.
struct Published {
    hub: Arc<Hub>,
    catalog: Catalog,
}

impl Published {
    fn new() -> Self {
        Self {
            hub: Hub::new(loaded(Catalog::default(), Vec::new()), 10),
            catalog: Catalog::default(),
        }
    }

    fn publish(&mut self, code: &str) {
        let change = run(&mut self.catalog, add(code));
        self.hub.publish(
            self.catalog.clone(),
            vec![record(change, &self.catalog).entry],
        );
        self.hub.release();
    }

    /// What a cursor says next, in short.
    async fn next(&self, cursor: &mut Cursor) -> String {
        match cursor.next(&self.hub).await {
            Next::Part(part, revision) => {
                let json = String::from_utf8_lossy(part.json()).into_owned();
                assert!(json.contains("\"type\":\"snapshot\""), "{json}");
                if let Some((revision, digest)) = revision {
                    assert!(self.hub.ring(|ring| ring.knows(revision, digest)));
                }
                format!("part {:?}", revision.map(|(revision, _)| revision.0))
            }
            Next::Frames(frames) => {
                let spans = frames.iter().map(|frame| (frame.since.0, frame.revision.0));
                format!("frames {:?}", spans.collect::<Vec<_>>())
            }
            Next::InStep(revision) => format!("in step at {revision}"),
            Next::Replaced => "replaced".to_owned(),
        }
    }
}

fn nowhere() -> Cursor {
    Cursor::at(History::default(), None)
}

#[tokio::test]
async fn whoever_follows_a_catalog_that_is_replaced_comes_again() {
    let mut published = Published::new();
    published.publish("a");
    let hub = published.hub.clone();
    let mut in_step = Cursor::at_head(&hub);
    let mut loading = nowhere();
    loading.snapshot = Some((hub.snapshot().await, 0));
    let known = hub.catalog();
    let mut other = Catalog::default();
    run(&mut other, add("b"));
    hub.replace(loaded(other.clone(), Vec::new()));
    hub.begin_again();
    // At the same revision it is another list.
    assert_eq!(hub.catalog().revision(), known.revision());
    assert!(!in_step.is_in_step(&hub));
    assert_eq!(published.next(&mut in_step).await, "replaced");
    assert!(loading.next_part().is_some());
    assert_eq!(published.next(&mut loading).await, "replaced");
    let mut again = Cursor::new(&hub, Some((known.revision(), known.digest())));
    assert_eq!(published.next(&mut again).await, "part Some(1)");
    let mut known = Cursor::new(&hub, Some((other.revision(), other.digest())));
    assert_eq!(published.next(&mut known).await, "in step at 1");
}

#[tokio::test]
async fn whoever_knows_nothing_takes_a_snapshot_and_then_what_follows() {
    let mut published = Published::new();
    published.publish("a");
    let mut cursor = nowhere();
    assert!(!cursor.is_in_step(&published.hub));
    assert_eq!(published.next(&mut cursor).await, "part Some(1)");
    assert!(cursor.is_in_step(&published.hub));
    assert_eq!(published.next(&mut cursor).await, "in step at 1");
    published.publish("b");
    assert!(!cursor.is_in_step(&published.hub));
    assert_eq!(published.next(&mut cursor).await, "frames [(1, 2)]");
    assert_eq!(published.next(&mut cursor).await, "in step at 2");
}

#[tokio::test]
async fn whoever_knows_a_revision_goes_on_from_there() {
    let mut published = Published::new();
    for code in ["a", "b", "c"] {
        published.publish(code);
    }
    let mut cursor = Cursor::at(History::default(), Some(Revision(1)));
    assert_eq!(published.next(&mut cursor).await, "frames [(1, 2), (2, 3)]");
    assert_eq!(published.next(&mut cursor).await, "in step at 3");
    // The lane has sent one more.
    published.publish("d");
    cursor.move_to(Revision(4));
    assert_eq!(published.next(&mut cursor).await, "in step at 4");
    // One from the future knows another catalog.
    let mut cursor = Cursor::at(History::default(), Some(Revision(99)));
    assert_eq!(published.next(&mut cursor).await, "part Some(4)");
}

#[tokio::test]
async fn only_the_last_part_of_a_snapshot_is_something_to_go_on_from() {
    let mut published = Published::new();
    let changes: Vec<_> = (0..1_000)
        .map(|number| {
            let change = run(&mut published.catalog, add(&format!("code {number}")));
            record(change, &published.catalog).entry
        })
        .collect();
    published.hub.publish(published.catalog.clone(), changes);
    published.hub.release();
    let mut cursor = nowhere();
    let mut parts = 0;
    loop {
        assert!(!cursor.is_in_step(&published.hub));
        parts += 1;
        match published.next(&mut cursor).await.as_str() {
            "part None" => {}
            last => {
                assert_eq!(last, "part Some(1000)");
                break;
            }
        }
    }
    assert!(parts > 1);
    assert_eq!(published.next(&mut cursor).await, "in step at 1000");
}

#[tokio::test]
async fn only_a_digest_of_this_history_is_believed() {
    let mut published = Published::new();
    let mut digests = vec![published.catalog.digest()];
    for code in ["a", "b", "c"] {
        published.publish(code);
        digests.push(published.catalog.digest());
    }
    for (revision, digest) in (0..).map(Revision).zip(&digests) {
        let mut cursor = Cursor::new(&published.hub, Some((revision, *digest)));
        let next = published.next(&mut cursor).await;
        assert!(!next.starts_with("part"), "{next}");
        let other = digests[(usize::try_from(revision.0).expect("small") + 1) % 4];
        let mut cursor = Cursor::new(&published.hub, Some((revision, other)));
        assert_eq!(published.next(&mut cursor).await, "part Some(3)");
    }
    let mut cursor = Cursor::new(&published.hub, Some((Revision(4), digests[3])));
    assert_eq!(published.next(&mut cursor).await, "part Some(3)");
    let mut cursor = Cursor::new(&published.hub, None);
    assert_eq!(published.next(&mut cursor).await, "part Some(3)");
}
