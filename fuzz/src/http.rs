//! What HTTP brings: the parameters of lists, and headers.

use vitrina::fuzz::{Listing, headers};

#[test]
fn list_queries() {
    let listing = Listing::new();
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(query) = std::str::from_utf8(bytes) {
            listing.page(query);
        }
    });
}

#[test]
fn header_values() {
    bolero::check!().for_each(|bytes: &[u8]| {
        // One line for each, in turn.
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        headers(&lines);
    });
}
