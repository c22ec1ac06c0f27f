//! One live connection: a cursor into the catalog's history, frames out, commands in.
//!
//! The connection holds no queue of its own. It is woken, asks the hub what comes after its
//! cursor, and writes that with one flush; while the network takes nothing it asks for nothing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::SinkExt;
use shared::{
    CatalogId, ClientMessage, PageId, Reason, RequestId, RequestKey, Revision, ServerMessage, Text,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::desk::{Answer, Desk, Done};
use crate::hub::{After, Frame, Hub, Snapshot, Viewer};

/// Most bytes of a frame from a page: a product with every field at its limit, each character
/// escaped, has 140 KiB.
pub const MOST_FRAME_BYTES: usize = 256 * 1024;

/// A page's messages are small and rare. One that doesn't fit is read in several steps.
pub const READ_BUFFER_BYTES: usize = 1024;

/// Commands of one connection that wait for the desk. A page that sends more is read no further
/// until the first are answered: it can fill no more of the desk's queue than this.
const COMMANDS_UNDER_WAY: usize = 64;

/// How long a connection may be silent, and how long it may take nothing. Tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Time between two pings. A page that is there answers each.
    pub ping: Duration,
    /// A connection from which nothing came for so long is dead.
    pub silent: Duration,
    /// A connection that took nothing for so long is closed; its page comes back and skips ahead.
    pub stalled: Duration,
    /// When the server stops, its pages come back after a random time up to this.
    pub come_back: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(15),
            silent: Duration::from_mins(1),
            stalled: Duration::from_mins(1),
            come_back: Duration::from_secs(3),
        }
    }
}

/// Who connects, and what it knows already.
pub struct Visitor {
    /// Where it connects from.
    pub peer: SocketAddr,
    /// The name the page gave itself, under which its request numbers count.
    pub page: Option<PageId>,
    /// The catalog it has, and how far.
    pub position: Option<(CatalogId, Revision)>,
    /// The words its refusals are told in.
    pub text: Arc<Text>,
}

/// What a connection works with.
pub struct Live {
    /// Where changes come from.
    pub hub: Arc<Hub>,
    /// Where commands go.
    pub desk: Desk,
    /// The place among the live pages.
    pub viewer: Viewer,
    /// See [`Patience`].
    pub patience: Patience,
    /// The server stops.
    pub stop: CancellationToken,
}

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The page left, or the network lost it.
    Gone,
    /// The page is still there and told why it is closed, with a code of RFC 6455 section 7.4.1.
    Close(u16),
    /// The server stops.
    Stop,
}

/// Serves one live page until it leaves.
pub async fn serve(socket: WebSocket, visitor: Visitor, live: Live) {
    let peer = visitor.peer;
    tracing::info!(%peer, pages = live.viewer.count(), "cliente conectado");
    let mut connection = Connection::new(socket, visitor, live);
    let Err(end) = connection.run().await;
    connection.finish(end).await;
    let viewer = connection.live.viewer;
    drop(connection.socket);
    tracing::info!(%peer, pages = viewer.count() - 1, "cliente desconectado");
}

struct Connection {
    socket: WebSocket,
    visitor: Visitor,
    live: Live,
    /// Everything up to here has been sent; `None` before a snapshot has.
    cursor: Option<Revision>,
    /// A snapshot on its way, and its next part.
    snapshot: Option<(Arc<Snapshot>, usize)>,
    /// The number of the latest pulse that was sent or needn't be.
    pulse: u64,
    /// The page was told that it is in step.
    greeted: bool,
    commands: VecDeque<(RequestId, oneshot::Receiver<Answer>)>,
    heard: Instant,
    next_ping: Instant,
}

/// Never a value: a connection runs until it ends.
type Forever = std::convert::Infallible;

