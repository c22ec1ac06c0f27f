//! One connection's way out.
//!
//! A lane is open while its connection is in step and has nothing of its own to say. Then the hub
//! writes each new frame straight to the socket: no task is woken, no queue is kept, and a
//! delivery is one system call. When the socket takes no more the lane closes and wakes its
//! connection, which goes on from its cursor at its own pace.

mod stream;

use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use shared::Revision;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::frame::{Encoded, Encoding, Frame};
use super::memfd::Memfd;

pub use stream::LaneStream;

/// One connection's way out; see the module.
pub struct Lane {
    stream: TcpStream,
    encoding: Encoding,
    state: Mutex<State>,
    /// Signalled when the hub has closed the lane: its connection has to look after itself.
    closed: Notify,
}

struct State {
    is_open: bool,
    /// Whether it ever was.
    was_open: bool,
    /// Everything up to here has been written, or is in `rest`.
    cursor: Revision,
    /// The number of the latest pulse that was written.
    pulse: u64,
    /// The rest of a frame of which the socket took only the beginning.
    rest: Bytes,
    /// Whether tungstenite wrote a part of a frame: nothing may come between its parts.
    is_cut: bool,
}

impl Lane {
    /// A lane into this socket, not yet open, for a client that takes messages in this form.
    pub fn new(stream: TcpStream, encoding: Encoding) -> Self {
        Self {
            stream,
            encoding,
            state: Mutex::new(State {
                is_open: false,
                was_open: false,
                cursor: Revision(0),
                pulse: 0,
                rest: Bytes::new(),
                is_cut: false,
            }),
            closed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the hub write what comes after `cursor`.
    pub fn open(&self, cursor: Revision) {
        let mut state = self.state();
        state.cursor = cursor;
        state.is_open = true;
        state.was_open = true;
    }

    /// Keeps the hub from writing, and returns the revision up to which it has.
    pub fn close(&self) -> Revision {
        let mut state = self.state();
        state.is_open = false;
        state.cursor
    }

    /// Whether the hub writes.
    pub fn is_open(&self) -> bool {
        self.state().is_open
    }

    /// Waits until the hub has closed the lane.
    pub async fn closed(&self) {
        self.closed.notified().await;
    }

    /// The number of the latest pulse that was written.
    pub fn pulse(&self) -> u64 {
        self.state().pulse
    }

    /// Notes that the connection wrote a pulse itself.
    pub fn set_pulse(&self, number: u64) {
        self.state().pulse = number;
    }

    /// Writes the hub's new frames, if the lane is open.
    pub fn offer(&self, frames: &[Frame]) {
        let mut state = self.state();
        if !state.is_open {
            return;
        }
        let in_step = frames
            .first()
            .is_some_and(|first| first.since == state.cursor);
        let taken = if in_step {
            // What is wrong with a socket shows when its connection reads it.
            self.write_all(&mut state, frames).unwrap_or(0)
        } else {
            0
        };
        self.close_unless(&mut state, taken == frames.len());
    }

    /// Writes the hub's new pulse, if the lane is open. Gives the revision up to which was written, once the
    /// lane was open.
    pub fn offer_pulse(&self, number: u64, pulse: &Encoded) -> Option<Revision> {
        let mut state = self.state();
        if state.is_open {
            let is_taken = self
                .write(&mut state, self.bytes(pulse), None)
                .unwrap_or(false);
            state.pulse = number;
            self.close_unless(&mut state, is_taken);
        }
        state.was_open.then_some(state.cursor)
    }

    /// Closes the lane, if it is open, and has its connection look after itself.
    pub fn shut(&self) {
        let mut state = self.state();
        if state.is_open {
            self.close_unless(&mut state, false);
        }
    }

    fn close_unless(&self, state: &mut State, all_taken: bool) {
        if !all_taken || !state.rest.is_empty() {
            state.is_open = false;
            self.closed.notify_one();
        }
    }

    /// Sends one message. Cancelled, it leaves no half of a frame behind that is not accounted for.
    pub async fn send(&self, message: &Encoded) -> io::Result<()> {
        loop {
            let is_begun = self.write(&mut self.state(), self.bytes(message), None)?;
            if is_begun {
                return self.flush().await;
            }
            self.stream.writable().await?;
        }
    }

    /// Sends frames with as few system calls as the socket allows.
    pub async fn send_all(&self, mut frames: &[Frame]) -> io::Result<()> {
        while !frames.is_empty() {
            let begun = self.write_all(&mut self.state(), frames)?;
            frames = &frames[begun..];
            if begun == 0 {
                self.stream.writable().await?;
            }
        }
        self.flush().await
    }

    /// Waits until the socket has taken all that was begun.
    pub async fn flush(&self) -> io::Result<()> {
        loop {
            let is_written = self.write_rest(&mut self.state())?;
            if is_written {
                return Ok(());
            }
            self.stream.writable().await?;
        }
    }

    /// Writes a frame and returns whether it was begun. What the socket doesn't take of it is kept.
    fn write(&self, state: &mut State, frame: &Bytes, memfd: Option<&Memfd>) -> io::Result<bool> {
        if state.is_cut || !self.write_rest(state)? {
            return Ok(false);
        }
        let written = self.write_some(frame, memfd)?;
        if written > 0 {
            state.rest = frame.slice(written..);
        }
        Ok(written > 0)
    }

    /// Writes frames, moves the cursor past those that were begun, and returns how many that are.
    /// What the socket doesn't take of the last one is kept.
    fn write_all(&self, state: &mut State, frames: &[Frame]) -> io::Result<usize> {
        let mut begun = 0;
        while let Some(frame) = frames.get(begun) {
            let others = &frames[begun..];
            let small = others
                .iter()
                .take_while(|frame| self.memfd(frame).is_none());
            let bytes = self.bytes(&frame.message);
            let at_once = match small.count() {
                0 | 1 => usize::from(self.write(state, bytes, self.memfd(frame))?),
                many => self.write_vectored(state, &others[..many])?,
            };
            begun += at_once;
            if at_once == 0 || !state.rest.is_empty() {
                break;
            }
        }
        if let Some(last) = frames[..begun].last() {
            state.cursor = last.revision;
        }
        Ok(begun)
    }

    /// A message as the client takes it.
    fn bytes<'a>(&self, message: &'a Encoded) -> &'a Bytes {
        message.frame_in(self.encoding)
    }

