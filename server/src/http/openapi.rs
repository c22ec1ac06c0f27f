//! What the API's description is made of beside the handlers' own: schemas, parameters, refusals.
//! The router collects the document from the handlers.

mod parameters;
mod refusals;
mod responses;
mod schemas;

use utoipa::OpenApi;

pub use parameters::{IdempotencyKey, IfMatch, IfNoneMatch};
pub use refusals::add_refusals;
pub use responses::{CodeTaken, Malformed, NoneDone, Stopping, TooManyClients, TooManyImports};
pub use schemas::{
    BatchResult, Command, Digest, Draft, FormatParameter, Integer, OnDuplicateParameter, Patch,
    PriceParameter, Problem, ProblemDocument, Product, SortParameter,
};

/// The document before its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vitrina",
        description = "One product list, live on every page that shows it. A refusal is a problem \
            document (RFC 9457) in the language that `Accept-Language` asks for. The list is also \
            kept live by a WebSocket at `/ws` and by Socket.IO at `/socket.io/`, which take the \
            same commands."
    ),
    components(schemas(
        Problem,
        ProblemDocument,
        PriceParameter,
        SortParameter,
        FormatParameter,
        OnDuplicateParameter
    ))
)]
pub struct ApiDocument;
