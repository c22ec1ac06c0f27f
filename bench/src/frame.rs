//! As much of two protocols as a counter of frames needs: where a frame from a server ends.

/// How a server speaks on a live connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 6455.
    WebSocket,
    /// Server-sent events (HTML Standard section 9.2), over HTTP/1.1.
    Events,
}

impl Protocol {
    /// The headers that ask for such a connection (RFC 6455 section 4.1).
    pub fn headers(self) -> &'static str {
        match self {
            Self::WebSocket => {
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
            Self::Events => "",
        }
    }

    /// Reads the first frame, if it is whole.
    pub fn first(self, bytes: &[u8]) -> Option<Frame<'_>> {
        match self {
            Self::WebSocket => first(bytes),
            Self::Events => event(bytes),
        }
    }
}

/// Reads the first event, which an empty line ends. The chunks it comes in are not looked at:
/// their sizes stand on lines of their own, between events.
fn event(bytes: &[u8]) -> Option<Frame<'_>> {
    let length = memchr::memmem::find(bytes, b"\n\n")? + 2;
    Some(Frame {
        opcode: TEXT,
        payload: &bytes[..length],
        length,
    })
}

/// The kind of a frame (RFC 6455 section 5.2).
pub const TEXT: u8 = 1;

/// Anything else.
pub const BINARY: u8 = 2;

/// A ping, which wants an answer.
pub const PING: u8 = 9;

/// A whole frame at the start of some bytes.
pub struct Frame<'a> {
    /// Its opcode.
    pub opcode: u8,
    /// What it carries.
    pub payload: &'a [u8],
    /// How many bytes it takes, header included.
    pub length: usize,
}

/// Reads the first frame, if it is whole. Servers don't mask.
fn first(bytes: &[u8]) -> Option<Frame<'_>> {
    let opcode = bytes.first()? & 0x0f;
    let (header, length) = match bytes.get(1)? & 0x7f {
        126 => (
            4,
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
        ),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (10, usize::try_from(length).ok()?)
        }
        short => (2, usize::from(short)),
    };
    Some(Frame {
        opcode,
        payload: bytes.get(header..header + length)?,
        length: header + length,
    })
}

/// A text frame as a server sends it.
pub fn text(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | TEXT];
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(length.to_be_bytes()[1]),
        Ok(length) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// An empty pong, masked with zeros as a client's frame must be masked.
pub const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];
