//! Messages as they stand on the wire, encoded once and shared by every connection.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::Deserialize;
use shared::{Change, Digest, Revision, ServerMessage};
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WebSocketFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::memfd::Memfd;

/// The most bytes of a frame, more or less: a big catalog shows its progress, and what else is to
/// be sent waits for one such frame at most.
pub const MAX_FRAME_BYTES: usize = 64 * 1024;

/// A server frame's header has this many bytes at most (RFC 6455 section 5.2).
const MAX_HEADER_BYTES: usize = 10;

/// From so many bytes of JSON on a message is packed for those who take it so: below, most of what is saved
/// would be spent on the header and on unpacking.
const PACKED_FROM_BYTES: usize = 1024;

/// One message as a WebSocket text frame (RFC 6455 section 5.6), whose JSON can be had as well.
#[derive(Clone)]
pub struct Encoded {
    frame: Bytes,
    /// How many bytes stand before the JSON.
    header: usize,
    /// The same packed, made when somebody first takes it so, once for everyone.
    packed: Arc<OnceLock<Bytes>>,
}

/// In which form a client takes its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// As text.
    #[default]
    #[serde(rename = "identity")]
    Identity,
    /// The long ones as binary frames, each of them packed by itself (RFC 1951).
    #[serde(rename = "deflate-raw")]
    DeflateRaw,
}

impl Encoded {
    /// Encodes a message.
    pub fn new(message: &ServerMessage) -> Self {
        let json = message.encode();
        let length = json.len();
        let mut bytes = Vec::with_capacity(length + MAX_HEADER_BYTES);
        let frame = WebSocketFrame::message(json, OpCode::Data(Data::Text), true);
        // Writing to a vector can't fail.
        let _ = frame.format(&mut bytes);
        Self {
            header: bytes.len() - length,
            frame: bytes.into(),
            packed: Arc::default(),
        }
    }

    /// The whole frame.
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// The whole frame for a client that takes messages in this form.
    pub fn frame_in(&self, encoding: Encoding) -> &Bytes {
        if encoding == Encoding::Identity || self.json().len() < PACKED_FROM_BYTES {
            return &self.frame;
        }
        self.packed.get_or_init(|| self.pack())
    }

    /// The message as a binary frame.
    fn pack(&self) -> Bytes {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        // Packing into memory can't fail; where it did the text would do.
        let packed = encoder
            .write_all(self.json())
            .and_then(|()| encoder.finish());
        let Ok(packed) = packed else {
            return self.frame.clone();
        };
        let mut bytes = Vec::with_capacity(packed.len() + MAX_HEADER_BYTES);
        let frame = WebSocketFrame::message(packed, OpCode::Data(Data::Binary), true);
        // Writing to a vector can't fail.
        let _ = frame.format(&mut bytes);
        bytes.into()
    }

    /// The message's JSON alone.
    pub fn json(&self) -> &[u8] {
        &self.frame[self.header..]
    }
}

/// A change that is published, and the catalog's digest after it; `None` where an earlier version
/// wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// Its place in the one order.
    pub revision: Revision,
    /// What happened.
    pub change: Change,
    /// The digest.
    pub digest: Option<Digest>,
}

/// One encoded `changes` message, and the revisions that it covers.
#[derive(Clone)]
pub struct Frame {
    /// The revision before its first change.
    pub since: Revision,
    /// The revision of its last change.
    pub revision: Revision,
    /// The catalog's digest after it, where that is known.
    pub digest: Option<Digest>,
    /// The message.
    pub message: Encoded,
    /// The same, where sending it from there is cheaper.
    pub(super) memfd: Option<Memfd>,
}

impl Frame {
    /// How many changes it has.
    pub fn changes(&self) -> usize {
        usize::try_from(self.revision.0.saturating_sub(self.since.0)).unwrap_or_default()
    }

    /// Encodes what changed after `since`, up to `revision`.
    pub fn new(
        since: Revision,
        revision: Revision,
        digest: Option<Digest>,
        changes: Vec<Change>,
    ) -> Self {
        let message = Encoded::new(&ServerMessage::Changes { revision, changes });
        Self {
            since,
            revision,
            digest,
            memfd: Memfd::new(message.frame()),
            message,
        }
    }

    /// The message as it stands on the wire.
    pub fn bytes(&self) -> &Bytes {
        self.message.frame()
    }
}

