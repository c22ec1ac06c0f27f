//! Who one is here, and tickets for connections.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use shared::{Reason, Role};

use crate::access::{Access, TICKET_TIME, Visitor};
use crate::http::openapi;
use crate::http::problem::Rejection;

/// Who one is here.
#[derive(Serialize)]
pub struct Me {
    name: Option<String>,
    role: Option<Role>,
}

/// A ticket.
#[derive(Serialize)]
pub struct Ticket {
    ticket: String,
    expires_in: u64,
}

/// Who one is here.
#[utoipa::path(
    get,
    path = "/api/me",
    operation_id = "readMe",
    summary = "Who one is here",
    description = "The name of the person or of the program, and what they may do; without a name, what \
        anybody may do.",
    tag = "access",
    responses((status = 200, description = "Who one is", body = openapi::Me))
)]
pub async fn me(visitor: Visitor) -> impl IntoResponse {
    Json(Me {
        name: visitor.name().map(str::to_owned),
        role: visitor.role(),
    })
}

/// A ticket for a connection.
#[utoipa::path(
    post,
    path = "/api/tickets",
    operation_id = "makeTicket",
    summary = "A ticket for a connection",
    description = "For where no header can be sent, such as a browser's WebSocket of another site: \
        `/ws?ticket=...`. It is good for half a minute.",
    tag = "access",
    responses(
        (status = 201, description = "The ticket", body = openapi::Ticket),
        openapi::NoTicket,
    )
)]
pub async fn make_ticket(
    State(access): State<Access>,
    visitor: Visitor,
) -> Result<impl IntoResponse, Rejection> {
    let ticket = access.ticket(&visitor).await.map_err(|error| {
        tracing::error!(%error, "a ticket can't be given");
        Reason::NotSaved
    })?;
    let ticket = ticket.ok_or(Rejection::NoTicket)?;
    let expires_in = TICKET_TIME.as_secs();
    let ticket = Ticket { ticket, expires_in };
    Ok((axum::http::StatusCode::CREATED, Json(ticket)))
}
