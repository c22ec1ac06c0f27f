//! Live connections: clients that are told every change as it happens.

mod handshake;
mod hello;
pub mod history;
pub mod socketio;
pub mod sse;
pub mod timeouts;
pub mod websocket;

/// The most commands of one client that wait for the desk. A client that sends more is read no further
/// until the first are answered: it can fill no more of the desk's queue than this.
const MAX_COMMANDS_UNDER_WAY: usize = 64;

/// Every WebSocket has such a buffer, and hardly ever anything in it. A command that doesn't fit is
/// read in several steps.
const READ_BUFFER_BYTES: usize = 256;
