//! What both ends of Vitrina's socket agree on.
//!
//! Nothing here does I/O: the same code runs in the server and, compiled to WASM, in the page.
//! A rule that holds on one end therefore holds on the other, in the same words. From the bottom
//! up: [`id`], [`product`], [`rules`], [`command`] and [`change`], [`catalog`], [`message`],
//! [`mirror`].

pub mod catalog;
pub mod change;
pub mod command;
pub mod history;
pub mod id;
pub mod import;
pub mod integer;
pub mod invisible;
pub mod message;
pub mod mirror;
pub mod number;
pub mod problem;
pub mod product;
pub mod reason;
pub mod role;
pub mod rules;
pub mod stock;
pub mod text;

pub use catalog::{Catalog, Decision, Digest};
pub use change::Change;
pub use command::{Call, Command, Import, OnDuplicate, RawCommand};
pub use history::{PastChange, PastChanges, Source};
pub use id::{CatalogId, ClientId, ProductId, RequestId, RequestKey, Revision};
pub use import::{ImportColumn, ImportMessage, Totals};
pub use message::{ClientMessage, Said, ServerMessage};
pub use mirror::{Mirror, Position, Step};
pub use problem::{FieldProblem, Problem};
pub use product::{Draft, Field, FieldRef, Kind, Patch, Price, PriceError, Product};
pub use reason::{FieldReason, Reason, Rule};
pub use role::Role;
pub use rules::{Fields, Normalize};
pub use stock::{LowStock, StockLevel};
pub use text::{Language, Text};
