//! What `shared` promises, tried through its public items. One program, so that it links once.

mod catalog;
mod message;
mod mirror;
mod product;
mod reason;
mod rules;
mod text;

/// Texts in tests are normalized already, unless a test is about that.
fn nfc(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfc(text).collect()
}
