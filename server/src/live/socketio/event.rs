//! The events that clients are told. Their bodies are the messages of the other socket without their
//! type, which is the event's name here, and with the digest from which a client can go on: to
//! compute it, a client would need Vitrina's own code.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use shared::{CatalogId, Digest, ProductId, Revision};

use crate::engine::hub::{Encoded, Frame};

/// The whole list, or a part of it.
pub const PRODUCTS: &str = "products";
/// What changed.
pub const CHANGES: &str = "changes";
/// What the list is, in three numbers.
pub const PULSE: &str = "pulse";
/// The server is about to stop.
pub const CLOSING: &str = "closing";

/// A part of the snapshot. With the last part comes the digest of the whole.
#[derive(Deserialize, Serialize)]
struct ProductsBody<'a> {
    catalog: CatalogId,
    revision: Revision,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    part: u32,
    parts: u32,
    #[serde(borrow)]
    products: &'a RawValue,
}

/// Changes, and the digest after them.
#[derive(Deserialize, Serialize)]
struct ChangesBody<'a> {
    revision: Revision,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(borrow)]
    changes: &'a RawValue,
}

/// What the list is in three numbers, and how many clients there are.
#[derive(Deserialize, Serialize)]
struct PulseBody {
    revision: Revision,
    count: usize,
    digest: Digest,
    viewers: usize,
    writable: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<ProductId>,
}

/// When to come back.
#[derive(Serialize)]
struct ClosingBody {
    retry_after_ms: u32,
}

/// The answer to a command.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Acknowledgement {
    /// It was done and is durable.
    Done {
        /// The revision at which the product is as the command wanted.
        revision: Revision,
        /// The product.
        id: ProductId,
    },
    /// It was refused.
    Refused {
        /// Why.
        problem: shared::Problem,
    },
}

/// The body of an event. What the hub encoded is not encoded again.
pub type Body = serde_json::Result<Box<RawValue>>;

/// A part of a snapshot, the last with the digest of the whole.
pub fn products(part: &Encoded, digest: Option<Digest>) -> Body {
    let products: ProductsBody<'_> = serde_json::from_slice(part.json())?;
    to_raw_value(&ProductsBody { digest, ..products })
}

/// A frame of changes.
pub fn changes(frame: &Frame) -> Body {
    let changes: ChangesBody<'_> = serde_json::from_slice(frame.message.json())?;
    let digest = frame.digest;
    to_raw_value(&ChangesBody { digest, ..changes })
}

/// A pulse.
pub fn pulse(pulse: &Encoded) -> Body {
    let pulse: PulseBody = serde_json::from_slice(pulse.json())?;
    to_raw_value(&pulse)
}

/// A goodbye.
pub fn closing(retry_after_ms: u32) -> Body {
    to_raw_value(&ClosingBody { retry_after_ms })
}

#[cfg(test)]
mod tests {
    use shared::{Change, ServerMessage};

    use super::*;

    const DIGEST: &str = "00000000000000ab";

    #[test]
    fn only_the_last_part_of_a_list_has_a_digest() {
        let part = Encoded::new(&ServerMessage::Snapshot {
            catalog: CatalogId("c".into()),
            revision: Revision(7),
            products: Vec::new(),
            part: 1,
            parts: 2,
        });
        let body = products(&part, None).expect("a body");
        let without = r#"{"catalog":"c","revision":7,"part":1,"parts":2,"products":[]}"#;
        assert_eq!(body.get(), without);
        let body = products(&part, DIGEST.parse().ok()).expect("a body");
        assert!(body.get().contains(r#""digest":"00000000000000ab""#));
    }

    #[test]
    fn changes_have_the_digest_after_them_where_it_is_known() {
        let changed = |digest| {
            let deleted = vec![Change::Deleted(ProductId(3))];
            let frame = Frame::new(Revision(6), Revision(7), digest, deleted);
            changes(&frame).expect("a body").get().to_owned()
        };
        let without = r#"{"revision":7,"changes":[{"deleted":3}]}"#;
        assert_eq!(changed(None), without);
        let with = r#"{"revision":7,"digest":"00000000000000ab","changes":[{"deleted":3}]}"#;
        assert_eq!(changed(DIGEST.parse().ok()), with);
    }

    #[test]
    fn a_pulse_is_the_message_without_its_type() {
        let message = Encoded::new(&ServerMessage::Pulse {
            revision: Revision(7),
            count: 2,
            digest: DIGEST.parse().expect("a digest"),
            viewers: 3,
            writable: true,
            open: Vec::new(),
        });
        let body = pulse(&message).expect("a body");
        let wanted =
            r#"{"revision":7,"count":2,"digest":"00000000000000ab","viewers":3,"writable":true}"#;
        assert_eq!(body.get(), wanted);
    }
}
