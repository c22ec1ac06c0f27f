//! What `shared` promises, tried through its public items. One program, so that it links once.

mod catalog;
mod message;
mod rules;
mod text;