/// Encodes changes that follow each other without a gap.
pub fn frames(changes: &[Published]) -> Vec<Frame> {
    let before = changes.first().map_or(0, |first| first.revision.0 - 1);
    frames_after(Revision(before), changes)
}

/// Encodes changes, of which the first may come more than one revision after `since`.
pub fn frames_after(mut since: Revision, changes: &[Published]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut rest = changes;
    while let Some(count) = frame_length(rest) {
        let (now, later) = rest.split_at(count);
        let Published {
            revision, digest, ..
        } = now[count - 1];
        let changes = now.iter().map(|published| published.change.clone());
        frames.push(Frame::new(since, revision, digest, changes.collect()));
        since = revision;
        rest = later;
    }
    frames
}

/// How many of the changes go into one frame: at least one, where there is one.
fn frame_length(changes: &[Published]) -> Option<usize> {
    let mut bytes = 0;
    let fits = changes.iter().take_while(|published| {
        bytes += change_bytes(&published.change);
        bytes <= MAX_FRAME_BYTES
    });
    let fits = fits.count();
    (!changes.is_empty()).then_some(fits.max(1))
}

/// About how many bytes a change has in a frame.
pub fn change_bytes(change: &Change) -> usize {
    /// `{"deleted":` and a number of up to 20 digits.
    const DELETED_BYTES: usize = 32;
    match change {
        Change::Added(product) | Change::Updated(product) => product.json_bytes(),
        Change::Deleted(_) => DELETED_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use shared::ProductId;

    use super::*;

    fn deleted(revisions: std::ops::RangeInclusive<u64>) -> Vec<Published> {
        let published = |n| Published {
            revision: Revision(n),
            change: Change::Deleted(ProductId(n)),
            digest: None,
        };
        revisions.map(published).collect()
    }

    #[test]
    fn the_json_is_what_follows_the_header_whatever_its_length() {
        for count in [1, 20, 10_000] {
            let changes = deleted(1..=count);
            let changes = changes.into_iter().map(|one| one.change).collect();
            let message = ServerMessage::Changes {
                revision: Revision(count),
                changes,
            };
            let encoded = Encoded::new(&message);
            assert_eq!(encoded.json(), message.encode().as_bytes());
            assert!(encoded.frame().ends_with(encoded.json()));
        }
    }

    #[test]
    fn a_long_message_is_packed_once_for_everyone_who_takes_it_so() {
        let of = |count| {
            let changes = (1..=count).map(|n| Change::Deleted(ProductId(n)));
            let revision = Revision(count);
            Encoded::new(&ServerMessage::Changes {
                revision,
                changes: changes.collect(),
            })
        };
        let (short, long) = (of(1), of(1_000));
        assert_eq!(short.frame_in(Encoding::DeflateRaw), short.frame());
        let again = long.clone();
        let packed = long.frame_in(Encoding::DeflateRaw);
        assert_eq!(
            packed.as_ptr(),
            again.frame_in(Encoding::DeflateRaw).as_ptr()
        );
        assert!(packed.len() * 4 < long.frame().len());
        assert_eq!(
            packed[0], 0x82,
            "a whole binary frame (RFC 6455 section 5.2)"
        );
        let mut json = Vec::new();
        // A length of two bytes follows.
        let mut unpacker = flate2::read::DeflateDecoder::new(&packed[4..]);
        std::io::Read::read_to_end(&mut unpacker, &mut json).expect("it unpacks");
        assert_eq!(json, long.json());
    }

    #[test]
    fn frames_follow_each_other_without_a_gap() {
        let frames = frames(&deleted(5..=9_000));
        assert!(frames.len() > 1);
        assert_eq!(frames[0].since, Revision(4));
        for pair in frames.windows(2) {
            assert_eq!(pair[0].revision, pair[1].since);
        }
        let last = frames.last().expect("a frame");
        assert_eq!(last.revision, Revision(9_000));
        assert!(super::frames(&[]).is_empty());
    }

    #[test]
    fn a_frame_holds_as_many_changes_as_fit_and_at_least_one() {
        let fitting = MAX_FRAME_BYTES as u64 / 32;
        assert_eq!(frames(&deleted(1..=fitting)).len(), 1);
        assert_eq!(frames(&deleted(1..=fitting + 1)).len(), 2);
        assert_eq!(frame_length(&[]), None);
        let lines = frames(&deleted(1..=fitting + 1));
        assert_eq!(lines[0].revision, Revision(fitting));
    }
}
