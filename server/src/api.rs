//! `/api`: the same commands as over the socket, and the same catalog, for every program that
//! speaks HTTP.

pub mod access;
pub mod batch;
pub mod docs;
pub mod files;
pub mod history;
pub mod list;
pub mod operator;
pub mod products;
