//! Conditional requests (RFC 9110 section 13).

use axum::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::headers::{ETag, HeaderMapExt, IfMatch, IfNoneMatch};
use shared::{Product, Revision};

/// The entity tag of a product: its revision.
pub fn product_tag(product: &Product) -> String {
    format!("\"{}\"", product.revision)
}

/// The entity tag of what is made of the whole catalog. It is weak, since the compressed and the
/// plain form share it.
pub fn catalog_tag(revision: Revision) -> String {
    format!("W/\"{revision}\"")
}

/// Whether the client has what this entity tag stands for (`If-None-Match`, which takes the weak
/// comparison).
pub fn is_not_modified(headers: &HeaderMap, tag: &str) -> bool {
    if has_odd_tag(headers, &IF_NONE_MATCH) {
        return false;
    }
    let given = headers.typed_get::<IfNoneMatch>();
    let tag: Result<ETag, _> = tag.parse();
    matches!((given, tag), (Some(given), Ok(tag)) if !given.precondition_passes(&tag))
}

/// The answer to a client that has what this entity tag stands for.
pub fn not_modified(tag: &str) -> Response {
    let vary = [(VARY, "accept-encoding")];
    (StatusCode::NOT_MODIFIED, vary, [(ETAG, tag)]).into_response()
}

/// The revision at which `If-Match` wants a product to be: the one it is at, if that is among those that
/// are named; else the newest of these, since another server may know more of it. `None` where any
/// will do. A weak tag never matches.
pub fn expected_revision(headers: &HeaderMap, product: Option<&Product>) -> Option<Revision> {
    if has_odd_tag(headers, &IF_MATCH) {
        return Some(NEVER);
    }
    let given: IfMatch = headers.typed_get()?;
    if given.is_any() {
        return None;
    }
    let is_named = |product: &&Product| {
        let tag: Result<ETag, _> = product_tag(product).parse();
        tag.is_ok_and(|tag| given.precondition_passes(&tag))
    };
    let product = product.filter(is_named);
    let known = product.map(|product| product.revision);
    Some(known.or_else(|| newest_named(headers)).unwrap_or(NEVER))
}

/// The newest revision that a tag of `If-Match` stands for.
fn newest_named(headers: &HeaderMap) -> Option<Revision> {
    let lines = headers.get_all(IF_MATCH).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let tags = lines.flat_map(|line| line.split(','));
    let revision = |tag: &str| {
        let digits = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
        let number: u64 = digits.parse().ok()?;
        // As it is written, and no other way.
        (number.to_string() == digits).then_some(Revision(number))
    };
    tags.filter_map(revision).max()
}

/// No product is ever at this revision.
pub const NEVER: Revision = Revision(0);

/// Whether an entity tag has a space in it, which none has (RFC 9110 section 8.8.3), or goes on in
/// another line of the header: what reads them expects it no more than we do.
fn has_odd_tag(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).into_iter().any(|value| {
        let mut is_quoted = false;
        let has_space = value.as_bytes().iter().any(|byte| {
            is_quoted ^= *byte == b'"';
            is_quoted && byte.is_ascii_whitespace()
        });
        has_space || is_quoted
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::json;

    use super::*;

    fn headers(name: &HeaderName, lines: &[&'static str]) -> HeaderMap {
        let values = lines.iter().map(|line| HeaderValue::from_static(line));
        values.map(|value| (name.clone(), value)).collect()
    }

    fn at_revision(revision: u64) -> Product {
        serde_json::from_value(json!({
            "id": 1, "revision": revision, "title": "t", "description": "", "code": "c",
            "price": 1, "status": true, "stock": 1, "category": "c", "thumbnails": [],
        }))
        .expect("a product")
    }

    #[test]
    fn a_tag_says_the_revision() {
        assert_eq!(product_tag(&at_revision(7)), "\"7\"");
        assert_eq!(catalog_tag(Revision(7)), "W/\"7\"");
        let response = not_modified("\"7\"");
        assert_eq!(response.status(), 304);
        assert_eq!(response.headers()[ETAG], "\"7\"");
    }

    #[test]
    fn a_client_has_what_one_of_its_tags_names_weak_or_not() {
        let has =
            |lines: &[&'static str], tag| is_not_modified(&headers(&IF_NONE_MATCH, lines), tag);
        assert!(has(&["\"7\""], "\"7\""));
        assert!(has(&["W/\"7\""], "\"7\""));
        assert!(has(&["\"7\""], "W/\"7\""));
        assert!(has(&["\"6\", \"7\""], "\"7\""));
        assert!(has(&["\"6\"", "\"7\""], "\"7\""));
        assert!(has(&["*"], "\"7\""));
        assert!(!has(&["\"6\""], "\"7\""));
        assert!(!has(&[], "\"7\""));
        assert!(!has(&["\"a\tb\""], "\"7\""));
        assert!(!has(&["\"7\", \"a b\""], "\"7\""));
        // A comma inside a tag parts nothing.
        assert!(!has(&["\"6,\"7\",8\""], "\"7\""));
        assert!(has(&["\"a,b\", \"7\""], "\"7\""));
        assert!(has(&["\"a,b\""], "\"a,b\""));
    }

    #[test]
    fn a_write_expects_the_revision_that_its_tag_names() {
        let product = at_revision(7);
        let expects =
            |lines: &[&'static str]| expected_revision(&headers(&IF_MATCH, lines), Some(&product));
        assert_eq!(expects(&[]), None);
        assert_eq!(expects(&["*"]), None);
        assert_eq!(expects(&["\"7\""]), Some(Revision(7)));
        assert_eq!(expects(&["\"6\", \"7\""]), Some(Revision(7)));
        assert_eq!(expects(&["\"6\"", "\"7\""]), Some(Revision(7)));
        assert_eq!(expects(&["\"6\""]), Some(Revision(6)));
        assert_eq!(
            expects(&["\"9\", \"12\", W/\"20\"", "\"x\""]),
            Some(Revision(12))
        );
        assert_eq!(expects(&["W/\"7\""]), Some(Revision(0)));
        assert_eq!(expects(&["\"6,7\""]), Some(Revision(0)));
        let none = expected_revision(&headers(&IF_MATCH, &["\"7\""]), None);
        assert_eq!(none, Some(Revision(7)));
    }
}
