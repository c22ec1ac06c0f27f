//! Whatever comes: nothing panics, and what is taken is taken the same a second time. Corpora lie in
//! `__fuzz__` beside this file; `cargo test` replays them, `cargo xtask fuzz` makes more.

use axum::http::header::{
    ACCEPT_LANGUAGE, COOKIE, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH, ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue};

use crate::api::list;
use crate::http::conditional::{expected_revision, is_not_modified};
use crate::http::extract::Locale;
use crate::http::gzip::accepts;
use crate::http::middleware::guard;
use crate::live::sse;
use crate::transfer::Format;
use crate::transfer::import::drafts;

/// Files of this format: each of their rows is a product or refused.
fn fuzz_file(format: Format) {
    bolero::check!().for_each(|bytes: &[u8]| {
        let read = drafts(format, bytes);
        // In pieces of a few bytes it is the same file.
        let pieces = drafts(format, InPieces(bytes));
        assert_eq!(read, pieces);
    });
}

/// Reads a few bytes at a time.
struct InPieces<'a>(&'a [u8]);

impl std::io::Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(3);
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn fuzz_csv_rows() {
    fuzz_file(Format::Csv);
}

#[test]
fn fuzz_json_rows() {
    fuzz_file(Format::Json);
}

#[test]
fn fuzz_ndjson_rows() {
    fuzz_file(Format::Ndjson);
}

#[test]
fn fuzz_list_queries() {
    let index = list::fuzz::index();
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(query) = std::str::from_utf8(bytes) {
            list::fuzz::page(&index, query);
        }
    });
}

#[test]
fn fuzz_headers() {
    const NAMES: [HeaderName; 7] = [
        COOKIE,
        ACCEPT_LANGUAGE,
        HOST,
        ORIGIN,
        IF_MATCH,
        IF_NONE_MATCH,
        HeaderName::from_static("accept-encoding"),
    ];
    bolero::check!().for_each(|bytes: &[u8]| {
        // One line for each header, in their order; more lines are more of them.
        let mut headers = HeaderMap::new();
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (number, line) in lines {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(NAMES[number % NAMES.len()].clone(), value);
            }
        }
        Locale::negotiate(&headers);
        let _ = guard::host_of(&headers).map(|host| guard::is_from_here(&headers, &host));
        is_not_modified(&headers, "W/\"7\"");
        expected_revision(&headers, None);
        accepts(&headers, "gzip");
        for value in headers.values() {
            if let Ok(text) = value.to_str()
                && let Some(id) = sse::EventId::parse(text)
            {
                assert_eq!(sse::EventId::parse(&id.to_string()), Some(id));
            }
        }
    });
}
