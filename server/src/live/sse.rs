//! What a socket is told, as server-sent events (HTML Standard section 9.2), for programs without
//! a WebSocket. Each event is named after its message's type.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use shared::{CatalogId, Revision};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::hub::{Cursor, Encoded, Frame, Hub, Next, Viewer};
use crate::http::extract::TypedQuery;
use crate::http::openapi;
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;

/// How long nothing may come before a comment does, so that no proxy takes the connection for
/// dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a follower knows already.
#[derive(Debug, Deserialize)]
pub struct Known {
    catalog: Option<CatalogId>,
    since: Option<Revision>,
}

/// Follows the catalog.
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
        ("since" = Option<openapi::Integer>, Query,
            description = "The revision that is known already"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers say it"),
    ),
    responses(
        (status = 200, description = "The events, without an end", body = String,
            content_type = "text/event-stream"),
        openapi::Malformed,
        openapi::TooManyClients,
    )
)]
pub async fn stream(
    State(hub): State<Arc<Hub>>,
    State(Shutdown { stop, .. }): State<Shutdown>,
    headers: HeaderMap,
    TypedQuery(known): TypedQuery<Known>,
) -> Result<Response, Rejection> {
    let viewer = hub.join().ok_or(Rejection::TooManyClients)?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = last.and_then(|id| id.parse().ok().map(Revision));
    let is_ours = known.catalog.is_none_or(|catalog| catalog == *hub.id());
    let follower = Follower {
        cursor: Cursor::new(since.or(known.since).filter(|_| is_ours)),
        head: hub.head(),
        frames: VecDeque::new(),
        stop,
        _viewer: viewer,
        hub,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// One follower.
struct Follower {
    hub: Arc<Hub>,
    cursor: Cursor,
    /// Tells when there is more.
    head: watch::Receiver<Revision>,
    /// What the cursor has passed and the follower was not yet told.
    frames: VecDeque<Frame>,
    stop: CancellationToken,
    _viewer: Viewer,
}

impl Follower {
    /// The next event, once there is one; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(to_event("changes", &frame.message, Some(frame.revision)));
            }
            self.head.mark_unchanged();
            match self.cursor.next(&self.hub).await {
                Next::Part(part, revision) => return Some(to_event("snapshot", &part, revision)),
                Next::Frames(frames) => self.frames.extend(frames.iter().cloned()),
                Next::InStep(_) => tokio::select! {
                    () = self.stop.cancelled() => return None,
                    changed = self.head.changed() => changed.ok()?,
                },
            }
        }
    }
}

fn to_event(name: &str, message: &Encoded, id: Option<Revision>) -> Event {
    let event = Event::default()
        .event(name)
        .data(String::from_utf8_lossy(message.json()));
    match id {
        Some(revision) => event.id(revision.to_string()),
        None => event,
    }
}
