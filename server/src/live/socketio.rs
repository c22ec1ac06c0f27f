//! Live connections for programs that speak Socket.IO (Engine.IO protocol 4, Socket.IO protocol 5).
//!
//! The crate socketioxide speaks both protocols, over a WebSocket and by HTTP long-polling. What is
//! here gives it requests of sessions that are counted ([`requests`], [`session`]), hands it no more
//! for a client than its network takes ([`meter`], [`stream`]), and puts clients on the same desk
//! ([`commands`]) and the same hub: one [`relay`] for all that are in step, and a task for each that
//! has to catch up first ([`follower`]).

pub(crate) mod arguments;
mod bodies;
mod client;
mod commands;
mod door;
mod event;
mod follower;
mod meter;
mod polling;
mod relay;
mod requests;
mod session;
mod stream;
mod welcome;

pub use door::Door;
pub use requests::serve;
