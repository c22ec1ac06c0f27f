//! What clients send: messages, and the fields of products.

use shared::{ClientMessage, Fields};
use unicode_normalization::UnicodeNormalization;

fn nfc(text: &str) -> String {
    text.nfc().collect()
}

#[test]
fn messages() {
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
fn fields() {
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
