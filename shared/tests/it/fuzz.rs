//! Whatever comes: nothing panics, and what is taken is taken the same a second time.

use crate::nfc;
use shared::{ClientMessage, Fields};

#[test]
fn fuzz_messages() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(frame) = std::str::from_utf8(bytes) else {
            return;
        };
        if let Ok(message) = ClientMessage::decode(frame) {
            let again = ClientMessage::decode(&message.encode());
            assert_eq!(again.as_ref(), Ok(&message));
            // Refused or not, it is decided.
            let _ = message.command.check(nfc);
        }
    });
}

#[test]
fn fuzz_fields() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(fields) = serde_json::from_slice::<Fields>(bytes) else {
            return;
        };
        if let Ok(draft) = fields.clone().draft(nfc) {
            assert_eq!(Fields::from(&draft).draft(nfc).as_ref(), Ok(&draft));
        }
        if let Ok(draft) = fields.clone().draft_without_nulls(nfc) {
            assert_eq!(Fields::from(&draft).draft(nfc).as_ref(), Ok(&draft));
        }
        if let Ok(patch) = fields.patch(nfc) {
            assert_eq!(Fields::from(&patch).patch(nfc).as_ref(), Ok(&patch));
        }
    });
}
