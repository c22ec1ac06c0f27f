//! What leaves the page and what comes: the socket, the commands under way, files to import.

mod answer;
pub mod batch;
pub mod history;
mod hold;
pub mod kept;
pub mod outbox;
pub mod socket;
pub mod unpack;
pub mod upload;
pub mod wake;
pub mod windows;