impl Connection {
    fn new(socket: WebSocket, visitor: Visitor, live: Live) -> Self {
        let known = visitor.position.as_ref();
        let now = Instant::now();
        Self {
            cursor: known
                .filter(|(catalog, _)| catalog == live.hub.id())
                .map(|(_, revision)| *revision),
            pulse: live.hub.latest_pulse().0,
            next_ping: now + live.patience.ping,
            heard: now,
            socket,
            visitor,
            live,
            snapshot: None,
            greeted: false,
            commands: VecDeque::new(),
        }
    }

    async fn run(&mut self) -> Result<Forever, End> {
        loop {
            let more = self.send_due().await?;
            let silent = self.heard + self.live.patience.silent;
            let ready_for_commands = self.commands.len() < COMMANDS_UNDER_WAY;
            tokio::select! {
                biased;
                () = self.live.stop.cancelled() => return Err(End::Stop),
                answer = next_answer(&mut self.commands) => {
                    self.send(answered(answer, &self.visitor.text)).await?;
                }
                message = self.socket.recv(), if ready_for_commands => {
                    let message = message.ok_or(End::Gone)?.map_err(|error| ended(&error))?;
                    self.heard = Instant::now();
                    self.take(message).await?;
                }
                () = std::future::ready(()), if more => {}
                () = self.live.viewer.woken() => {}
                () = sleep_until(self.next_ping) => {
                    self.next_ping = Instant::now() + self.live.patience.ping;
                    self.send(Message::Ping(Bytes::new())).await?;
                }
                () = sleep_until(silent), if ready_for_commands => {
                    return Err(End::Close(close_code::AGAIN));
                }
            }
        }
    }

    /// Sends what the page should have by now, at most a snapshot's part or the frames it missed
    /// at a time. Tells whether there is more.
    async fn send_due(&mut self) -> Result<bool, End> {
        if let Some((snapshot, next)) = &mut self.snapshot {
            if let Some(part) = snapshot.part(*next).cloned() {
                *next += 1;
                self.send(Message::Text(part)).await?;
                return Ok(true);
            }
            self.cursor = Some(snapshot.revision());
            self.snapshot = None;
        }
        let after = match self.cursor {
            Some(cursor) => self.live.hub.after(cursor),
            None => After::Unknown,
        };
        match after {
            After::Unknown => {
                self.snapshot = Some((self.live.hub.snapshot().await, 0));
                Ok(true)
            }
            After::Frames(frames) => {
                self.send_frames(&frames).await?;
                self.cursor = frames.last().map(|frame| frame.revision);
                Ok(true)
            }
            After::Nothing => {
                self.send_pulse().await?;
                Ok(false)
            }
        }
    }

    /// The pulse comes when the page is in step, so that it can compare.
    async fn send_pulse(&mut self) -> Result<(), End> {
        if !self.greeted {
            self.greeted = true;
            let pulse = self.live.hub.pulse_now();
            return self.send(Message::Text(pulse)).await;
        }
        let (number, pulse) = self.live.hub.latest_pulse();
        if number == self.pulse {
            return Ok(());
        }
        self.pulse = number;
        self.send(Message::Text(pulse)).await
    }

    async fn take(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Text(frame) => self.take_command(&frame).await,
            Message::Binary(_) => self.refuse(None, &Reason::NotText).await,
            // tungstenite answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        }
    }

    async fn take_command(&mut self, frame: &Utf8Bytes) -> Result<(), End> {
        let message = match ClientMessage::decode(frame) {
            Ok(message) => message,
            Err((request, reason)) => return self.refuse(request, &reason).await,
        };
        let request = message.request();
        match message.command() {
            Ok(command) => {
                let key = self
                    .visitor
                    .page
                    .clone()
                    .map(|page| RequestKey { page, request });
                let answer = self.live.desk.hand_in(command, key).await;
                self.commands.push_back((request, answer));
                Ok(())
            }
            Err(reason) => self.refuse(Some(request), &reason).await,
        }
    }

    async fn refuse(&mut self, request: Option<RequestId>, reason: &Reason) -> Result<(), End> {
        let message = refused(request, reason, &self.visitor.text);
        self.send(message).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let written = self.socket.send(message);
        bounded(written, &self.live.patience, &self.live.stop).await
    }

