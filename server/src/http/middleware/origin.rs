//! Keeps out what pages of other sites send.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::problem::Rejection;

/// Refuses changes and sockets that a page of another site asks for, unless that site is one of
/// these.
pub async fn same_origin(
    State(origins): State<Arc<[HeaderValue]>>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_socket = request.uri().path() == "/ws";
    let headers = request.headers();
    let is_welcome = || {
        headers
            .get(ORIGIN)
            .is_some_and(|origin| origins.contains(origin))
    };
    if (is_socket || !only_reads) && !is_from_here(headers) && !is_welcome() {
        return Err(Rejection::ForeignOrigin);
    }
    Ok(next.run(request).await)
}

/// Whether a request is from this server's own pages, or from no page at all: programs send no
/// `Origin` (RFC 6454 section 7), browsers do and can't be made not to.
fn is_from_here(headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(ORIGIN).into_iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return !headers.contains_key(ORIGIN);
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let Some(((scheme, authority), host)) = origin.split_once("://").zip(host) else {
        return false;
    };
    let host = without_default_port(scheme, host);
    without_default_port(scheme, authority).eq_ignore_ascii_case(host)
}

/// A host and port without the port that its scheme has anyway: some proxies write it.
fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let default = if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    authority.strip_suffix(default).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_here(origin: &'static str, host: &'static str) -> bool {
        let headers = [(ORIGIN, origin), (HOST, host)];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        is_from_here(&headers.into_iter().collect())
    }

    #[test]
    fn a_default_port_is_written_or_not() {
        assert!(is_here("https://shop.example", "shop.example:443"));
        assert!(is_here("https://shop.example:443", "Shop.example"));
        assert!(is_here("http://shop.example", "shop.example:80"));
        assert!(is_here("http://[::1]", "[::1]:80"));
        assert!(is_here("http://shop.example:8080", "shop.example:8080"));
        assert!(!is_here("https://shop.example", "shop.example:80"));
        assert!(!is_here("http://shop.example", "shop.example:443"));
        assert!(!is_here("https://shop.example", "shop.example:8443"));
        assert!(!is_here("https://evil.example", "shop.example"));
        assert!(!is_here("null", "null"));
    }
}