    /// Where a frame can be sent from the kernel's memory. What is packed is seldom long enough.
    fn memfd<'a>(&self, frame: &'a Frame) -> Option<&'a Memfd> {
        let is_plain = self.encoding == Encoding::Identity;
        frame.memfd.as_ref().filter(|_| is_plain)
    }

    /// Writes frames with one system call, and returns how many were begun.
    fn write_vectored(&self, state: &mut State, frames: &[Frame]) -> io::Result<usize> {
        if state.is_cut || !self.write_rest(state)? {
            return Ok(0);
        }
        let bytes: Vec<&Bytes> = frames
            .iter()
            .map(|frame| self.bytes(&frame.message))
            .collect();
        let slices: Vec<_> = bytes.iter().map(|bytes| IoSlice::new(bytes)).collect();
        let mut written = bytes_taken(self.stream.try_write_vectored(&slices))?;
        let mut begun = 0;
        while let Some(frame) = bytes.get(begun).filter(|_| written > 0) {
            let part = written.min(frame.len());
            state.rest = frame.slice(part..);
            written -= part;
            begun += 1;
        }
        Ok(begun)
    }

    /// Writes as much as the socket takes, and returns how many bytes that are.
    fn write_some(&self, bytes: &[u8], memfd: Option<&Memfd>) -> io::Result<usize> {
        let sent = match memfd {
            Some(memfd) => memfd.send(&self.stream, bytes.len()),
            None => SockRef::from(&self.stream).send(bytes),
        };
        match sent {
            Ok(sent @ 1..) => Ok(sent),
            // Once more the runtime's way, so that its `writable` waits where the socket is full.
            // To ask it first would be a look into memory of its own for each delivery, for what
            // the system says as well.
            _ => bytes_taken(self.stream.try_write(bytes)),
        }
    }

    /// Goes on with what was begun, and returns whether all of it is written.
    fn write_rest(&self, state: &mut State) -> io::Result<bool> {
        while !state.rest.is_empty() {
            let written = self.write_some(&state.rest, None)?;
            if written == 0 {
                return Ok(false);
            }
            state.rest = state.rest.slice(written..);
        }
        Ok(true)
    }
}

