//! Tickets: for a moment they stand for a session or a token where no header can be sent, such as in the
//! address of a browser's WebSocket. Any server of the journal can read them.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::secret::to_hex;
use super::to_ms;

/// How long a ticket is good for: as long as it takes to connect.
pub const TICKET_TIME: Duration = Duration::from_secs(30);

/// A ticket for whoever has this key, signed with the secret that all servers know.
pub fn issue(secret: &str, key: &str, now: u64) -> Option<String> {
    let until = now.saturating_add(to_ms(TICKET_TIME));
    // Without a secret anybody could write one.
    let sign = (!secret.is_empty()).then(|| sign(secret, key, until))?;
    Some(format!("{key}.{until}.{sign}"))
}

/// The key of a ticket that is good now.
pub fn read(secret: &str, ticket: &str, now: u64) -> Option<String> {
    let (key, rest) = ticket.split_once('.')?;
    let (until, found) = rest.split_once('.')?;
    let until = until.parse().ok().filter(|until| *until > now)?;
    let wanted = sign(secret, key, until);
    // Compared by their hashes, so that the time it takes tells nothing about where they differ.
    let is_right = Sha256::digest(found) == Sha256::digest(wanted);
    (is_right && !secret.is_empty()).then(|| key.to_owned())
}

/// HMAC (RFC 2104) with SHA-256.
fn sign(secret: &str, key: &str, until: u64) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // A key of any length will do.
        return String::new();
    };
    mac.update(format!("vitrina ticket\n{key}\n{until}").as_bytes());
    to_hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_for_a_moment_and_for_whom_it_was_written() {
        let ticket = issue("secret", "key", 1_000).expect("a ticket");
        assert_eq!(read("secret", &ticket, 1_000).as_deref(), Some("key"));
        assert_eq!(read("secret", &ticket, 30_999).as_deref(), Some("key"));
        assert_eq!(read("secret", &ticket, 31_000), None);
        assert_eq!(read("other", &ticket, 1_000), None);
        assert_eq!(read("secret", &ticket.replace("key", "kez"), 1_000), None);
        assert_eq!(
            read("secret", &ticket.replace("31000", "99000"), 1_000),
            None
        );
        assert_eq!(issue("", "key", 1_000), None);
        for wrong in ["", ".", "..", "key.31000.", "key.x.y"] {
            assert_eq!(read("secret", wrong, 1_000), None, "{wrong}");
            assert_eq!(read("", wrong, 1_000), None, "{wrong}");
        }
    }
}
