//! Answers that go on while something happens.

use axum::http::{HeaderName, HeaderValue};

/// Keeps proxies that know it, such as nginx, from holding a part of an answer back until more has
/// come.
pub const NO_BUFFERING: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-accel-buffering"),
    HeaderValue::from_static("no"),
);
