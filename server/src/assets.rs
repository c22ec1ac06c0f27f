//! Files: what trunk built, and the views. In a release build they are part of the binary,
//! compressed when it was built; in a debug build they are read from disk at each request, so
//! that an edit shows on reload.

use axum::extract::{Path, RawQuery};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed_for_web::{EmbedableFile, RustEmbed};
use shared::Reason;

use crate::conditional::has_it;
use crate::language::Reader;
use crate::problem::Refusal;

/// Whether the files are part of the binary and can't change.
pub const ARE_EMBEDDED: bool = !cfg!(debug_assertions);

#[derive(RustEmbed)]
#[folder = "../dist"]
struct Dist;

#[derive(RustEmbed)]
#[folder = "../views"]
struct Views;

/// A view's text; empty where there is no such file.
pub fn view(name: &str) -> String {
    Views::get(name)
        .map(|file| String::from_utf8_lossy(&file.data()).into_owned())
        .unwrap_or_default()
}

/// The URL of a file with a mark of its contents, so that it may be cached for ever.
pub fn url(path: &str) -> String {
    let hash = match path.strip_prefix("/assets/") {
        Some(name) => Dist::get(name).map(|file| mark(&file)),
        None => Views::get(view_name(path)).map(|file| mark(&file)),
    };
    match hash {
        Some(hash) => format!("{path}?v={hash}"),
        None => path.to_owned(),
    }
}

/// `GET /assets/...`: what trunk built.
pub async fn dist(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    reader: Reader,
    headers: HeaderMap,
) -> Response {
    match Dist::get(&name) {
        Some(file) => answer(&file, query.as_deref(), &headers),
        None => Refusal(Reason::NoSuchRoute, reader.text).into_response(),
    }
}

/// `GET /views/style.css`.
pub async fn style(RawQuery(query): RawQuery, reader: Reader, headers: HeaderMap) -> Response {
    view_file("style.css", query.as_deref(), reader, &headers)
}

/// `GET /favicon.svg`.
pub async fn icon(RawQuery(query): RawQuery, reader: Reader, headers: HeaderMap) -> Response {
    view_file("favicon.svg", query.as_deref(), reader, &headers)
}

fn view_file(name: &str, query: Option<&str>, reader: Reader, headers: &HeaderMap) -> Response {
    match Views::get(name) {
        Some(file) => answer(&file, query, headers),
        None => Refusal(Reason::NoSuchRoute, reader.text).into_response(),
    }
}

fn view_name(path: &str) -> &str {
    path.trim_start_matches("/views/").trim_start_matches('/')
}

/// A mark of a file's contents that is safe in a URL.
fn mark(file: &impl EmbedableFile) -> String {
    let hash = file.hash();
    let hash: &str = hash.as_ref();
    hash.chars()
        .filter(char::is_ascii_alphanumeric)
        .take(16)
        .collect()
}

fn answer(file: &impl EmbedableFile, query: Option<&str>, headers: &HeaderMap) -> Response {
    let mark = mark(file);
    let cache = if query == Some(format!("v={mark}").as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let (encoding, body) = encoded(file, headers);
    // Another encoding is another representation (RFC 9110 section 8.8.3.3).
    let etag = format!("\"{mark}-{}\"", encoding.unwrap_or("plain"));
    let common = [
        (CACHE_CONTROL, cache.to_owned()),
        (VARY, "accept-encoding".to_owned()),
        (ETAG, etag.clone()),
    ];
    if has_it(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let media_type = file.mime_type().map(|media_type| {
        let media_type: &str = media_type.as_ref();
        media_type.to_owned()
    });
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut response = (common, [(CONTENT_TYPE, media_type)], body).into_response();
    if let Some(encoding) = encoding {
        let encoding = axum::http::HeaderValue::from_static(encoding);
        response.headers_mut().insert(CONTENT_ENCODING, encoding);
    }
    response
}

/// The smallest form of the file that the client takes.
fn encoded(file: &impl EmbedableFile, headers: &HeaderMap) -> (Option<&'static str>, Vec<u8>) {
    if accepts(headers, "br")
        && let Some(data) = file.data_br()
    {
        return (Some("br"), data.as_ref().to_vec());
    }
    if accepts(headers, "gzip")
        && let Some(data) = file.data_gzip()
    {
        return (Some("gzip"), data.as_ref().to_vec());
    }
    (None, file.data().as_ref().to_vec())
}

/// Whether `Accept-Encoding` names a coding, other than with `q=0` (RFC 9110 section 12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(coding) && !refused
        })
}
