//! What the API's description is made of beside the handlers' own: schemas, parameters, refusals.
//! The router collects the document from the handlers.

mod complete;
mod examples;
mod messages;
mod parameters;
mod refusals;
mod responses;
mod schemas;

use utoipa::OpenApi;

pub use complete::complete;
pub use messages::{
    BatchResult, Command, DraftLines, Events, ImportLines, Me, PastChanges, PastEvents, Ticket,
};
pub use parameters::{HistoryParameters, IdempotencyKey, IfMatch, IfNoneMatch, IfNoneMatchOnWrite};
pub use responses::{
    CodeTaken, HistoryUnreadable, Malformed, NoTicket, NoneDone, Stopping, TooManyClients,
    TooManyImports,
};
pub use schemas::{
    Digest, Draft, FormatParameter, HistoryLimitParameter, Integer, LimitParameter, MAX_LISTED,
    Moment, OnDuplicateParameter, Patch, PriceParameter, Product, SortParameter, StockParameter,
    USUAL_PAST,
};

/// The document before its paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vitrina",
        description = "One product list, live on every page that shows it. A refusal is a problem \
            document (RFC 9457) in the language that `Accept-Language` asks for. Where not everybody may \
            see or change the list, a program sends its token as `Authorization: Bearer`. The list is also \
            kept live by a WebSocket at `/ws` and by Socket.IO at `/socket.io/`, which take the \
            same commands.",
        contact(name = "Vitrina"),
        license(name = "MIT or Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "products", description = "The list, and one product at a time or many at once."),
        (name = "history", description = "What happened, and when."),
        (name = "access", description = "Who one is here."),
        (name = "files", description = "The list from and into a file."),
    ),
    components(schemas(
        Product,
        Draft,
        Patch,
        messages::Problem,
        messages::FieldProblem,
        messages::CommandProblem,
        messages::ProblemDocument,
        messages::AddCommand,
        messages::UpdateCommand,
        messages::DeleteCommand,
        messages::RestoreCommand,
        messages::CommandDone,
        messages::CommandRefused,
        messages::Done,
        messages::ImportMessage,
        messages::ImportProgress,
        messages::ImportColumns,
        messages::ImportColumn,
        messages::ImportRowRefused,
        messages::ImportFailed,
        messages::ImportFinished,
        messages::StreamMessage,
        messages::Snapshot,
        messages::Changes,
        messages::Change,
        messages::ProductAdded,
        messages::ProductUpdated,
        messages::ProductDeleted,
        messages::PastChange,
        Moment,
        HistoryLimitParameter,
        PriceParameter,
        SortParameter,
        StockParameter,
        FormatParameter,
        OnDuplicateParameter,
        LimitParameter,
        Integer,
        Digest
    ))
)]
pub struct ApiDocument;
