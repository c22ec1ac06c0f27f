//! Conditional requests (RFC 9110 section 13).

use axum::http::HeaderMap;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use shared::{Product, Revision};

/// The entity tag of a product: its revision.
pub fn product_tag(product: &Product) -> String {
    format!("\"{}\"", product.revision)
}

/// The entity tag of what is made of the whole catalog. Weak, since compressed and plain are the
/// same to it.
pub fn catalog_tag(revision: Revision) -> String {
    format!("W/\"{revision}\"")
}

/// Whether the client has what this entity tag names (`If-None-Match`, the weak comparison).
pub fn has_it(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|given| given.trim().trim_start_matches("W/"))
        .any(|given| given == tag.trim_start_matches("W/") || given == "*")
}

/// The revision an `If-Match` wants a product to be at: the one it is at, if that is among those
/// named. `None` where any will do. A weak tag never matches.
pub fn wanted(headers: &HeaderMap, product: Option<&Product>) -> Option<Revision> {
    let mut named = headers
        .get_all(IF_MATCH)
        .into_iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .peekable();
    named.peek()?;
    let current = product.map(product_tag);
    match named.find(|tag| *tag == "*" || Some(*tag) == current.as_deref()) {
        Some("*") => None,
        Some(_) => product.map(|product| product.revision),
        // No product is ever at revision 0.
        None => Some(Revision(0)),
    }
}
