//! One connection's way out.
//!
//! A lane is open while its connection is in step and has nothing of its own to say. Then the hub
//! writes each new frame straight to the socket: no task is woken, no queue is kept, and a
//! delivery is one system call. When the socket takes no more the lane closes and wakes its
//! connection, which goes on from its cursor at its own pace.

mod stream;

use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use shared::{Revision, ServerMessage};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as WebSocketFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

pub use stream::LaneStream;

/// One encoded `changes` message.
#[derive(Clone)]
pub struct Frame {
    /// The revision before its first change.
    pub since: Revision,
    /// The revision of its last change.
    pub revision: Revision,
    /// The message as it stands on the wire.
    pub bytes: Bytes,
}

/// A message as it stands on the wire: a text frame (RFC 6455 section 5.6).
pub fn encode(message: &ServerMessage) -> Bytes {
    let json = message.encode();
    let mut bytes = Vec::with_capacity(json.len() + 10);
    let frame = WebSocketFrame::message(json, OpCode::Data(Data::Text), true);
    // Writing to a vector can't fail.
    let _ = frame.format(&mut bytes);
    bytes.into()
}

/// The message in a frame that [`encode`] made (RFC 6455 section 5.2): what follows its length.
pub fn payload(frame: &Bytes) -> &[u8] {
    let header = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(header..).unwrap_or_default()
}

/// One connection's way out.
pub struct Lane {
    stream: TcpStream,
    state: Mutex<State>,
    /// The lane was closed by the hub: its connection has to look after itself.
    closed: Notify,
}

struct State {
    is_open: bool,
    /// Everything up to here has been written, or is in `rest`.
    cursor: Revision,
    /// The number of the latest pulse that was written.
    pulse: u64,
    /// What is left of a frame of which the socket took only the beginning.
    rest: Bytes,
    /// tungstenite wrote a part of a frame; nothing may come between its parts.
    is_cut: bool,
}

impl Lane {
    /// A closed lane into this socket.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            state: Mutex::new(State {
                is_open: false,
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
    }

    /// Keeps the hub from writing; gives the revision up to which it has.
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

    /// Notes a pulse the connection wrote itself.
    pub fn set_pulse(&self, number: u64) {
        self.state().pulse = number;
    }

    /// The hub's new frames, if the lane is open.
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

    /// The hub's new pulse, if the lane is open.
    pub fn offer_pulse(&self, number: u64, pulse: &Bytes) {
        let mut state = self.state();
        if state.is_open {
            let is_taken = self.write(&mut state, pulse).unwrap_or(false);
            state.pulse = number;
            self.close_unless(&mut state, is_taken);
        }
    }

    fn close_unless(&self, state: &mut State, all_taken: bool) {
        if !all_taken || !state.rest.is_empty() {
            state.is_open = false;
            self.closed.notify_one();
        }
    }

    /// Sends one frame. Cancelled, it leaves no half of a frame behind that is not accounted for.
    pub async fn send(&self, frame: &Bytes) -> io::Result<()> {
        loop {
            let is_begun = self.write(&mut self.state(), frame)?;
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

    /// Writes a frame; tells whether it was begun. What the socket doesn't take of it is kept.
    fn write(&self, state: &mut State, frame: &Bytes) -> io::Result<bool> {
        if state.is_cut || !self.write_rest(state)? {
            return Ok(false);
        }
        let written = self.write_some(frame)?;
        if written > 0 {
            state.rest = frame.slice(written..);
        }
        Ok(written > 0)
    }

    /// Writes frames with one system call; gives how many were begun, and moves the cursor past
    /// them. What the socket doesn't take of the last is kept.
    fn write_all(&self, state: &mut State, frames: &[Frame]) -> io::Result<usize> {
        let mut begun = 0;
        if let [frame] = frames {
            begun = usize::from(self.write(state, &frame.bytes)?);
        } else if !state.is_cut && self.write_rest(state)? {
            let slices: Vec<_> = frames.iter().map(|f| IoSlice::new(&f.bytes)).collect();
            let mut written = taken(self.stream.try_write_vectored(&slices))?;
            while let Some(frame) = frames.get(begun).filter(|_| written > 0) {
                let part = written.min(frame.bytes.len());
                state.rest = frame.bytes.slice(part..);
                written -= part;
                begun += 1;
            }
        }
        if let Some(last) = frames[..begun].last() {
            state.cursor = last.revision;
        }
        Ok(begun)
    }

    /// Writes as much as the socket takes; gives how many bytes that were.
    fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        match SockRef::from(&self.stream).send(bytes) {
            // Once more the runtime's way, so that its `writable` waits. To ask it first would be
            // a look into memory of its own for each delivery, for what `send` tells as well.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                taken(self.stream.try_write(bytes))
            }
            sent => sent,
        }
    }

    /// Writes on what was begun; tells whether all of it is written.
    fn write_rest(&self, state: &mut State) -> io::Result<bool> {
        while !state.rest.is_empty() {
            let written = self.write_some(&state.rest)?;
            if written == 0 {
                return Ok(false);
            }
            state.rest = state.rest.slice(written..);
        }
        Ok(true)
    }
}

/// How many bytes a socket took; none where it was full.
fn taken(written: io::Result<usize>) -> io::Result<usize> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}
