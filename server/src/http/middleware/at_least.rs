//! Which revision an answer knows, and which one it has to know. Servers that share a journal learn of
//! each other's changes a moment later: whoever heard of one of them there says so here.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use shared::{Reason, Revision};

use crate::engine::catch_up;
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::problem::Rejection;

/// The revision that an answer knows.
pub static REVISION: HeaderName = HeaderName::from_static("vitrina-revision");

/// The revision that an answer has to know.
pub static AT_LEAST: HeaderName = HeaderName::from_static("vitrina-at-least");

/// What it is looked at by.
#[derive(Clone)]
pub struct Known {
    /// Reads what other servers wrote.
    pub desk: Desk,
    /// Has the newest catalog that is known.
    pub hub: Arc<Hub>,
}

/// Waits until the revision is known that a request names, and says which one is.
pub async fn at_least(
    State(Known { desk, hub }): State<Known>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    if let Some(revision) = request.headers().get(&AT_LEAST) {
        let revision = revision.to_str().ok().and_then(|text| text.parse().ok());
        let wrong = || Reason::Malformed(format!("{AT_LEAST}: a revision"));
        let revision = Revision(revision.ok_or_else(wrong)?);
        let is_known = hub.catalog().revision() >= revision;
        if !is_known && !catch_up(&desk, &hub, revision).await {
            return Err(Rejection::Behind(revision));
        }
    }
    // What is read is at least as new as this; what is written is known once it is answered.
    let before = hub.catalog().revision();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = next.run(request).await;
    let known = if is_read {
        before
    } else {
        hub.catalog().revision()
    };
    let revision = HeaderValue::from(known.0);
    response.headers_mut().insert(REVISION.clone(), revision);
    Ok(response)
}
