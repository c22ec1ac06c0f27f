//! The headers that keep a browser from being misused.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

/// Scripts and styles from here alone, none inline; `wasm-unsafe-eval` is what lets the page
/// compile WASM and nothing else. Thumbnails may come from anywhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' http: https: data:; connect-src 'self'; manifest-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// The same for the API's documentation, whose library styles its elements inline.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What of a device the pages use: the camera, to read codes with.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(self), display-capture=(), geolocation=(), gyroscope=(), hid=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Whether a request is for the API's documentation, which has a policy of its own.
pub fn is_for_docs(request: &Request) -> bool {
    request.uri().path().starts_with("/api/docs/")
}

/// Adds the security headers to an answer.
pub fn add_to(response: &mut Response, is_for_docs: bool) {
    let fixed: [(HeaderName, HeaderValue); 6] = [
        (
            CONTENT_SECURITY_POLICY,
            if is_for_docs { DOCS_POLICY } else { POLICY },
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, PERMISSIONS),
    ];
    let headers = response.headers_mut();
    headers.extend(fixed);
    // A page with a form says another: of one that tells nobody where one comes from the browser doesn't
    // even tell this server (Fetch Standard, "append a request Origin header").
    let referrer = headers.entry(REFERRER_POLICY);
    referrer.or_insert(HeaderValue::from_static("no-referrer"));
    // Without a word of it a cache may keep an answer for as long as it likes (RFC 9111 section
    // 4.2.2). One that has a tag can be asked about, the others are for once.
    if !headers.contains_key(CACHE_CONTROL) {
        let policy = if headers.contains_key(ETAG) {
            "no-cache"
        } else {
            "no-store"
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(policy));
    }
}
