//! The two folders of files that belong to the program: what trunk built, and the views. In a
//! release build they are part of the binary, compressed when it was built; in a debug build they
//! are read from disk each time, so that an edit shows on reload.

use rust_embed_for_web::{EmbedableFile, RustEmbed};

/// Whether the files are part of the binary and can't change.
pub const ARE_EMBEDDED: bool = !cfg!(debug_assertions);

/// The client as trunk built it.
#[derive(RustEmbed)]
#[folder = "../dist"]
pub struct Dist;

/// Templates, style and words.
#[derive(RustEmbed)]
#[folder = "../views"]
pub struct Views;

/// A view's text; empty where there is no such file.
pub fn view(name: &str) -> String {
    Views::get(name)
        .map(|file| String::from_utf8_lossy(&file.data()).into_owned())
        .unwrap_or_default()
}
