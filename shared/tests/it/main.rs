//! What `shared` promises, tried through its public items. One program, so that it links once.

mod catalog;
mod message;
mod mirror;
mod product;
mod reason;
mod rules;
mod text;
