//! Answers whose body is a problem document.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::Header;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

/// An answer whose body is a problem document.
pub fn refusal(description: &str) -> RefOr<Response> {
    let document = Content::new(Some(Ref::from_schema_name("ProblemDocument")));
    let response = ResponseBuilder::new()
        .description(description)
        .header(
            "Content-Language",
            Header::new(ObjectBuilder::new().schema_type(Type::String).build()),
        )
        .content("application/problem+json", document);
    RefOr::T(response.build())
}

/// Refusals that only some operations have, each of which names its own.
macro_rules! refusals_of_some {
    ($($(#[doc = $doc:literal])+ $name:ident => $status:literal, $description:literal;)+) => {$(
        $(#[doc = $doc])+
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([($status.to_owned(), refusal($description))])
            }
        }
    )+};
}

refusals_of_some! {
    /// See [`Reason::CodeTaken`](shared::Reason::CodeTaken).
    CodeTaken => "409", "Another product has the code";
    /// See [`Rejection::GroupRefused`](crate::http::problem::Rejection::GroupRefused).
    NoneDone => "409", "`commands` names those that can't be done; none was";
    /// See [`Reason::Stopping`](shared::Reason::Stopping).
    Stopping => "503", "The server is stopping";
    /// See [`Rejection::TooManyClients`](crate::http::problem::Rejection::TooManyClients).
    TooManyClients => "503", "As many live pages are connected as are allowed";
    /// See [`Rejection::TooManyImports`](crate::http::problem::Rejection::TooManyImports).
    TooManyImports => "503", "As many files are imported as can be at a time";
    /// See [`Rejection::HistoryUnreadable`](crate::http::problem::Rejection::HistoryUnreadable).
    HistoryUnreadable => "503", "The history can't be read at the moment";
    /// See [`Rejection::NoTicket`](crate::http::problem::Rejection::NoTicket).
    NoTicket => "401", "Nobody said who they are";
    /// See [`Reason::Malformed`](shared::Reason::Malformed).
    Malformed => "400", "What came can't be read; `detail` says where.";
}
