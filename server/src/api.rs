//! `/api`: the same commands as over the socket, and the same catalog, for every program that
//! speaks HTTP.

mod aside;
mod asked;
pub mod batch;
pub mod events;
pub mod import_export;
pub mod list;
mod parameters;
pub mod products;

use std::sync::Arc;

pub use batch::{MOST_BYTES as MOST_BATCH_BYTES, batch};
pub use events::stream;
pub use import_export::{export, import};
pub use list::{categories, list};
pub use products::{add, delete, read, replace, update};

use crate::desk::Desk;
use crate::hub::Hub;

/// What the writing handlers work with.
#[derive(Clone)]
pub struct Api {
    /// Where commands go.
    pub desk: Desk,
    /// Where the catalog is.
    pub hub: Arc<Hub>,
}
