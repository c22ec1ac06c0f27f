//! Live connections: clients that are told every change as it happens.

mod handshake;
pub mod socketio;
pub mod sse;
pub mod timeouts;
pub mod websocket;
