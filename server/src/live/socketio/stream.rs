//! A client's WebSocket as the crate sees it: a stream on which messages are counted as they leave,
//! and that is not read while the client has enough commands under way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::session::Session;

/// Such a stream.
pub struct MeteredStream<S> {
    inner: S,
    session: Arc<Session>,
    frames: FrameCounter,
    /// Whether writing has failed. The crate tries each message that waits all the same, and a
    /// network that takes nothing would have it wait as long for each.
    is_broken: bool,
}

impl<S> MeteredStream<S> {
    /// The stream of a session's client.
    pub fn new(inner: S, session: Arc<Session>) -> Self {
        Self {
            inner,
            session,
            frames: FrameCounter::default(),
            is_broken: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MeteredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.session.backlog.poll_room(context));
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MeteredStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes));
        self.is_broken = written.is_err();
        let written = written?;
        let messages = self.frames.count(&bytes[..written]);
        self.session.meter.take(messages);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// What marks a packet of Engine.IO as a message; all others are the protocol's own.
pub const MESSAGE: u8 = b'4';

/// Counts the messages in what a server writes to a WebSocket (RFC 6455 section 5.2).
#[derive(Default)]
struct FrameCounter {
    /// The head of the frame that is being written, and how much of it was.
    head: [u8; 10],
    head_length: usize,
    /// How much of its payload is still to be written.
    payload: u64,
    /// Whether it is a message, once its first byte was written.
    is_message: Option<bool>,
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
                    self.head_length = 0;
                    self.is_message = None;
                }
                continue;
            }
            let is_text = self.head[0] & 0x0f == TEXT;
            let is_message = *self.is_message.get_or_insert(is_text && byte == MESSAGE);
            let some = written
                .len()
                .min(usize::try_from(self.payload).unwrap_or(usize::MAX));
            written = &written[some..];
            self.payload -= some as u64;
            messages += usize::from(is_message && self.payload == 0);
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
        for length in [1, 125, 126, 300, 65_535, 65_536, 70_000] {
            let message = format!("4{}", "x".repeat(length - 1));
            bytes.extend(frame(&message, Data::Text));
            bytes.extend(frame("2", Data::Text));
            bytes.extend(format(Frame::pong("4")));
            bytes.extend(format(Frame::ping("")));
            bytes.extend(frame("4", Data::Binary));
            messages += 1;
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
        let bytes = frame("4hello", Data::Text);
        let mut counter = FrameCounter::default();
        assert_eq!(counter.count(&bytes[..bytes.len() - 1]), 0);
        assert_eq!(counter.count(&bytes[bytes.len() - 1..]), 1);
    }
}
