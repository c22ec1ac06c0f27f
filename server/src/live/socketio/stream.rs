//! A client's WebSocket as the crate sees it: a stream on which messages are counted as they leave,
//! and that is not read while the client has enough commands under way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::session::Session;

/// Such a stream.
pub struct MeteredStream<S> {
    inner: S,
    session: Arc<Session>,
    frames: FrameCounter,
    network: Network,
    /// Whether the session polled before, and has told nothing over this stream yet.
    was_polling: bool,
    /// Dropped with the stream.
    _end: DropGuard,
}

/// What the network does with what is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Network {
    /// It takes it.
    Takes,
    /// It takes nothing at the moment.
    Blocks,
    /// The same, and something was read since. No more is: what the crate said to it would only wait.
    BlocksWhileRead,
}

impl<S> MeteredStream<S> {
    /// The stream of a session's client; the token is cancelled at its end.
    pub fn new(inner: S, session: Arc<Session>, end: CancellationToken) -> Self {
        Self {
            was_polling: session.is_polling(),
            _end: end.drop_guard(),
            inner,
            session,
            frames: FrameCounter::default(),
            network: Network::Takes,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MeteredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // An end of the stream, for the crate to close the session.
        if self.session.poll_cut(context) {
            return Poll::Ready(Ok(()));
        }
        ready!(self.session.backlog.poll_room(context));
        if self.network == Network::BlocksWhileRead {
            return Poll::Pending;
        }
        let read = ready!(Pin::new(&mut self.inner).poll_read(context, buffer));
        if self.network == Network::Blocks {
            self.network = Network::BlocksWhileRead;
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MeteredStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // The crate tries each message that waits all the same, and a network that takes nothing would
        // have it wait as long for each.
        if self.session.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        if written.is_pending() && self.network == Network::Takes {
            self.network = Network::Blocks;
        }
        let written = ready!(written);
        let before = std::mem::replace(&mut self.network, Network::Takes);
        if before == Network::BlocksWhileRead {
            self.session.wake_reader();
        }
        if written.is_err() {
            self.session.cut();
        }
        let written = written?;
        let messages = self.frames.count(&bytes[..written]);
        self.session.meter.take(messages);
        if messages > 0 && std::mem::take(&mut self.was_polling) {
            self.session.stop_polling();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Whether a packet of Engine.IO is one that was put into the meter: a message (4) of Socket.IO, and
/// an event (2) or an acknowledgement (3). All others are the crate's own.
pub fn is_metered(first: u8, second: u8) -> bool {
    first == b'4' && matches!(second, b'2' | b'3')
}

/// Counts the metered messages in what a server writes to a WebSocket (RFC 6455 section 5.2).
#[derive(Default)]
struct FrameCounter {
    /// The head of the frame that is being written, and how much of it was.
    head: [u8; 10],
    head_length: usize,
    /// How much of its payload is still to be written.
    payload: u64,
    /// Its first bytes, and how many of them were written.
    first: [u8; 2],
    first_length: usize,
}

impl FrameCounter {
    /// Takes what was written, and returns how many messages ended in it.
    fn count(&mut self, mut written: &[u8]) -> usize {
        /// The text frame's opcode.
        const TEXT: u8 = 1;
        let mut messages = 0;
        while let Some(&byte) = written.first() {
            if self.payload == 0 {
                self.head[self.head_length] = byte;
                self.head_length += 1;
                written = &written[1..];
                if let Some(length) = payload_length(&self.head[..self.head_length]) {
                    self.payload = length;
                    (self.head_length, self.first_length) = (0, 0);
                }
                continue;
            }
            // The first two bytes one by one, the rest as far as it goes.
            let some = match self.first.get_mut(self.first_length) {
                Some(first) => {
                    *first = byte;
                    self.first_length += 1;
                    1
                }
                None => written
                    .len()
                    .min(usize::try_from(self.payload).unwrap_or(usize::MAX)),
            };
            written = &written[some..];
            self.payload -= some as u64;
            if self.payload == 0 && self.first_length == 2 {
                let is_text = self.head[0] & 0x0f == TEXT;
                let [first, second] = self.first;
                messages += usize::from(is_text && is_metered(first, second));
            }
        }
        messages
    }
}

/// The length that a frame's head tells, once enough of it is there. A server's frames have no mask.
fn payload_length(head: &[u8]) -> Option<u64> {
    let (&[_, short], long) = head.split_first_chunk()?;
    match short & 0x7f {
        126 => long.try_into().ok().map(u16::from_be_bytes).map(u64::from),
        127 => long.try_into().ok().map(u64::from_be_bytes),
        length => Some(length.into()),
    }
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

    use super::*;

    fn format(frame: Frame) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame.format(&mut bytes).expect("a vector takes it");
        bytes
    }

    fn frame(text: &str, data: Data) -> Vec<u8> {
        format(Frame::message(text.to_owned(), OpCode::Data(data), true))
    }

    /// Messages of every length of head, and what is none.
    fn frames() -> (Vec<u8>, usize) {
        let mut bytes = Vec::new();
        let mut messages = 0;
        for length in [2, 125, 126, 300, 65_535, 65_536, 70_000] {
            let message = format!("42{}", "x".repeat(length - 2));
            bytes.extend(frame(&message, Data::Text));
            for other in ["2", "4", "40{}", "44{}", "3probe", ""] {
                bytes.extend(frame(other, Data::Text));
            }
            bytes.extend(frame("430[]", Data::Text));
            bytes.extend(format(Frame::pong("42")));
            bytes.extend(format(Frame::ping("")));
            bytes.extend(frame("42", Data::Binary));
            messages += 2;
        }
        (bytes, messages)
    }

    #[test]
    fn messages_are_counted_when_they_have_left() {
        let (bytes, messages) = frames();
        for step in [1, 2, 3, 7, 1_000, 66_000, bytes.len()] {
            let mut counter = FrameCounter::default();
            let messages_left: usize = bytes.chunks(step).map(|some| counter.count(some)).sum();
            assert_eq!(messages_left, messages, "{step} bytes at a time");
        }
    }

    #[test]
    fn a_message_that_has_not_left_is_not_counted() {
        let bytes = frame("42hello", Data::Text);
        let mut counter = FrameCounter::default();
        assert_eq!(counter.count(&bytes[..bytes.len() - 1]), 0);
        assert_eq!(counter.count(&bytes[bytes.len() - 1..]), 1);
    }
}
