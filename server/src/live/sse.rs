//! What a socket is told, as server-sent events (HTML Standard section 9.2), for programs without
//! a WebSocket. Each event is named after its message's type.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::future::pending;
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;
use shared::{CatalogId, Digest, Position, Revision};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::access::Visitor;
use crate::engine::desk::Desk;
use crate::engine::hub::{Cursor, Door, Encoded, Frame, Hub, Next, Viewer};
use crate::http::extract::{Seated, TypedQuery};
use crate::http::openapi;
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;
use crate::http::streaming::NO_BUFFERING;
use crate::live::hello::resume;

/// How long nothing may come before a comment does, so that no proxy takes the connection for
/// dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a follower knows already.
#[derive(Debug, Deserialize)]
pub struct Known {
    catalog: Option<CatalogId>,
    since: Option<Revision>,
    digest: Option<Digest>,
}

/// How far a follower has come, as one word: browsers send the `id` of the last event back, and
/// nothing else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EventId(Revision, Digest);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl EventId {
    /// Reads one; `None` where it is something else, such as a bare number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (revision, digest) = text.split_once('-')?;
        Some(Self(Revision(revision.parse().ok()?), digest.parse().ok()?))
    }
}

/// Follows the catalog.
#[utoipa::path(
    get,
    path = "/api/products/stream",
    operation_id = "followProducts",
    summary = "Every change as it happens",
    description = "Server-sent events: `snapshot` and `changes`, as over the socket, with the \
        revision and the digest as their id.",
    tag = "products",
    params(
        ("catalog" = Option<String>, Query, description = "The catalog that `since` belongs to"),
        ("since" = Option<openapi::Integer>, Query,
            description = "The revision that is known already"),
        ("digest" = Option<openapi::Digest>, Query,
            description = "The catalog's digest at that revision"),
        ("ticket" = Option<String>, Query,
            description = "Who one is, where no header can say it"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers say it"),
    ),
    responses(
        (status = 200, description = "The events, without an end", body = openapi::Events,
            content_type = "text/event-stream"),
        openapi::Malformed,
        openapi::TooManyClients,
    )
)]
pub async fn stream(
    State(hub): State<Arc<Hub>>,
    State(desk): State<Desk>,
    State(Shutdown { stop, .. }): State<Shutdown>,
    Seated(visitor): Seated,
    headers: HeaderMap,
    TypedQuery(known): TypedQuery<Known>,
) -> Result<Response, Rejection> {
    let viewer = hub.join(Door::Events).ok_or(Rejection::TooManyClients)?;
    let last = last_event_id(&headers).and_then(EventId::parse);
    let given = known.since.zip(known.digest);
    let given = given.map(|(revision, digest)| EventId(revision, digest));
    let is_ours = known.catalog.is_none_or(|catalog| catalog == hub.id());
    let known = last.or(given).filter(|_| is_ours);
    let position = known.map(|EventId(revision, digest)| Position {
        catalog: hub.id(),
        revision,
        digest,
    });
    let follower = Follower {
        cursor: resume(&hub, &desk, position.as_ref()).await,
        head: hub.head(),
        frames: VecDeque::new(),
        stop,
        _viewer: viewer,
        hub,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((event, follower))
    });
    Ok(respond(events, visitor))
}

/// An answer of events, which are passed on as they come, as long as the visitor may see them.
pub fn respond(events: impl Stream<Item = Event> + Send + 'static, visitor: Visitor) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let gone = visitor.gone().unwrap_or_else(|| Box::pin(pending()));
    let events = events.take_until(gone).map(move |event| {
        // As long as events come they have their place.
        let _ = &visitor;
        Ok::<_, Infallible>(event)
    });
    let stream = Sse::new(events).keep_alive(keep_alive);
    ([NO_BUFFERING], stream).into_response()
}

/// What a browser says of the last event that it has, where it says something.
pub fn last_event_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("last-event-id")?.to_str().ok()
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
                let id = frame.digest.map(|digest| EventId(frame.revision, digest));
                return Some(to_event("changes", &frame.message, id));
            }
            self.head.mark_unchanged();
            match self.cursor.next(&self.hub).await {
                Next::Part(part, whole) => {
                    let id = whole.map(|(revision, digest)| EventId(revision, digest));
                    return Some(to_event("snapshot", &part, id));
                }
                Next::Frames(frames) => self.frames.extend(frames.iter().cloned()),
                // It comes back, and begins with a snapshot.
                Next::Replaced => return None,
                Next::InStep(_) => tokio::select! {
                    () = self.stop.cancelled() => return None,
                    changed = self.head.changed() => changed.ok()?,
                },
            }
        }
    }
}

fn to_event(name: &str, message: &Encoded, id: Option<EventId>) -> Event {
    let event = Event::default()
        .event(name)
        .data(String::from_utf8_lossy(message.json()));
    match id {
        Some(id) => event.id(id.to_string()),
        None => event,
    }
}
