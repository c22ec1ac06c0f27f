//! Counts every request by its route, its method and what it was answered with.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::engine::hub::Hub;
use crate::metrics::Answered;

/// What a path is counted as that leads nowhere: there are as many of these as anybody likes.
const NO_ROUTE: &str = "other";

/// Counts the request.
pub async fn measure(State(hub): State<Arc<Hub>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = name(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let answered = Answered {
        method,
        route,
        status: response.status().as_u16(),
    };
    hub.metrics().on_answer(&answered, start.elapsed());
    response
}

/// A method's name; those that nobody has heard of are one.
pub fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
