//! What clients send: messages, and the fields of products.

use shared::{Fields, Said};
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
        let Ok(said) = Said::decode(frame) else {
            return;
        };
        let again = Said::decode(&said.encode()).expect("it is the same message");
        let (Said::Command(message), Said::Command(again)) = (said.clone(), again.clone()) else {
            assert_eq!(said, again);
            return;
        };
        assert_eq!(again.request, message.request);
        // What is refused may have numbers of more digits than are kept.
        if let Ok(command) = message.command.check(nfc) {
            assert_eq!(again.command.check(nfc), Ok(command));
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

#[test]
fn socketio_events() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(event) = std::str::from_utf8(bytes) {
            vitrina::fuzz::socketio_event(event);
        }
    });
}
