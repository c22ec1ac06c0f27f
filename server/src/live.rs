//! Live connections: clients that are told every change as it happens.

pub mod sse;
pub mod timeouts;
pub mod websocket;
