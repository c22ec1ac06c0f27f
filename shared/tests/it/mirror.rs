//! A copy of the catalog, kept by messages.

use serde_json::json;
use shared::{Mirror, ServerMessage, Step};

fn message(json: serde_json::Value) -> ServerMessage {
    serde_json::from_value(json).expect("a message")
}

fn product(id: u64, code: &str) -> serde_json::Value {
    json!({
        "id": id, "revision": id, "title": "T", "description": "", "code": code, "price": 1,
        "status": true, "stock": 1, "category": "c", "thumbnails": [],
    })
}

fn snapshot(revision: u64, part: u32, parts: u32, id: u64) -> ServerMessage {
    message(json!({
        "type": "snapshot", "catalog": "c1", "revision": revision,
        "products": [product(id, &format!("code {id}"))], "part": part, "parts": parts,
    }))
}

#[test]
fn a_mirror_goes_on_from_where_it_is() {
    let mut mirror = Mirror::default();
    assert_eq!(mirror.position(), None);
    assert!(mirror.catalog().is_empty());
    assert_eq!(mirror.take(snapshot(2, 1, 1, 2)), Step::Replaced);
    assert!(!mirror.catalog().is_empty());
    let position = mirror.position().expect("a position");
    let digest = mirror.catalog().digest();
    assert_eq!(
        position.to_query(),
        format!("catalog=c1&since=2&digest={digest}")
    );
    assert_eq!((position.revision.0, position.digest), (2, digest));
    let changes = message(json!({
        "type": "changes", "revision": 4,
        "changes": [{"added": product(3, "b")}, {"deleted": 2}],
    }));
    let ServerMessage::Changes { changes: told, .. } = changes.clone() else {
        panic!("{changes:?}");
    };
    assert_eq!(mirror.take(changes), Step::Changed(told));
    assert_eq!(mirror.position().expect("a position").revision.0, 4);
    let codes: Vec<_> = mirror
        .catalog()
        .products()
        .map(|p| &*p.draft.code)
        .collect();
    assert_eq!(codes, ["b"]);
}

#[test]
fn a_first_part_begins_anew() {
    let mut mirror = Mirror::default();
    mirror.take(snapshot(9, 1, 3, 1));
    mirror.take(snapshot(9, 1, 2, 5));
    assert_eq!(mirror.take(snapshot(9, 2, 2, 6)), Step::Replaced);
    let ids: Vec<u64> = mirror.catalog().products().map(|p| p.id.0).collect();
    assert_eq!(ids, [5, 6]);
    // What is left of it is no part of the next.
    assert_eq!(mirror.take(snapshot(9, 1, 1, 7)), Step::Replaced);
    assert_eq!(mirror.catalog().len(), 1);
}

#[test]
fn what_is_about_something_else_changes_nothing() {
    let mut mirror = Mirror::default();
    mirror.take(snapshot(2, 1, 1, 2));
    let before = mirror.catalog().clone();
    for other in [
        json!({"type": "done", "request": 1, "revision": 9, "id": 1}),
        json!({"type": "refused", "request": 1, "problem": {"code": "x", "message": "m"}}),
        json!({"type": "closing", "retry_after_ms": 5}),
    ] {
        assert_eq!(mirror.take(message(other)), Step::Nothing);
    }
    assert_eq!(mirror.catalog(), &before);
    assert_eq!(mirror.catalog().revision(), before.revision());
}

#[test]
fn parts_that_came_before_an_interruption_are_forgotten() {
    let mut mirror = Mirror::default();
    let loading = Step::Loading { part: 1, parts: 2 };
    assert_eq!(mirror.take(snapshot(9, 1, 2, 5)), loading);
    mirror.interrupt();
    assert_eq!(mirror.take(snapshot(9, 2, 2, 6)), Step::Replaced);
    let ids: Vec<u64> = mirror.catalog().products().map(|p| p.id.0).collect();
    assert_eq!(ids, [6]);
}
