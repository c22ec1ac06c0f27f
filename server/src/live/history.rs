//! `GET /api/history/stream`: every change as it happens, with its time and where it came from.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream;
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::{PastChange, ProductId, Revision};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::sse::{last_event_id, respond};
use crate::engine::catch_up;
use crate::engine::desk::Desk;
use crate::engine::hub::{Door, Hub, Viewer};
use crate::engine::journal::{HistoryQuery, Place};
use crate::http::archive::ArchiveReader;
use crate::http::extract::{Seated, TypedQuery};
use crate::http::openapi;
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;

/// How long is waited for what comes at the same time, which is read together.
const GATHER_TIME: Duration = Duration::from_millis(100);

/// The most changes that are read at a time.
const MAX_AT_ONCE: usize = 100;

/// What a follower asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    product: Option<ProductId>,
    since: Option<Revision>,
    /// It was read when it was found out who asks.
    #[serde(default, rename = "ticket")]
    _ticket: IgnoredAny,
}

/// Follows the history.
#[utoipa::path(
    get,
    path = "/api/history/stream",
    operation_id = "followHistory",
    summary = "What happens, as it happens",
    description = "Server-sent events, one named `change` for each change, with its revision as its \
        id. It begins with what comes after `since`, or `Last-Event-ID`, as far as that is kept; \
        without either, with what happens from now on.",
    tag = "history",
    params(
        ("product" = Option<openapi::Integer>, Query, description = "The changes of this product"),
        ("since" = Option<openapi::Integer>, Query,
            description = "The revision that is known already"),
        ("ticket" = Option<String>, Query,
            description = "Who one is, where no header can say it"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers say it"),
    ),
    responses(
        (status = 200, description = "The events, without an end", body = openapi::PastEvents,
            content_type = "text/event-stream"),
        openapi::Malformed,
        openapi::TooManyClients,
    )
)]
pub async fn stream(
    State(reader): State<ArchiveReader>,
    State(hub): State<Arc<Hub>>,
    State(desk): State<Desk>,
    State(Shutdown { stop, .. }): State<Shutdown>,
    Seated(visitor): Seated,
    headers: HeaderMap,
    TypedQuery(wanted): TypedQuery<Wanted>,
) -> Result<Response, Rejection> {
    let viewer = hub.join(Door::Events).ok_or(Rejection::TooManyClients)?;
    let last = last_event_id(&headers).and_then(|id| id.parse().ok());
    let last = last.map(Revision);
    let known = last.or(wanted.since);
    if let Some(known) = known {
        // Another server may have told of it that this one is about to hear of.
        catch_up(&desk, &hub, known).await;
    }
    let head = hub.catalog().revision();
    // Whoever knows of more than there is comes from another history.
    let since = known.unwrap_or(head).min(head);
    let follower = Follower {
        head: hub.head(),
        query: HistoryQuery {
            product: wanted.product,
            place: Place::After(since),
            limit: MAX_AT_ONCE,
            ..HistoryQuery::default()
        },
        changes: VecDeque::new(),
        reader,
        stop,
        _viewer: viewer,
    };
    let events = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((event, follower))
    });
    Ok(respond(events, visitor))
}

/// One follower.
struct Follower {
    reader: ArchiveReader,
    /// What comes next.
    query: HistoryQuery,
    /// What was read and is not yet told.
    changes: VecDeque<PastChange>,
    /// Tells when there is more.
    head: watch::Receiver<Revision>,
    stop: CancellationToken,
    _viewer: Viewer,
}

impl Follower {
    /// Whether there is more than was read, as far as that can be seen.
    fn is_behind(&self) -> bool {
        let newest = *self.head.borrow();
        let is_read = |place| matches!(place, Place::After(last) if last >= newest);
        self.query.product.is_none() && !is_read(self.query.place)
    }

    /// The next event, once there is one; `None` when the server stops, or the history can't be read:
    /// whoever follows comes again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                let event = Event::default().event("change");
                let event = event.id(change.revision.to_string());
                return event.json_data(&change).ok();
            }
            self.head.mark_unchanged();
            let piece = self.reader.read(&self.query).await.ok()?;
            let has_more = self.query.go_on(&piece).is_some();
            if has_more || !piece.changes.is_empty() {
                self.changes.extend(piece.changes);
                continue;
            }
            // A standby that is read knows a change a moment later than the server.
            if self.is_behind() {
                sleep(GATHER_TIME).await;
                continue;
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                changed = self.head.changed() => changed.ok()?,
            }
            sleep(GATHER_TIME).await;
        }
    }
}
