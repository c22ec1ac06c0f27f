//! The catalog from and into a file.

use std::io;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use mime::Mime;
use shared::{ImportMessage, LowStock, OnDuplicate, Rule, Source};
use strum::VariantNames;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::io::{StreamReader, SyncIoBridge};
use tokio_util::sync::CancellationToken;

use crate::access::Visitor;
use crate::engine::author::Author;
use crate::engine::desk::Desk;
use crate::engine::hub::Hub;
use crate::http::body::PacedBody;
use crate::http::extract::{Locale, Parameters, media_type, read_bool, read_each, refuse_if_any};
use crate::http::gzip;
use crate::http::openapi;
use crate::http::pool::{GzipPool, ListPool};
use crate::http::problem::Rejection;
use crate::http::shutdown::Shutdown;
use crate::http::streaming::NO_BUFFERING;
use crate::listing::{self, Indexes, Selection};
use crate::transfer::Format;
use crate::transfer::export::{BYTE_ORDER_MARK, Export};
use crate::transfer::import::{self, Mapping, Plan, Reading};

/// The most files that are imported at a time: each has a thread, and what it has read ahead.
const MAX_IMPORTS: usize = 8;

/// About how many bytes of lines wait for a file to be read: some thousand refused rows.
const MAX_HELD_BYTES: usize = 1024 * 1024;

/// The places of the files that are imported.
#[derive(Clone)]
pub struct Imports(Arc<Semaphore>);

impl Default for Imports {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_IMPORTS)))
    }
}

/// Imports a file. The answer is one JSON object a line. It begins once the file is read, as clients and
/// proxies expect it: many read no answer while they send, and some stop sending when it comes. Who asks for
/// progress gets it while the file is read.
#[utoipa::path(
    post,
    path = "/api/products/import",
    operation_id = "importProducts",
    summary = "Products from a file",
    description = "The answer is one JSON object a line: `row_refused` with the line in the file, and at \
        the end `finished` or `failed`. With `progress=true` it begins before the file is read, and tells \
        how far it is in `progress`.",
    tag = "files",
    params(
        ("format" = Option<openapi::FormatParameter>, Query,
            description = "The form of the file, where its media type doesn't say it"),
        ("on_duplicate" = Option<openapi::OnDuplicateParameter>, Query,
            description = "What is done with a code that is taken"),
        ("columns" = Option<String>, Query,
            description = "Which field a column of a CSV file is whose name is not known, as an object such \
                as `{\"Cost\": \"price\", \"Notes\": null}`; `null` leaves it out"),
        ("dry_run" = Option<bool>, Query, description = "Only tell what would be done"),
        ("most_refused" = Option<openapi::Integer>, Query,
            description = "The most refused rows to describe; the rest are only counted"),
        ("progress" = Option<bool>, Query,
            description = "Answer while the file is read, for clients that read while they send; nginx sends \
                no more of a request that is answered"),
    ),
    request_body(content(
        (String = "text/csv"),
        (Vec<openapi::Draft> = "application/json"),
        (openapi::DraftLines = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "What became of it", body = openapi::ImportLines,
            content_type = "application/x-ndjson"),
        openapi::TooManyImports,
    )
)]
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing of the request or the state"
)]
pub async fn import(
    State(desk): State<Desk>,
    State(hub): State<Arc<Hub>>,
    State(shutdown): State<Shutdown>,
    State(Imports(imports)): State<Imports>,
    visitor: Visitor,
    locale: Locale,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
    body: Body,
) -> Result<Response, Rejection> {
    let author = visitor.author(Source::Import);
    // A file is one command, however many rows it has.
    author.check()?;
    let (plan, wants_progress) = read_plan(media_type(&headers), author.counted(), &parameters)?;
    let place = imports.try_acquire_owned();
    let place = place.map_err(|_| Rejection::TooManyImports)?;
    let (told, messages) = mpsc::channel(import::MAX_QUEUED_MESSAGES);
    let bytes = Body::new(PacedBody::new(body)).into_data_stream();
    let bytes = bytes.map_err(io::Error::other);
    let reading = Reading::default();
    let bytes = SyncIoBridge::new(StreamReader::new(bytes));
    let source = import::HeldFile::new(bytes, place, &reading);
    let Shutdown { tasks, stop, .. } = shutdown;
    let language = locale.headers();
    tasks.spawn(async move {
        tokio::select! {
            () = import::import(source, plan, &desk, &hub, &locale.text, &told) => {}
            // What is done stays done; that it was not all shows in the missing `finished`.
            () = stop.cancelled() => {}
        }
    });
    let mut answer = Lines {
        messages,
        wants_progress,
        is_full: false,
    };
    let first = if wants_progress {
        // A client that asked whether to send it is told so before it is answered (RFC 9110 section 10.1.1).
        tokio::select! {
            () = reading.begun.cancelled() => {}
            () = reading.ended.cancelled() => {}
        }
        String::new()
    } else {
        answer.until(&reading.ended).await
    };
    let rest = stream::unfold(answer, async |mut answer| {
        let line = answer.next().await?;
        Some((line, answer))
    });
    let lines = stream::iter([Ok(first)]).chain(rest);
    let media_type = [(CONTENT_TYPE, Format::Ndjson.media_type())];
    let head = (media_type, language, [NO_BUFFERING]);
    Ok((head, Body::from_stream(lines)).into_response())
}

/// What is told of an import, a line each.
struct Lines {
    messages: mpsc::Receiver<ImportMessage>,
    wants_progress: bool,
    /// Whether there was no room for a refused row: the others are only counted as well.
    is_full: bool,
}

