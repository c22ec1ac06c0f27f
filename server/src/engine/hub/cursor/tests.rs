use super::*;
use crate::engine::samples::{add, entry, loaded, run};
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
        self.hub.publish(self.catalog.clone(), vec![entry(change)]);
        self.hub.release();
    }

    /// What a cursor says next, in short.
    async fn next(&self, cursor: &mut Cursor) -> String {
        match cursor.next(&self.hub).await {
            Next::Part(part, revision) => {
                let json = String::from_utf8_lossy(part.json()).into_owned();
                assert!(json.contains("\"type\":\"snapshot\""), "{json}");
                format!("part {:?}", revision.map(|revision| revision.0))
            }
            Next::Frames(frames) => {
                let spans = frames.iter().map(|frame| (frame.since.0, frame.revision.0));
                format!("frames {:?}", spans.collect::<Vec<_>>())
            }
            Next::InStep(revision) => format!("in step at {revision}"),
        }
    }
}

#[tokio::test]
async fn whoever_knows_nothing_takes_a_snapshot_and_then_what_follows() {
    let mut published = Published::new();
    published.publish("a");
    let mut cursor = Cursor::new(None);
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
    let mut cursor = Cursor::new(Some(Revision(1)));
    assert_eq!(published.next(&mut cursor).await, "frames [(1, 2), (2, 3)]");
    assert_eq!(published.next(&mut cursor).await, "in step at 3");
    // The lane has sent one more.
    published.publish("d");
    cursor.move_to(Revision(4));
    assert_eq!(published.next(&mut cursor).await, "in step at 4");
    // One from the future knows another catalog.
    let mut cursor = Cursor::new(Some(Revision(99)));
    assert_eq!(published.next(&mut cursor).await, "part Some(4)");
}

#[tokio::test]
async fn only_the_last_part_of_a_snapshot_is_something_to_go_on_from() {
    let mut published = Published::new();
    let changes: Vec<_> = (0..1_000)
        .map(|number| entry(run(&mut published.catalog, add(&format!("code {number}")))))
        .collect();
    published.hub.publish(published.catalog.clone(), changes);
    published.hub.release();
    let mut cursor = Cursor::new(None);
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
