//! The embedded files over HTTP, in the smallest form that a client takes.

use std::path::Component;

use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery};
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed_for_web::{EmbedableFile, RustEmbed};

use crate::embedded::{Dist, Views};
use crate::http::conditional::is_not_modified;
use crate::http::gzip::accepts;
use crate::http::problem::Rejection;

/// The URL of a file with a mark of its contents, so that it may be cached indefinitely.
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
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    // A path that is no text is no file's.
    let name = name.ok().filter(|Path(name)| is_inside(name));
    let file = name.and_then(|Path(name)| Dist::get(&name));
    let file = file.ok_or(Rejection::NoSuchRoute)?;
    Ok(to_response(&file, query.as_deref(), &headers))
}

/// `GET /views/style.css`.
pub async fn style(query: RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    view("style.css", query, &headers)
}

/// `GET /favicon.svg`.
pub async fn icon(query: RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    view("favicon.svg", query, &headers)
}

/// `GET /icon.png`: the same for the home screen of a phone.
pub async fn touch_icon(query: RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    view("icon.png", query, &headers)
}

/// `GET /socket.io/socket.io.js`: the client, where Socket.IO's own server has it.
pub async fn socketio_client(query: RawQuery, headers: HeaderMap) -> Result<Response, Rejection> {
    view("vendor/socket.io.js", query, &headers)
}

fn view(name: &str, RawQuery(query): RawQuery, headers: &HeaderMap) -> Result<Response, Rejection> {
    let file = Views::get(name).ok_or(Rejection::NoSuchRoute)?;
    Ok(to_response(&file, query.as_deref(), headers))
}

/// Whether a path stays in its folder. A debug build reads from the disk, where `..` leads out.
fn is_inside(path: &str) -> bool {
    let mut parts = std::path::Path::new(path).components();
    parts.all(|part| matches!(part, Component::Normal(_)))
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

fn to_response<F: EmbedableFile<Data: Send>>(
    file: &F,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let mark = mark(file);
    let cache = if query == Some(format!("v={mark}").as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let (encoding, body) = encode(file, headers);
    // Another encoding is another representation (RFC 9110 section 8.8.3.3).
    let etag = format!("\"{mark}-{}\"", encoding.unwrap_or("plain"));
    let common = [
        (CACHE_CONTROL, cache.to_owned()),
        (VARY, "accept-encoding".to_owned()),
        (ETAG, etag.clone()),
    ];
    if is_not_modified(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let media_type = file.mime_type().map(|media_type| {
        let media_type: &str = media_type.as_ref();
        media_type.to_owned()
    });
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let mut response = (common, [(CONTENT_TYPE, media_type)], body).into_response();
    if let Some(encoding) = encoding {
        let encoding = HeaderValue::from_static(encoding);
        response.headers_mut().insert(CONTENT_ENCODING, encoding);
    }
    response
}

/// The smallest form of the file that the client takes, as it lies in the program.
fn encode<F: EmbedableFile<Data: Send>>(
    file: &F,
    headers: &HeaderMap,
) -> (Option<&'static str>, Bytes) {
    let packed = [("br", file.data_br()), ("gzip", file.data_gzip())].into_iter();
    let mut packed = packed.filter(|(coding, _)| accepts(headers, coding));
    match packed.find_map(|(coding, data)| Some((coding, data?))) {
        Some((coding, data)) => (Some(coding), Bytes::from_owner(data)),
        None => (None, Bytes::from_owner(file.data())),
    }
}
