//! How much a request may have and how long it may take.

use std::time::Duration;

use axum::Extension;
use axum::extract::DefaultBodyLimit;

/// The most bytes of a command, as the body of a request or as a frame from a client: a product
/// with every field at its limit, each character escaped, has 140 KiB.
pub const MAX_COMMAND_BYTES: usize = 256 * 1024;

/// How long a request may take, its body included.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The limit that a route's bodies have, for the extractor that tells of it.
#[derive(Clone, Copy)]
pub struct BodyLimit(pub usize);

/// A layer that limits the bodies of a route to this many bytes.
pub fn body_limit(max_bytes: usize) -> (DefaultBodyLimit, Extension<BodyLimit>) {
    let limit = Extension(BodyLimit(max_bytes));
    (DefaultBodyLimit::max(max_bytes), limit)
}
