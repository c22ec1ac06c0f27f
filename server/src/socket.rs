//! One live connection: a cursor into the catalog's history, frames out, commands in.
//!
//! The connection holds no queue of its own. It asks the hub what comes after its cursor, writes
//! that, and opens its [`Lane`], on which the hub writes from then on. When the network takes no
//! more the lane closes, and the connection asks again once it does.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use shared::{
    CatalogId, ClientMessage, PageId, Reason, RequestId, RequestKey, Revision, ServerMessage, Text,
};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::desk::{Answer, Desk, Done};
use crate::hub::{After, Hub, Snapshot, Viewer};
use crate::journal::Key;
use crate::lane::{self, Lane, LaneStream};

/// Most bytes of a frame from a page: a product with every field at its limit, each character
/// escaped, has 140 KiB.
pub const MOST_FRAME_BYTES: usize = 256 * 1024;

/// Every connection has such a buffer, and hardly ever anything in it. A command that doesn't fit
/// is read in several steps.
const READ_BUFFER_BYTES: usize = 256;

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
    Close(CloseCode),
    /// The server stops.
    Stop,
}

/// Serves one live page until it leaves. `early` is what it sent right after its handshake.
pub async fn serve(stream: TcpStream, early: Vec<u8>, visitor: Visitor, live: Live) {
    let peer = visitor.peer;
    tracing::info!(%peer, pages = live.viewer.count(), "cliente conectado");
    let lane = Arc::new(Lane::new(stream));
    live.hub.add_lane(&lane);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_message_size(Some(MOST_FRAME_BYTES))
        .max_frame_size(Some(MOST_FRAME_BYTES));
    let stream = LaneStream(lane.clone());
    let role = Role::Server;
    let socket = WebSocketStream::from_partially_read(stream, early, role, Some(config)).await;
    let mut connection = Connection::new(socket, lane, visitor, live);
    let Err(end) = connection.run().await;
    Box::pin(connection.finish(end)).await;
    let Connection { live, .. } = connection;
    tracing::info!(%peer, pages = live.viewer.count() - 1, "cliente desconectado");
}

struct Connection {
    /// What comes in, and the protocol's own frames.
    socket: WebSocketStream<LaneStream>,
    /// What goes out.
    lane: Arc<Lane>,
    visitor: Visitor,
    live: Live,
    /// Everything up to here has been sent; `None` before a snapshot has. While the lane is open
    /// the lane knows better.
    cursor: Option<Revision>,
    /// The lane was opened, so its cursor counts.
    was_opened: bool,
    /// A snapshot on its way, and its next part.
    snapshot: Option<(Arc<Snapshot>, usize)>,
    /// The page was told that it is in step.
    greeted: bool,
    commands: VecDeque<(RequestId, oneshot::Receiver<Answer>)>,
    heard: Instant,
    next_ping: Instant,
}

/// Never a value: a connection runs until it ends.
type Forever = std::convert::Infallible;

impl Connection {
    fn new(
        socket: WebSocketStream<LaneStream>,
        lane: Arc<Lane>,
        visitor: Visitor,
        live: Live,
    ) -> Self {
        let known = visitor.position.as_ref();
        let now = Instant::now();
        lane.set_pulse(live.hub.latest_pulse().0);
        Self {
            cursor: known
                .filter(|(catalog, _)| catalog == live.hub.id())
                .map(|(_, revision)| *revision),
            was_opened: false,
            next_ping: now + live.patience.ping,
            heard: now,
            socket,
            lane,
            visitor,
            live,
            snapshot: None,
            greeted: false,
            commands: VecDeque::new(),
        }
    }

    /// Everything but waiting is boxed: an idle connection, as most are at any time, holds the
    /// memory of waiting alone.
    async fn run(&mut self) -> Result<Forever, End> {
        loop {
            let more = !self.lane.is_open() && Box::pin(self.catch_up()).await?;
            let silent = self.heard + self.live.patience.silent;
            let ready_for_commands = self.commands.len() < COMMANDS_UNDER_WAY;
            tokio::select! {
                biased;
                () = self.live.stop.cancelled() => return Err(End::Stop),
                answer = next_answer(&mut self.commands) => {
                    let message = answered(answer, &self.visitor.text);
                    Box::pin(self.send(&message)).await?;
                }
                message = self.socket.next(), if ready_for_commands => {
                    let message = message.ok_or(End::Gone)?.map_err(|error| ended(&error))?;
                    self.heard = Instant::now();
                    Box::pin(self.take(message)).await?;
                }
                () = std::future::ready(()), if more => {}
                () = self.lane.closed() => {}
                () = sleep_until(self.next_ping.min(silent)) => {
                    Box::pin(self.look_after_time(silent)).await?;
                }
            }
        }
    }

    /// A page that is there answers a ping; one that was silent for too long is not.
    async fn look_after_time(&mut self, silent: Instant) -> Result<(), End> {
        let now = Instant::now();
        // A page that waits for the desk is not read, so nothing can be heard of it.
        let is_read = self.commands.len() < COMMANDS_UNDER_WAY;
        if now >= silent && is_read {
            return Err(End::Close(CloseCode::Again));
        }
        self.next_ping = now + self.live.patience.ping;
        let ping = self.socket.send(Message::Ping(Bytes::new()));
        bounded(ping, &self.live)
            .await?
            .map_err(|error| ended(&error))
    }

