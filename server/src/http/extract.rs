//! What handlers take out of a request.

mod caller;
mod id;
mod locale;
mod query;
mod visitor;
mod write_request;

pub use caller::Caller;
pub use id::IdPath;
pub use locale::{COOKIE_NAME, Locale};
pub use query::{Parameters, TypedQuery, read_bool, read_each, refuse_if_any};
pub use visitor::{ClientAddress, Seated};
pub use write_request::{WriteRequest, media_type};