    /// Writes all frames with one flush.
    async fn send_frames(&mut self, frames: &[Frame]) -> Result<(), End> {
        let socket = &mut self.socket;
        let written = async {
            for frame in frames {
                socket.feed(Message::Text(frame.text.clone())).await?;
            }
            socket.flush().await
        };
        bounded(written, &self.live.patience, &self.live.stop).await
    }

    /// Says goodbye where there is somebody to hear it.
    async fn finish(&mut self, end: End) {
        /// A page that is there answers a close at once; one that isn't is not waited for.
        const GOODBYE: Duration = Duration::from_secs(2);
        let code = match end {
            End::Gone => return,
            End::Close(code) => code,
            End::Stop => close_code::RESTART,
        };
        let goodbye = async {
            if code == close_code::RESTART {
                self.finish_commands().await?;
            }
            let reason = Utf8Bytes::default();
            let close = Message::Close(Some(CloseFrame { code, reason }));
            self.socket.send(close).await?;
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        // Whatever fails here, the connection is over.
        let _ = timeout(GOODBYE, goodbye).await;
    }

    /// Answers what was taken and tells the page when to come back.
    async fn finish_commands(&mut self) -> Result<(), axum::Error> {
        while !self.commands.is_empty() {
            let answer = next_answer(&mut self.commands).await;
            let message = answered(answer, &self.visitor.text);
            self.socket.send(message).await?;
        }
        let most = u32::try_from(self.live.patience.come_back.as_millis()).unwrap_or(u32::MAX);
        let retry_after_ms = rand::random_range(0..=most);
        let closing = ServerMessage::Closing { retry_after_ms };
        self.socket.send(text(&closing)).await
    }
}

/// Waits for something to be written, but neither for ever nor while the server stops.
async fn bounded(
    written: impl Future<Output = Result<(), axum::Error>>,
    patience: &Patience,
    stop: &CancellationToken,
) -> Result<(), End> {
    tokio::select! {
        biased;
        written = timeout(patience.stalled, written) => match written {
            Ok(written) => written.map_err(|error| ended(&error)),
            Err(_) => Err(End::Close(close_code::AGAIN)),
        },
        // What is written by halves is written on with the goodbye.
        () = stop.cancelled() => Err(End::Stop),
    }
}

/// The next answer of the desk, in the order of the commands. Cancelling it loses nothing.
async fn next_answer(
    commands: &mut VecDeque<(RequestId, oneshot::Receiver<Answer>)>,
) -> (RequestId, Answer) {
    let Some((request, answer)) = commands.front_mut() else {
        return std::future::pending().await;
    };
    let request = *request;
    // A desk that is gone has taken the command no further.
    let answer = answer.await.unwrap_or(Err(Reason::Stopping));
    commands.pop_front();
    (request, answer)
}

fn answered((request, answer): (RequestId, Answer), words: &Text) -> Message {
    match answer {
        Ok(Done { revision, id }) => text(&ServerMessage::Done {
            request,
            revision,
            id,
        }),
        Err(reason) => refused(Some(request), &reason, words),
    }
}

fn refused(request: Option<RequestId>, reason: &Reason, words: &Text) -> Message {
    let problem = reason.tell(words);
    text(&ServerMessage::Refused { request, problem })
}

fn text(message: &ServerMessage) -> Message {
    Message::Text(message.encode().into())
}

/// What an error of the socket means for the connection.
fn ended(error: &axum::Error) -> End {
    use tokio_tungstenite::tungstenite::Error;
    let source = std::error::Error::source(error);
    match source.and_then(|error| error.downcast_ref::<Error>()) {
        // RFC 6455 section 7.4.1: a message too big to process.
        Some(Error::Capacity(_)) => End::Close(close_code::SIZE),
        // A text frame that is not UTF-8.
        Some(Error::Utf8(_)) => End::Close(close_code::INVALID),
        Some(Error::Protocol(_)) => End::Close(close_code::PROTOCOL),
        _ => End::Gone,
    }
}
