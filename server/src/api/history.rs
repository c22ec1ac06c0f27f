//! `GET /api/history` and `GET /api/products/{id}/history`: what happened, the newest first.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::tz::TimeZone;
use shared::{PastChange, ProductId, Reason, Revision, Rule};

use super::list::{JSON, read_limit};
use crate::engine::hub::Hub;
use crate::engine::journal::{HistoryQuery, Place};
use crate::http::archive::ArchiveReader;
use crate::http::extract::{IdPath, Parameters, read_each, refuse_if_any};
use crate::http::openapi::{self, USUAL_PAST};
use crate::http::problem::Rejection;
use crate::moment;

/// The most changes that are read at a time.
const MAX_AT_ONCE: usize = 100;

/// Reads what the parameters ask for, or tells of every one that can't be read. The product may be
/// said by the path.
fn read_query(parameters: &Parameters, id: Option<ProductId>) -> Result<HistoryQuery, Reason> {
    let mut query = HistoryQuery {
        product: id,
        limit: USUAL_PAST,
        ..HistoryQuery::default()
    };
    let moment = |value: &str| moment::parse(value, &TimeZone::UTC).ok_or(Rule::NotAMoment);
    let failed = read_each(parameters, |name, value| {
        match name {
            "product" if id.is_none() => {
                query.product = Some(ProductId(value.parse().map_err(|_| Rule::NotWhole)?));
            }
            "by" => query.by = Some(value.to_owned()),
            "from" => query.from = Some(moment(value)?),
            "until" => query.until = Some(moment(value)?),
            "after" => {
                let revision = value.parse().map_err(|_| Rule::NotACursor)?;
                query.place = Place::Before(Revision(revision));
            }
            "limit" => query.limit = read_limit(value)?,
            _ => return Err(Rule::Unknown),
        }
        Ok(())
    });
    refuse_if_any(failed)?;
    Ok(query)
}

/// What happened.
#[utoipa::path(
    get,
    path = "/api/history",
    operation_id = "listHistory",
    summary = "What happened",
    description = "The changes that are kept, the newest first: each with its time, where it came \
        from, and the product as it was before. `next` leads to the ones before.",
    tag = "history",
    params(
        ("product" = Option<openapi::Integer>, Query, description = "The changes of this product"),
        openapi::HistoryParameters,
    ),
    responses(
        (status = 200, description = "The changes that fit", body = openapi::PastChanges),
        openapi::HistoryUnreadable,
    )
)]
pub async fn history(
    State(reader): State<ArchiveReader>,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Rejection> {
    let query = read_query(&parameters, None)?;
    answer(reader, query).await
}

/// What happened to one product.
#[utoipa::path(
    get,
    path = "/api/products/{id}/history",
    operation_id = "listProductHistory",
    summary = "What happened to a product",
    description = "Its changes, as far as they are kept, the newest first; those of a deleted one \
        as well.",
    tag = "history",
    params(
        ("id" = openapi::Integer, Path, description = "The product"),
        openapi::HistoryParameters,
    ),
    responses(
        (status = 200, description = "The changes that fit", body = openapi::PastChanges),
        openapi::HistoryUnreadable,
    )
)]
pub async fn product_history(
    State(reader): State<ArchiveReader>,
    State(hub): State<Arc<Hub>>,
    IdPath(id): IdPath,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Rejection> {
    let query = read_query(&parameters, Some(id))?;
    let is_there = hub.catalog().get(id).is_some();
    if !is_there && !reader.knows(id).await? {
        return Err(Reason::NotFound(id).into());
    }
    answer(reader, query).await
}

/// Answers with the changes that are asked for. Whoever reads slowly has one piece of them in memory.
async fn answer(reader: ArchiveReader, query: HistoryQuery) -> Result<Response, Rejection> {
    let mut pieces = Pieces {
        left: query.limit,
        reader,
        query,
        told: 0,
        is_begun: false,
        is_over: false,
    };
    // What can't be read at all is refused as such; later there is nothing but to break off.
    let first = pieces.next().await?;
    let rest = stream::try_unfold(pieces, async |mut pieces| {
        if pieces.is_over {
            return Ok(None);
        }
        let piece = pieces.next().await.map_err(|_| io::Error::other("lost"))?;
        Ok::<_, io::Error>(Some((piece, pieces)))
    });
    let first = stream::iter([Ok(first)]);
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    Ok((JSON, body).into_response())
}

/// Changes on their way to a client.
struct Pieces {
    reader: ArchiveReader,
    query: HistoryQuery,
    /// How many more are wanted.
    left: usize,
    /// How many are told.
    told: usize,
    is_begun: bool,
    is_over: bool,
}

impl Pieces {
    /// The next part of the answer's JSON.
    async fn next(&mut self) -> Result<Bytes, Rejection> {
        self.query.limit = self.left.min(MAX_AT_ONCE);
        let piece = self.reader.read(&self.query).await?;
        let next = self.query.go_on(&piece);
        self.left -= piece.changes.len();
        self.is_over = next.is_none() || self.left == 0;
        self.write(&piece.changes, next)
            .map_err(|_| Rejection::InternalError)
    }

    fn write(
        &mut self,
        changes: &[PastChange],
        next: Option<Revision>,
    ) -> Result<Bytes, serde_json::Error> {
        let mut json = Vec::new();
        if !std::mem::replace(&mut self.is_begun, true) {
            json.extend(br#"{"changes":["#);
        }
        for change in changes {
            if self.told > 0 {
                json.push(b',');
            }
            self.told += 1;
            serde_json::to_writer(&mut json, change)?;
        }
        if self.is_over {
            let next = next.map(|next| format!(",\"next\":{next}"));
            json.extend(format!("]{}}}", next.unwrap_or_default()).into_bytes());
        }
        Ok(json.into())
    }
}
