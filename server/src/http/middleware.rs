//! What every request passes on its way in and out.

pub mod at_least;
pub mod finish;
pub mod guard;
pub mod identify;
pub mod measure;
pub mod pack;
pub mod security_headers;
pub mod trace;
pub mod unpack;
