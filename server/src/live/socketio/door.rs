//! What serves clients of Socket.IO: the crate's service, the relay, and the way to the desk.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, SocketIo};

use super::commands::CommandSink;
use super::meter::MAX_WAITING_ANSWERS;
use super::relay::Relay;
use super::session::Sessions;
use super::welcome::welcome;
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::limits::MAX_COMMAND_BYTES;
use crate::http::shutdown::Shutdown;
use crate::live::READ_BUFFER_BYTES;
use crate::live::timeouts::Timeouts;

/// How long a session may exist before its client joins.
const HELLO_TIME: Duration = Duration::from_secs(5);

/// The most packets that the crate queues for a client. It loses what doesn't fit, and takes a
/// client for dead when the queue is full at the time of a ping: a meter keeps it from filling up.
const MAX_QUEUED_PACKETS: usize = 4 * MAX_WAITING_ANSWERS;

/// The most bytes of a request with packets, and of the answer to a poll. What waits for a client has
/// fewer: when a poll takes only a part of it, the crate sets the next packet aside, and forgets it if
/// the client goes on to a WebSocket.
pub const MAX_POLL_BYTES: usize = 1024 * 1024;

/// Where Socket.IO's clients come in.
pub struct Door {
    /// The hub, which counts clients.
    pub hub: Arc<Hub>,
    /// The end of the server.
    pub shutdown: Shutdown,
    /// The sessions that requests can name.
    pub sessions: Arc<Sessions>,
    /// The crate's side of requests. It has a service behind it for other paths, and is asked for
    /// its own alone.
    pub service: SocketIoService<Router>,
    /// Who tells clients what is new, as long as the door is open.
    _relay: Arc<Relay>,
    /// Where their commands go, as long as the door is open.
    _sink: Arc<CommandSink>,
}

impl Door {
    /// A door to this desk and hub.
    pub fn new(hub: Arc<Hub>, desk: Desk, timeouts: Timeouts, shutdown: Shutdown) -> Self {
        let answer_time = timeouts.silent.saturating_sub(timeouts.ping);
        let (service, io) = SocketIo::builder()
            .ping_interval(timeouts.ping)
            .ping_timeout(answer_time.max(timeouts.ping))
            .connect_timeout(HELLO_TIME)
            .max_payload(MAX_POLL_BYTES as u64)
            .max_buffer_size(MAX_QUEUED_PACKETS)
            .ws_read_buffer_size(READ_BUFFER_BYTES)
            .ws_max_message_size(MAX_COMMAND_BYTES)
            .ws_max_frame_size(MAX_COMMAND_BYTES)
            // No command has attachments, and what waits for some would be kept.
            .with_parser(ParserConfig::common().max_incoming_binaries(0))
            .build_with_inner_svc(Router::new());
        let tasks = shutdown.tasks.clone();
        let relay = Relay::new(
            hub.clone(),
            desk.clone(),
            io.clone(),
            timeouts,
            shutdown.clone(),
        );
        let sink = Arc::new(CommandSink { desk, tasks });
        let relay = Arc::new(relay);
        welcome(&io, Arc::downgrade(&relay), Arc::downgrade(&sink));
        Self {
            sessions: Arc::new(Sessions::new(hub.max_clients())),
            hub,
            shutdown,
            service,
            _relay: relay,
            _sink: sink,
        }
    }
}
