//! Engine.IO's bodies of HTTP requests and answers, as far as they are looked into here.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::stream::is_metered;

/// What stands between two packets (Engine.IO protocol 4, "HTTP long-polling").
const SEPARATOR: u8 = 0x1e;

/// The longest name that is repeated to a client.
const MAX_NAMESPACE_BYTES: usize = 64;

/// How many metered messages are in the answer to a poll.
pub fn messages(payload: &[u8]) -> usize {
    packets(payload)
        .filter(|packet| matches!(packet, [first, second, ..] if is_metered(*first, *second)))
        .count()
}

/// The packets of a request or an answer.
pub fn packets(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    payload.split(|&byte| byte == SEPARATOR)
}

/// Packets as a request has them.
pub fn join(packets: &[&[u8]]) -> Bytes {
    packets.join(&SEPARATOR).into()
}

/// Whether a packet is for a namespace with a long name. There is none, and the crate says so with its
/// name, to a client that may never take it.
pub fn has_long_namespace(packet: &[u8]) -> bool {
    let [b'4', _, rest @ ..] = packet else {
        return false;
    };
    let name = rest.split(|&byte| byte == b',').next().unwrap_or_default();
    name.first() == Some(&b'/') && name.len() > MAX_NAMESPACE_BYTES
}

/// The name of a session in the answer to the request that opened it.
pub fn sid(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Open {
        sid: String,
    }
    let open = payload.strip_prefix(b"0")?;
    let open: Open = serde_json::from_slice(open).ok()?;
    Some(open.sid)
}

/// Why a request can't be answered, as Engine.IO's clients know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Neither `polling` nor `websocket`.
    UnknownTransport = 0,
    /// No such session, or no longer.
    UnknownSession = 1,
    /// A session is not opened by this method.
    WrongMethod = 2,
    /// Another version of the protocol.
    UnknownVersion = 5,
}

impl IntoResponse for Mistake {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Told {
            code: u8,
            message: &'static str,
        }
        let message = match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::WrongMethod => "Bad handshake method",
            Self::UnknownVersion => "Unsupported protocol version",
        };
        let code = self as u8;
        (StatusCode::BAD_REQUEST, Json(Told { code, message })).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_poll_are_counted() {
        assert_eq!(messages(b""), 0);
        assert_eq!(messages(b"2"), 0);
        assert_eq!(messages(b"42[\"pulse\",{}]"), 1);
        assert_eq!(
            messages(b"40{}\x1e2\x1e42[\"a\",\"\\u001e42\"]\x1e430[]"),
            2
        );
    }

    #[test]
    fn a_request_is_given_on_in_pieces() {
        let pieces_of = |payload: &str| -> Vec<Bytes> {
            let packets: Vec<&[u8]> = packets(payload.as_bytes()).collect();
            packets.chunks(2).map(join).collect()
        };
        assert_eq!(pieces_of("2"), ["2"]);
        assert_eq!(pieces_of(""), [""]);
        let several = ["1\x1e2", "3\x1e4", "5"];
        assert_eq!(pieces_of("1\x1e2\x1e3\x1e4\x1e5"), several);
    }

    #[test]
    fn a_session_has_the_name_that_it_was_given() {
        let open = br#"0{"sid":"lv_VI97HAXpY6yYWAAAB","upgrades":["websocket"]}"#;
        assert_eq!(sid(open).as_deref(), Some("lv_VI97HAXpY6yYWAAAB"));
        assert_eq!(sid(b"1"), None);
        assert_eq!(sid(b""), None);
    }
}
