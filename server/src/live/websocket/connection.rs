//! One live connection: a cursor into the catalog's history, frames out, commands in.
//!
//! The connection holds no queue of its own. It asks its [`Cursor`] what comes next, writes that,
//! and opens its [`Lane`], on which the hub writes from then on. When the network takes no more
//! the lane closes, and the connection asks again once it does.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{SinkExt, StreamExt};
use shared::{
    ClientId, Position, ProductId, Reason, RequestId, RequestKey, Said, ServerMessage, Source, Text,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_util::sync::CancellationToken;

use crate::access::Visitor;
use crate::engine::desk::{Answer, Desk, Done, PendingAnswer};
use crate::engine::hub::{Cursor, Encoded, Encoding, Hub, Lane, LaneStream, Next, Viewer};
use crate::engine::journal::Key;
use crate::http::extract::Caller;
use crate::http::limits::MAX_COMMAND_BYTES;
use crate::live::hello::resume;
use crate::live::timeouts::Timeouts;
use crate::live::{MAX_COMMANDS_UNDER_WAY, READ_BUFFER_BYTES};
use crate::unicode::nfc;

/// The most bytes of pongs that wait for a client: one that sends pings and reads nothing ends.
const MAX_PONG_BYTES: usize = 16 * 1024;

/// A client that is there answers a close at once; one that isn't is not waited for.
const GOODBYE_TIME: Duration = Duration::from_secs(2);

/// The client that connects, and what it knows already.
pub struct Handshake {
    /// Where it connects from.
    pub caller: Caller,
    /// The name that the client gave itself, under which its request numbers count.
    pub client: Option<ClientId>,
    /// How far it has come.
    pub position: Option<Position>,
    /// In which form it takes messages.
    pub encoding: Encoding,
    /// The words in which it is told of refusals.
    pub text: Arc<Text>,
    /// Who it is.
    pub visitor: Visitor,
    /// Ends once they may not do what they could; there is none of those of whom nothing is known.
    pub gone: Option<BoxFuture<'static, ()>>,
}

/// The parts of the server that a connection works with.
pub struct Context {
    /// The hub, from which changes come.
    pub hub: Arc<Hub>,
    /// The desk, to which commands go.
    pub desk: Desk,
    /// Its place among the clients.
    pub viewer: Viewer,
    /// How long the client is waited for.
    pub timeouts: Timeouts,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

/// Why a connection ends.
#[derive(Debug)]
enum End {
    /// The client left, or the network lost it.
    Gone,
    /// The client is still there and told why it is closed, with a code of RFC 6455 section 7.4.1.
    Close(CloseCode),
    /// The server stops.
    Stop,
}

/// Serves one client until it leaves. `early` is what it sent right after its handshake.
pub async fn serve(stream: TcpStream, early: Vec<u8>, handshake: Handshake, context: Context) {
    let Handshake {
        caller, visitor, ..
    } = &handshake;
    caller.connected(visitor, context.viewer.count(), "websocket");
    let lane = Arc::new(Lane::new(stream, handshake.encoding));
    context.hub.add_lane(&lane);
    let stream = LaneStream(lane.clone());
    let role = Role::Server;
    let socket = WebSocketStream::from_partially_read(stream, early, role, Some(config())).await;
    let cursor = resume(&context.hub, &context.desk, handshake.position.as_ref()).await;
    let mut connection = Connection::new(socket, lane, cursor, handshake, context);
    let Err(end) = connection.run().await;
    Box::pin(connection.finish(end)).await;
    let Connection {
        context, handshake, ..
    } = connection;
    let Handshake {
        caller, visitor, ..
    } = &handshake;
    caller.disconnected(visitor, context.viewer.count() - 1, "websocket");
}

/// What a client may have of memory.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_PONG_BYTES)
        .max_message_size(Some(MAX_COMMAND_BYTES))
        .max_frame_size(Some(MAX_COMMAND_BYTES))
}

/// Tells a page why it is not served, by this code.
pub async fn turn_away(stream: TcpStream, early: Vec<u8>, code: CloseCode) {
    let role = Role::Server;
    let socket = WebSocketStream::from_partially_read(stream, early, role, Some(config()));
    let mut socket = socket.await;
    // Whatever fails here, the connection is over.
    let _ = timeout(GOODBYE_TIME, close(&mut socket, code)).await;
}

/// Closes a socket, and waits until the other end has.
async fn close<S>(socket: &mut WebSocketStream<S>, code: CloseCode) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let reason = Utf8Bytes::default();
    let close = Message::Close(Some(CloseFrame { code, reason }));
    socket.send(close).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

struct Connection {
    /// Reads what comes in, and writes the protocol's own frames.
    socket: WebSocketStream<LaneStream>,
    /// Writes everything else.
    lane: Arc<Lane>,
    handshake: Handshake,
    context: Context,
    /// How far it has come. While the lane is open the lane knows better.
    cursor: Cursor,
    /// Whether the lane was opened, so that its revision counts.
    was_opened: bool,
    /// Whether the client was told that it is in step.
    is_greeted: bool,
    commands: VecDeque<(RequestId, PendingAnswer)>,
    heard: Instant,
    next_ping: Instant,
}

/// Has no value: a connection runs until it ends.
type Never = std::convert::Infallible;

impl Connection {
    fn new(
        socket: WebSocketStream<LaneStream>,
        lane: Arc<Lane>,
        cursor: Cursor,
        handshake: Handshake,
        context: Context,
    ) -> Self {
        let now = Instant::now();
        let hub = &context.hub;
        lane.set_pulse(hub.latest_pulse().map_or(0, |(number, _)| number));
        Self {
            cursor,
            was_opened: false,
            next_ping: now + context.timeouts.ping,
            heard: now,
            socket,
            lane,
            handshake,
            context,
            is_greeted: false,
            commands: VecDeque::new(),
        }
    }

    /// Runs the connection. Everything but waiting is boxed: an idle connection, as most are at any
    /// time, holds the memory of waiting alone.
    async fn run(&mut self) -> Result<Never, End> {
        loop {
            let more = !self.lane.is_open() && Box::pin(self.catch_up()).await?;
            let silent = self.heard + self.context.timeouts.silent;
            let ready_for_commands = self.commands.len() < MAX_COMMANDS_UNDER_WAY;
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return Err(End::Stop),
                () = until(&mut self.handshake.gone) => return Err(End::Close(CloseCode::Policy)),
                answer = next_answer(&mut self.commands) => {
                    let message = to_message(answer, &self.handshake.text);
                    Box::pin(self.send(&message)).await?;
                }
                message = self.socket.next(), if ready_for_commands => {
                    let message = message.ok_or(End::Gone)?.map_err(|error| to_end(&error))?;
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

    /// Looks whether the client is still there: it answers a ping, and is not silent for too long.
    async fn look_after_time(&mut self, silent: Instant) -> Result<(), End> {
        let now = Instant::now();
        // A client that waits for the desk is not read, so nothing can be heard of it.
        let is_read = self.commands.len() < MAX_COMMANDS_UNDER_WAY;
        if now >= silent && is_read {
            return Err(End::Close(CloseCode::Again));
        }
        self.next_ping = now + self.context.timeouts.ping;
        let ping = self.socket.send(Message::Ping(Bytes::new()));
        bounded(ping, &self.context)
            .await?
            .map_err(|error| to_end(&error))
    }

    /// Sends what the client should have by now, at most a snapshot's part or the frames that it
    /// missed at a time, and opens the lane when that was all. Returns whether there is more.
    async fn catch_up(&mut self) -> Result<bool, End> {
        if std::mem::take(&mut self.was_opened) {
            self.cursor.move_to(self.lane.close());
        }
        self.settle().await?;
        match self.cursor.next(&self.context.hub).await {
            Next::Part(part, _) => {
                self.send_encoded(&part).await?;
                Ok(true)
            }
            Next::Frames(frames) => {
                let sent = self.lane.send_all(&frames);
                bounded(sent, &self.context).await?.map_err(|_| End::Gone)?;
                Ok(true)
            }
            // It comes back, is told that its list is another, and drops what it asked for in it.
            Next::Replaced => Err(End::Close(CloseCode::Again)),
            Next::InStep(revision) => {
                self.send_pulse().await?;
                self.lane.open(revision);
                self.was_opened = true;
                // What was published before the lane was open passed it by.
                let has_all = self.cursor.is_in_step(&self.context.hub);
                if !has_all {
                    self.lane.close();
                }
                Ok(!has_all)
            }
        }
    }

    /// Sends the pulse once the client is in step, so that it can compare.
    async fn send_pulse(&mut self) -> Result<(), End> {
        if !self.is_greeted {
            self.is_greeted = true;
            let pulse = self.context.hub.pulse_now();
            return self.send_encoded(&pulse).await;
        }
        match self.context.hub.latest_pulse() {
            Some((number, pulse)) if number != self.lane.pulse() => {
                self.lane.set_pulse(number);
                self.send_encoded(&pulse).await
            }
            _ => Ok(()),
        }
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
        let message = match Said::decode(frame) {
            Ok(Said::Command(message)) => message,
            Ok(Said::Open(id)) => return self.open(id).await,
            Err((request, reason)) => return self.refuse(request, &reason).await,
        };
        let request = message.request;
        match message.command.check(nfc) {
            Ok(command) => {
                let client = self.handshake.client.clone();
                let key = client.map(|client| Key::Client(RequestKey { client, request }));
                let author = self.handshake.visitor.author(Source::Page);
                let answer = self.context.desk.hand_in(command, &author, key).await;
                self.commands.push_back((request, answer));
                Ok(())
            }
            Err(reason) => self.refuse(Some(request), &reason).await,
        }
    }

    /// The others are told which product is open here. It counts as a command, and is of those who may give any.
    async fn open(&mut self, id: Option<ProductId>) -> Result<(), End> {
        match self.handshake.visitor.author(Source::Page).check() {
            Ok(()) => {
                self.context.viewer.open(id);
                Ok(())
            }
            Err(reason) => self.refuse(None, &reason).await,
        }
    }

    async fn refuse(&mut self, request: Option<RequestId>, reason: &Reason) -> Result<(), End> {
        let message = refusal(request, reason, &self.handshake.text);
        self.send(&message).await
    }

    async fn send(&mut self, message: &ServerMessage) -> Result<(), End> {
        self.send_encoded(&Encoded::new(message)).await
    }

    async fn send_encoded(&mut self, message: &Encoded) -> Result<(), End> {
        self.settle().await?;
        let sent = self.lane.send(message);
        bounded(sent, &self.context).await?.map_err(|_| End::Gone)
    }

    /// Has tungstenite finish what it began, a pong most likely.
    async fn settle(&mut self) -> Result<(), End> {
        let flushed = self.socket.flush();
        bounded(flushed, &self.context)
            .await?
            .map_err(|error| to_end(&error))
    }

    /// Says goodbye where there is somebody to hear it.
    async fn finish(&mut self, end: End) {
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
            close(&mut self.socket, code).await
        };
        // Whatever fails here, the connection is over.
        let _ = timeout(GOODBYE_TIME, goodbye).await;
    }

    /// Answers what was taken and tells the client when to come back.
    async fn finish_commands(&mut self) -> Result<(), Error> {
        self.socket.flush().await?;
        while !self.commands.is_empty() {
            let answer = next_answer(&mut self.commands).await;
            let message = to_message(answer, &self.handshake.text);
            self.lane.send(&Encoded::new(&message)).await?;
        }
        let max = u32::try_from(self.context.timeouts.come_back.as_millis()).unwrap_or(u32::MAX);
        let retry_after_ms = rand::random_range(0..=max);
        let closing = ServerMessage::Closing { retry_after_ms };
        Ok(self.lane.send(&Encoded::new(&closing)).await?)
    }
}

/// Waits for something to be written, but neither without an end nor while the server stops.
async fn bounded<T>(written: impl Future<Output = T>, context: &Context) -> Result<T, End> {
    tokio::select! {
        biased;
        written = timeout(context.timeouts.stalled, written) => {
            written.map_err(|_| End::Close(CloseCode::Again))
        }
        // What is written by halves is written on with the goodbye.
        () = context.stop.cancelled() => Err(End::Stop),
    }
}

/// Waits for something that may never come.
async fn until(end: &mut Option<BoxFuture<'static, ()>>) {
    match end {
        Some(end) => end.await,
        None => std::future::pending().await,
    }
}

/// The next answer of the desk, in the order of the commands. Cancelling it loses nothing.
async fn next_answer(commands: &mut VecDeque<(RequestId, PendingAnswer)>) -> (RequestId, Answer) {
    let Some((request, answer)) = commands.front_mut() else {
        return std::future::pending().await;
    };
    let request = *request;
    let answer = answer.get().await;
    commands.pop_front();
    (request, answer)
}

fn to_message((request, answer): (RequestId, Answer), text: &Text) -> ServerMessage {
    match answer {
        Ok(Done { revision, id, .. }) => ServerMessage::Done {
            request,
            revision,
            id,
        },
        Err(reason) => refusal(Some(request), &reason, text),
    }
}

fn refusal(request: Option<RequestId>, reason: &Reason, text: &Text) -> ServerMessage {
    let problem = reason.tell(text);
    ServerMessage::Refused { request, problem }
}

/// What an error of the socket means for the connection.
fn to_end(error: &Error) -> End {
    match error {
        // RFC 6455 section 7.4.1: a message too big to process.
        Error::Capacity(_) => End::Close(CloseCode::Size),
        // A text frame that is not UTF-8.
        Error::Utf8(_) => End::Close(CloseCode::Invalid),
        Error::Protocol(_) => End::Close(CloseCode::Protocol),
        _ => End::Gone,
    }
}
