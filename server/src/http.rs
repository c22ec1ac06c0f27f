//! What the doors share: how a connection is accepted, what a handler takes, how it refuses.

pub mod accept;
pub mod archive;
pub mod base_path;
pub mod body;
pub mod conditional;
pub mod extract;
pub mod gzip;
mod http2;
pub mod limits;
pub mod listen;
pub mod middleware;
pub mod openapi;
pub mod pool;
pub mod problem;
pub mod proxies;
pub mod shutdown;
pub mod socket;
pub mod streaming;
pub mod tls;
