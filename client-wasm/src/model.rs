//! What is shown and why. Nothing here knows the DOM, so that all of it can be tried without a
//! browser.

pub mod field_text;
pub mod freshness;
pub mod upload;