/// The number of bytes a socket took: none where it was full.
fn bytes_taken(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use shared::{Change, ProductId};
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    /// A frame of this many changes.
    fn frame(since: u64, changes: u64) -> Frame {
        let revision = since + changes;
        let changes = (since..revision).map(|n| Change::Deleted(ProductId(n + 1)));
        Frame::new(Revision(since), Revision(revision), None, changes.collect())
    }

    /// Small ones alone and in a row, and big ones: every way in which frames are written.
    fn frames() -> Vec<Frame> {
        let mut frames: Vec<Frame> = Vec::new();
        for changes in [1, 2_000, 1, 1, 1, 3_000, 2_000].repeat(40) {
            let since = frames.last().map_or(0, |frame| frame.revision.0);
            frames.push(frame(since, changes));
        }
        frames
    }

    async fn pair() -> io::Result<(TcpStream, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (page, server) = tokio::join!(
            TcpStream::connect(listener.local_addr()?),
            listener.accept()
        );
        Ok((page?, server?.0))
    }

    async fn read(page: &mut TcpStream, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        page.read_exact(&mut bytes).await.expect("all bytes");
        bytes
    }

    fn bytes(frames: &[Frame]) -> Vec<u8> {
        frames
            .iter()
            .flat_map(|frame| frame.bytes().to_vec())
            .collect()
    }

    #[test]
    fn only_big_frames_are_in_the_kernels_memory() {
        assert!(frame(0, 1).memfd.is_none());
        assert_eq!(frame(0, 2_000).memfd.is_some(), cfg!(target_os = "linux"));
    }

    #[tokio::test]
    async fn a_page_that_reads_slowly_gets_every_byte_in_order() {
        let (mut page, server) = pair().await.expect("two ends");
        let lane = Lane::new(server, Encoding::Identity);
        let frames = frames();
        let sent = bytes(&frames);
        let reader = tokio::spawn(async move {
            let mut got = Vec::new();
            while got.len() < sent.len() {
                // Now more, now less than a frame at a time.
                let some = (sent.len() - got.len()).min(1 + got.len() % 50_000);
                got.append(&mut read(&mut page, some).await);
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            got == sent
        });
        lane.send_all(&frames).await.expect("a socket");
        assert!(reader.await.expect("a reader"), "other bytes");
    }

    #[tokio::test]
    async fn what_the_hub_began_the_connection_ends() {
        let (mut page, server) = pair().await.expect("two ends");
        let lane = Arc::new(Lane::new(server, Encoding::Identity));
        lane.open(Revision(0));
        let frames = frames();
        let mut offered = 0;
        while lane.is_open() {
            lane.offer(&frames[offered..=offered]);
            offered += 1;
        }
        assert!(offered < frames.len(), "the socket took everything");
        let cursor = lane.close();
        let begun = frames.partition_point(|frame| frame.revision <= cursor);
        let writer = tokio::spawn({
            let (lane, rest) = (lane.clone(), frames[begun..].to_vec());
            async move { lane.send_all(&rest).await }
        });
        let sent = bytes(&frames);
        assert!(read(&mut page, sent.len()).await == sent, "other bytes");
        writer.await.expect("a writer").expect("a socket");
    }
}
