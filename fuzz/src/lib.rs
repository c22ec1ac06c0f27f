//! Random input for everything that reads what strangers send: nothing panics, and what is taken is
//! taken the same a second time.
//!
//! `cargo test` replays the corpora that lie in `__fuzz__` and tries a second of random input;
//! `cargo xtask fuzz` has libFuzzer look for more.

#![cfg(test)]

mod client;
mod files;
mod http;
