//! What is shown and why. Nothing here knows the DOM, so that all of it can be tried without a
//! browser.

pub mod bulk;
pub mod drafts;
pub mod field_text;
pub mod fold;
pub mod freshness;
pub mod history;
pub mod index;
pub mod merge;
pub mod query;
pub mod selection;
pub mod undo;
pub mod upload;
pub mod window;
