//! Secrets that are too long to be guessed, of which only a hash is kept.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// A new secret of 32 random bytes, as hexadecimal digits.
pub fn new_secret() -> String {
    to_hex(&rand::random::<[u8; 32]>())
}

/// What is kept of a secret. It is random, so a fast hash will do.
pub fn hash_of(secret: &str) -> String {
    to_hex(&Sha256::digest(secret))
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