    /// Sends what the page should have by now, at most a snapshot's part or the frames it missed
    /// at a time, and opens the lane when that was all. Tells whether there is more.
    async fn catch_up(&mut self) -> Result<bool, End> {
        if std::mem::take(&mut self.was_opened) {
            self.cursor = Some(self.lane.close());
        }
        self.settle().await?;
        if let Some((snapshot, next)) = &mut self.snapshot {
            if let Some(part) = snapshot.part(*next).cloned() {
                *next += 1;
                self.send_frame(&part).await?;
                return Ok(true);
            }
            self.cursor = Some(snapshot.revision());
            self.snapshot = None;
        }
        let after = match self.cursor {
            Some(cursor) => self.live.hub.after(cursor),
            None => After::Unknown,
        };
        match (after, self.cursor) {
            (After::Frames(frames), _) => {
                let sent = self.lane.send_all(&frames);
                bounded(sent, &self.live).await?.map_err(|_| End::Gone)?;
                self.cursor = frames.last().map(|frame| frame.revision);
                Ok(true)
            }
            (After::Nothing, Some(cursor)) => {
                self.send_pulse().await?;
                self.lane.open(cursor);
                self.was_opened = true;
                // What was published before the lane was open passed it by.
                if matches!(self.live.hub.after(cursor), After::Nothing) {
                    return Ok(false);
                }
                self.lane.close();
                Ok(true)
            }
            (After::Unknown, _) | (After::Nothing, None) => {
                self.snapshot = Some((self.live.hub.snapshot().await, 0));
                Ok(true)
            }
        }
    }

    /// The pulse comes when the page is in step, so that it can compare.
    async fn send_pulse(&mut self) -> Result<(), End> {
        if !self.greeted {
            self.greeted = true;
            let pulse = self.live.hub.pulse_now();
            return self.send_frame(&pulse).await;
        }
        let (number, pulse) = self.live.hub.latest_pulse();
        if number == self.lane.pulse() {
            return Ok(());
        }
        self.lane.set_pulse(number);
        self.send_frame(&pulse).await
    }

    async fn take(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Text(frame) => self.take_command(&frame).await,
            Message::Binary(_) => self.refuse(None, &Reason::NotText).await,
            // tungstenite answers pings and closes by itself.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Ok(()),
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
                    .map(|page| Key::Page(RequestKey { page, request }));
                let answer = self.live.desk.hand_in(command, key).await;
                self.commands.push_back((request, answer));
                Ok(())
            }
            Err(reason) => self.refuse(Some(request), &reason).await,
        }
    }

    async fn refuse(&mut self, request: Option<RequestId>, reason: &Reason) -> Result<(), End> {
        let message = refused(request, reason, &self.visitor.text);
        self.send(&message).await
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), End> {
        self.send_frame(&lane::encode(message)).await
    }

    async fn send_frame(&mut self, frame: &Bytes) -> Result<(), End> {
        self.settle().await?;
        let sent = self.lane.send(frame);
        bounded(sent, &self.live).await?.map_err(|_| End::Gone)
    }

    /// Has tungstenite finish what it began, a pong most likely.
    async fn settle(&mut self) -> Result<(), End> {
        let flushed = self.socket.flush();
        bounded(flushed, &self.live)
            .await?
            .map_err(|error| ended(&error))
    }

    /// Says goodbye where there is somebody to hear it.
    async fn finish(&mut self, end: End) {
        /// A page that is there answers a close at once; one that isn't is not waited for.
        const GOODBYE: Duration = Duration::from_secs(2);
        let code = match end {
            End::Gone => return,
            End::Close(code) => code,
            End::Stop => CloseCode::Restart,
        };
        self.lane.close();
        let goodbye = async {
            if code == CloseCode::Restart {
                self.finish_commands().await?;
            }
            let reason = Utf8Bytes::default();
            let close = Message::Close(Some(CloseFrame { code, reason }));
            self.socket.send(close).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            Ok::<(), Error>(())
        };
        // Whatever fails here, the connection is over.
        let _ = timeout(GOODBYE, goodbye).await;
    }

    /// Answers what was taken and tells the page when to come back.
    async fn finish_commands(&mut self) -> Result<(), Error> {
        self.socket.flush().await?;
        while !self.commands.is_empty() {
            let answer = next_answer(&mut self.commands).await;
            let message = answered(answer, &self.visitor.text);
            self.lane.send(&lane::encode(&message)).await?;
        }
        let most = u32::try_from(self.live.patience.come_back.as_millis()).unwrap_or(u32::MAX);
        let retry_after_ms = rand::random_range(0..=most);
        let closing = ServerMessage::Closing { retry_after_ms };
        Ok(self.lane.send(&lane::encode(&closing)).await?)
    }
}

/// Waits for something to be written, but neither for ever nor while the server stops.
async fn bounded<T>(written: impl Future<Output = T>, live: &Live) -> Result<T, End> {
    tokio::select! {
        biased;
        written = timeout(live.patience.stalled, written) => {
            written.map_err(|_| End::Close(CloseCode::Again))
        }
        // What is written by halves is written on with the goodbye.
        () = live.stop.cancelled() => Err(End::Stop),
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

fn answered((request, answer): (RequestId, Answer), words: &Text) -> ServerMessage {
    match answer {
        Ok(Done { revision, id, .. }) => ServerMessage::Done {
            request,
            revision,
            id,
        },
        Err(reason) => refused(Some(request), &reason, words),
    }
}

fn refused(request: Option<RequestId>, reason: &Reason, words: &Text) -> ServerMessage {
    let problem = reason.tell(words);
    ServerMessage::Refused { request, problem }
}

/// What an error of the socket means for the connection.
fn ended(error: &Error) -> End {
    match error {
        // RFC 6455 section 7.4.1: a message too big to process.
        Error::Capacity(_) => End::Close(CloseCode::Size),
        // A text frame that is not UTF-8.
        Error::Utf8(_) => End::Close(CloseCode::Invalid),
        Error::Protocol(_) => End::Close(CloseCode::Protocol),
        _ => End::Gone,
    }
}
