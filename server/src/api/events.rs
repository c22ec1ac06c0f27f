//! `GET /api/products/stream`: what a socket is told, as server-sent events (HTML Standard
//! section 9.2), for programs without a WebSocket. Each event is named after its message's type.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use shared::{CatalogId, Reason, Revision};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::Connections;
use crate::hub::{After, Hub, Snapshot, Viewer};
use crate::lane::{self, Frame};
use crate::language::Reader;
use crate::openapi;
use crate::problem::Refusal;

/// How long nothing may come before a comment does, so that nobody in between takes the
/// connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a follower knows already.
#[derive(Debug, Deserialize)]
pub struct Known {
    catalog: Option<CatalogId>,
    since: Option<Revision>,
}

/// `GET /api/products/stream`.
#[utoipa::path(
    get,
    path = "/api/products/stream",
    operation_id = "stream",
    summary = "Every change as it happens",
    description = "Server-sent events: `snapshot` and `changes`, as over the socket, with the \
        revision as their id.",
    tag = "products",
    params(
        ("catalog" = Option<String>, Query, description = "The catalog that `since` belongs to"),
        ("since" = Option<openapi::Whole>, Query, description = "The revision that is known already"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers say it"),
    ),
    responses(
        (status = 200, description = "The events, without an end", body = String,
            content_type = "text/event-stream"),
        openapi::Malformed,
        openapi::TooManyPages,
    )
)]
pub async fn stream(
    State(hub): State<Arc<Hub>>,
    State(connections): State<Connections>,
    reader: Reader,
    headers: HeaderMap,
    known: Result<Query<Known>, QueryRejection>,
) -> Response {
    let known = match known {
        Ok(Query(known)) => known,
        Err(rejection) => {
            let reason = Reason::Malformed(rejection.body_text());
            return Refusal(reason, reader.text).into_response();
        }
    };
    let Some(viewer) = hub.join() else {
        return Refusal(Reason::TooManyPages, reader.text).into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = last.and_then(|id| id.parse().ok().map(Revision));
    let is_ours = known.catalog.is_none_or(|catalog| catalog == *hub.id());
    let follower = Follower {
        cursor: since.or(known.since).filter(|_| is_ours),
        news: hub.news(),
        snapshot: None,
        frames: VecDeque::new(),
        stop: connections.stop,
        _viewer: viewer,
        hub,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response()
}

/// A connection's place in the catalog's history.
struct Follower {
    hub: Arc<Hub>,
    /// Everything up to here was sent, or is in `frames`; `None` before a snapshot was.
    cursor: Option<Revision>,
    news: watch::Receiver<Revision>,
    /// A snapshot on its way, and its next part.
    snapshot: Option<(Arc<Snapshot>, usize)>,
    frames: VecDeque<Frame>,
    stop: CancellationToken,
    _viewer: Viewer,
}

impl Follower {
    /// The next event, once there is one; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                let id = Some(frame.revision);
                return Some(event("changes", &frame.bytes, id));
            }
            if let Some((snapshot, next)) = &mut self.snapshot {
                let part = snapshot.part(*next).cloned()?;
                *next += 1;
                // Only with its last part is a snapshot something to go on from.
                let is_last = *next == snapshot.parts();
                let id = is_last.then(|| snapshot.revision());
                if is_last {
                    self.snapshot = None;
                }
                self.cursor = id;
                return Some(event("snapshot", &part, id));
            }
            self.news.mark_unchanged();
            let after = match self.cursor {
                Some(cursor) => self.hub.after(cursor),
                None => After::Unknown,
            };
            match after {
                After::Frames(frames) => {
                    self.cursor = frames.last().map(|frame| frame.revision);
                    self.frames.extend(frames.iter().cloned());
                }
                After::Unknown => self.snapshot = Some((self.hub.snapshot().await, 0)),
                After::Nothing => tokio::select! {
                    () = self.stop.cancelled() => return None,
                    changed = self.news.changed() => changed.ok()?,
                },
            }
        }
    }
}

fn event(name: &str, frame: &Bytes, id: Option<Revision>) -> Event {
    let json = lane::payload(frame);
    let event = Event::default()
        .event(name)
        .data(String::from_utf8_lossy(json));
    match id {
        Some(revision) => event.id(revision.to_string()),
        None => event,
    }
}
