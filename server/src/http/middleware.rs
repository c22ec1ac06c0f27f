//! What every request passes on its way in and out.

pub mod finish;
pub mod origin;
pub mod security_headers;
pub mod trace;
pub mod unpack;
