//! What both ends of Vitrina's socket agree on.
//!
//! Nothing here does I/O: the same code runs in the server and, compiled to WASM, in the page.
//! A rule that holds on one end therefore holds on the other, in the same words.

pub mod catalog;
pub mod change;
pub mod import;
pub mod message;
pub mod mirror;
pub mod problem;
pub mod product;
pub mod rules;
pub mod text;
pub mod whole;

pub use catalog::{Catalog, Decision, Digest};
pub use change::{
    CatalogId, Change, Command, OnDuplicate, PageId, RequestId, RequestKey, Revision,
};
pub use import::{ImportMessage, Totals};
pub use message::{ClientMessage, ServerMessage};
pub use mirror::{Mirror, Step};
pub use problem::{FieldReason, Problem, Reason};
pub use product::{Draft, Patch, Price, Product, ProductId};
pub use rules::Fields;
pub use text::{Language, Text};
