//! Long answers, a piece at a time: one that nobody reads costs a few pieces, and what it costs to
//! compress them nobody else waits for.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, VARY};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use super::pool::GzipPool;

/// About how many bytes a piece should have.
pub const PIECE_BYTES: usize = 16 * 1024;

/// Answers of less than this come as they are: in a packet or two either way.
pub const MIN_GZIP_BYTES: usize = 1024;

/// How many pieces are compressed at a time, at most: half a millisecond or so.
const STEP_PIECES: usize = 4;

/// An answer with this body, which is compressed where the client takes gzip. A piece that can't be
/// made breaks it off.
pub fn respond(
    headers: &HeaderMap,
    pool: &GzipPool,
    pieces: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
) -> Response {
    let mut pieces = pieces.fuse().peekable();
    let first = pieces.next().unwrap_or_else(|| Ok(Bytes::new()));
    let is_alone = pieces.peek().is_none();
    let vary = [(VARY, "accept-encoding")];
    let first = match first {
        // Whole, so that its length is told.
        Ok(first) if is_alone && (first.len() < MIN_GZIP_BYTES || !accepts(headers, "gzip")) => {
            return (vary, first).into_response();
        }
        first => first,
    };
    let pieces = std::iter::once(first).chain(pieces);
    if accepts(headers, "gzip")
        && let Some(place) = pool.place()
    {
        let body = gzip(pool, place, pieces);
        return (vary, [(CONTENT_ENCODING, "gzip")], body).into_response();
    }
    (vary, Body::from_stream(stream::iter(pieces))).into_response()
}

fn gzip(
    pool: &GzipPool,
    place: OwnedSemaphorePermit,
    pieces: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
) -> Body {
    let pool = pool.clone();
    // Fast: a slower one saves a tenth of the bytes, for five times the work.
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let steps = stream::try_unfold(Some((pieces, encoder)), move |state| {
        // Held as long as the answer is read.
        let _ = &place;
        let pool = pool.clone();
        async move {
            let Some(state) = state else { return Ok(None) };
            let compressed = pool.run(move || compress(state)).await;
            // It fails when the server stops, and the answer breaks off.
            compressed.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))
        }
    });
    Body::from_stream(steps)
}

/// A short body that is there already, compressed at once: it keeps nothing but what is sent, however slowly that
/// is read.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What is left to compress, and what compresses it.
type Rest<I> = (I, GzEncoder<Vec<u8>>);

/// Compresses the next few pieces; afterwards there is a rest, or it was all.
fn compress<I: Iterator<Item = io::Result<Bytes>>>(
    (mut pieces, mut encoder): Rest<I>,
) -> io::Result<Option<(Bytes, Option<Rest<I>>)>> {
    for _ in 0..STEP_PIECES {
        match pieces.next() {
            Some(piece) => encoder.write_all(&piece?)?,
            None => return Ok(Some((encoder.finish()?.into(), None))),
        }
    }
    let compressed = std::mem::take(encoder.get_mut());
    Ok(Some((compressed.into(), Some((pieces, encoder)))))
}

/// A body that is there already, in pieces.
pub fn pieces(bytes: Bytes) -> impl Iterator<Item = io::Result<Bytes>> {
    (0..bytes.len())
        .step_by(PIECE_BYTES)
        .map(move |start| Ok(bytes.slice(start..bytes.len().min(start + PIECE_BYTES))))
}

/// Whether `Accept-Encoding` names a coding, other than with `q=0` (RFC 9110 section 12.5.3).
pub fn accepts(headers: &HeaderMap, coding: &str) -> bool {
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
