//! Live connections over a WebSocket, which take commands as well.

mod connection;
mod upgrade;

pub use upgrade::upgrade;
