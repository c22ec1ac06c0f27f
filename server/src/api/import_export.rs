//! `POST /api/products/import` and `GET /api/products/export`: the catalog from and into a file.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{TryStreamExt, stream};
use shared::problem::Rule;
use shared::{OnDuplicate, Reason};
use tokio::sync::mpsc;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::Api;
use super::asked::media_type;
use super::parameters::{Parameters, none_of, read_bool, read_each};
use crate::app::Connections;
use crate::export::Export;
use crate::hub::Hub;
use crate::import::{self, Format, Plan};
use crate::language::Reader;
use crate::openapi;
use crate::problem::Refusal;

/// `POST /api/products/import`: its answer is one JSON object a line, and goes on while the file
/// is read.
#[utoipa::path(
    post,
    path = "/api/products/import",
    operation_id = "import",
    summary = "Products from a file",
    description = "The answer is one JSON object a line: `progress`, `row_refused` with the line \
        in the file, and at the end `finished` or `failed`.",
    tag = "files",
    params(
        ("format" = Option<openapi::FormatParameter>, Query,
            description = "The form of the file, where its media type doesn't say it"),
        ("on_duplicate" = Option<openapi::OnDuplicateParameter>, Query,
            description = "What is done with a code that is taken"),
        ("dry_run" = Option<bool>, Query, description = "Only tell what would be done"),
        ("most_refused" = Option<openapi::Whole>, Query,
            description = "Of so many refused rows is told what is wrong; the rest are counted"),
    ),
    request_body(content(
        (String = "text/csv"),
        (Vec<openapi::Draft> = "application/json"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "What became of it", body = String,
            content_type = "application/x-ndjson"),
    )
)]
pub async fn import(
    State(api): State<Api>,
    State(connections): State<Connections>,
    reader: Reader,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
    body: Body,
) -> Result<Response, Refusal> {
    let plan = plan(&headers, &parameters);
    let plan = plan.map_err(|reason| Refusal(reason, reader.text.clone()))?;
    let (told, messages) = mpsc::channel(import::TOLD_AHEAD);
    let bytes = body.into_data_stream().map_err(io::Error::other);
    let source = SyncIoBridge::new(StreamReader::new(bytes));
    let Connections { tasks, stop, .. } = connections;
    tasks.spawn(async move {
        let text = &reader.text;
        tokio::select! {
            () = import::import(source, plan, &api.desk, &api.hub, text, &told) => {}
            // What is done stays done; that it was not all shows in the missing `finished`.
            () = stop.cancelled() => {}
        }
    });
    let lines = stream::unfold(messages, async |mut messages| {
        let message = messages.recv().await?;
        let line = serde_json::to_string(&message).map(|json| json + "\n");
        Some((line, messages))
    });
    let headers = [(CONTENT_TYPE, Format::Ndjson.media_type())];
    Ok((headers, Body::from_stream(lines)).into_response())
}

fn plan(headers: &HeaderMap, parameters: &Parameters) -> Result<Plan, Reason> {
    let mut format = Format::from_media_type(&media_type(headers));
    let (mut on_duplicate, mut is_dry_run) = (OnDuplicate::default(), false);
    let mut most_refused = u64::MAX;
    let failed = read_each(parameters, |name, value| match name {
        "format" => read_format(value).map(|read| format = Some(read)),
        "on_duplicate" => OnDuplicate::from_name(value)
            .map(|read| on_duplicate = read)
            .ok_or(Rule::NotOneOf(&OnDuplicate::NAMES)),
        "dry_run" => read_bool(value).map(|read| is_dry_run = read),
        "most_refused" => value
            .parse()
            .map(|read| most_refused = read)
            .map_err(|_| Rule::NotWhole),
        _ => Err(Rule::Unknown),
    });
    none_of(failed)?;
    Ok(Plan {
        format: format.ok_or(Reason::NotImportable)?,
        on_duplicate,
        is_dry_run,
        most_refused,
    })
}

fn read_format(value: &str) -> Result<Format, Rule> {
    Format::from_name(value).ok_or(Rule::NotOneOf(&Format::NAMES))
}

/// `GET /api/products/export?format=csv|json|ndjson`.
#[utoipa::path(
    get,
    path = "/api/products/export",
    operation_id = "export",
    summary = "The list as a file",
    tag = "files",
    params(("format" = Option<openapi::FormatParameter>, Query)),
    responses(
        (status = 200, description = "The file",
            content(
                (String = "text/csv; charset=utf-8"),
                (Vec<openapi::Draft> = "application/json"),
                (String = "application/x-ndjson"),
            ),
            headers(("Content-Disposition" = String, description = "Its name"))),
    )
)]
pub async fn export(
    State(hub): State<Arc<Hub>>,
    reader: Reader,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Refusal> {
    let mut format = Format::Csv;
    let failed = read_each(&parameters, |name, value| match name {
        "format" => read_format(value).map(|read| format = read),
        _ => Err(Rule::Unknown),
    });
    none_of(failed).map_err(|reason| Refusal(reason, reader.text))?;
    let pieces = Export::new(hub.catalog(), format);
    let name = format.name();
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"products.{name}\""),
        ),
    ];
    let body = Body::from_stream(stream::iter(pieces).map_err(io::Error::other));
    Ok((headers, body).into_response())
}