impl Lines {
    async fn next(&mut self) -> Option<serde_json::Result<String>> {
        loop {
            let message = self.messages.recv().await?;
            let is_left_out = match message {
                ImportMessage::Progress(_) => !self.wants_progress,
                ImportMessage::RowRefused { .. } => self.is_full,
                ImportMessage::Columns { .. }
                | ImportMessage::Failed { .. }
                | ImportMessage::Finished { .. } => false,
            };
            if !is_left_out {
                return Some(serde_json::to_string(&message).map(|json| json + "\n"));
            }
        }
    }

    /// What is told until the file is read. Of its end only what can't be read is told before that.
    async fn until(&mut self, ended: &CancellationToken) -> String {
        let mut lines = String::new();
        loop {
            let line = tokio::select! {
                biased;
                () = ended.cancelled() => None,
                line = self.next() => line,
            };
            let Some(line) = line else { return lines };
            lines += &line.unwrap_or_default();
            self.is_full |= lines.len() > MAX_HELD_BYTES;
        }
    }
}

/// Reads how to import, and whether to tell of progress.
fn read_plan(
    media_type: Option<Mime>,
    author: Author,
    parameters: &Parameters,
) -> Result<(Plan, bool), Rejection> {
    let mut format = media_type.and_then(|media_type| Format::from_media_type(&media_type));
    let (mut on_duplicate, mut is_dry_run) = (OnDuplicate::default(), false);
    let mut columns = Mapping::default();
    let (mut max_refused, mut wants_progress) = (u64::MAX, false);
    let failed = read_each(parameters, |name, value| match name {
        "format" => read_name(value, Format::VARIANTS).map(|read| format = Some(read)),
        "columns" => Mapping::from_json(value).map(|read| columns = read),
        "on_duplicate" => read_name(value, OnDuplicate::VARIANTS).map(|read| on_duplicate = read),
        "dry_run" => read_bool(value).map(|read| is_dry_run = read),
        "progress" => read_bool(value).map(|read| wants_progress = read),
        "most_refused" => value
            .parse()
            .map(|read| max_refused = read)
            .map_err(|_| Rule::NotWhole),
        _ => Err(Rule::Unknown),
    });
    refuse_if_any(failed)?;
    let plan = Plan {
        format: format.ok_or(Rejection::NotImportable)?,
        columns,
        on_duplicate,
        author,
        is_dry_run,
        max_refused,
    };
    Ok((plan, wants_progress))
}

fn read_name<T: FromStr>(value: &str, names: &'static [&'static str]) -> Result<T, Rule> {
    value.parse().map_err(|_| Rule::NotOneOf(names))
}

/// Exports the list.
#[utoipa::path(
    get,
    path = "/api/products/export",
    operation_id = "exportProducts",
    summary = "The list as a file",
    description = "Every product, or those that fit, as CSV, JSON or NDJSON. In CSV a `'` before a text that a \
        spreadsheet would calculate makes it safe to open; an import takes it off again.",
    tag = "files",
    params(
        ("format" = Option<openapi::FormatParameter>, Query, description = "CSV unless given"),
        ("bom" = Option<bool>, Query,
            description = "Begin a CSV file with a byte order mark, by which Excel knows UTF-8"),
        ("q" = Option<String>, Query, description = "Only products with these words, as in the list"),
        ("category" = Option<String>, Query, description = "Exactly this category"),
        ("status" = Option<bool>, Query, description = "On sale, or not"),
        ("stock" = Option<openapi::StockParameter>, Query, description = "What is left of them"),
        ("min_price" = Option<openapi::PriceParameter>, Query, description = "At least this price"),
        ("max_price" = Option<openapi::PriceParameter>, Query, description = "At most this price"),
        ("sort" = Option<openapi::SortParameter>, Query, description = "`-` makes it descending"),
    ),
    responses(
        (status = 200, description = "The file",
            content(
                (String = "text/csv; charset=utf-8"),
                (Vec<openapi::Draft> = "application/json"),
                (openapi::DraftLines = "application/x-ndjson"),
            ),
            headers(("Content-Disposition" = String, description = "Its name"))),
    )
)]
pub async fn export(
    State(hub): State<Arc<Hub>>,
    State(indexes): State<Arc<Indexes>>,
    State(pool): State<ListPool>,
    State(gzip): State<GzipPool>,
    State(low_stock): State<LowStock>,
    request_headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Rejection> {
    let (mut format, mut has_mark) = (Format::Csv, false);
    let mut selection = Selection::new(low_stock);
    let failed = read_each(&parameters, |name, value| match name {
        "format" => read_name(value, Format::VARIANTS).map(|read| format = read),
        "bom" => read_bool(value).map(|read| has_mark = read),
        name => selection.take(name, value).unwrap_or(Err(Rule::Unknown)),
    });
    refuse_if_any(failed)?;
    let catalog = hub.catalog();
    let products = move || {
        let Selection { filter, sort, .. } = &selection;
        if listing::is_simple(filter, *sort) {
            return catalog.products().cloned().collect();
        }
        listing::all(&indexes.get(&catalog), filter, *sort)
    };
    let products = pool.run(products).await?;
    let name = format.name();
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"products.{name}\""),
        ),
    ];
    // JSON must not begin with one (RFC 8259 section 8.1).
    let has_mark = has_mark && format == Format::Csv;
    let mark = has_mark.then(|| Ok(Bytes::from_static(BYTE_ORDER_MARK)));
    let pieces = mark.into_iter().chain(Export::new(products, format));
    let pieces = pieces.map(|piece| piece.map_err(io::Error::other));
    let body = gzip::respond(&request_headers, &gzip, pieces);
    Ok((headers, body).into_response())
}
