//! `GET /api/products` and `GET /api/categories`, from memory.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_TYPE, ETAG, LINK};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use shared::{FieldReason, LowStock, Product, Reason, Revision, Rule};
use utoipa::ToSchema;

use crate::engine::hub::Hub;
use crate::http::base_path::BasePath;
use crate::http::conditional::{catalog_tag, is_not_modified, not_modified};
use crate::http::extract::{Parameters, read_each, refuse_if_any};
use crate::http::gzip::{self, PIECE_BYTES};
use crate::http::openapi::{self, MAX_LISTED};
use crate::http::pool::{GzipPool, ListPool};
use crate::http::problem::Rejection;
use crate::listing::{self, Cursor, Filter, Index, Indexes, Page, Selection, Sort};

/// The parameters of a list.
struct ListQuery {
    filter: Filter,
    sort: Sort,
    after: Option<Cursor>,
    limit: usize,
}

impl ListQuery {
    /// Reads what the parameters ask for, or tells of every one that can't be read.
    fn read(parameters: &Parameters, low_stock: LowStock) -> Result<Self, Reason> {
        let mut selection = Selection::new(low_stock);
        let (mut after, mut limit) = (None, MAX_LISTED);
        let mut failed = read_each(parameters, |name, value| match name {
            "limit" => read_limit(value).map(|read| limit = read),
            "after" => {
                after = Some(value.to_owned());
                Ok(())
            }
            name => selection.take(name, value).unwrap_or(Err(Rule::Unknown)),
        });
        let Selection { filter, sort, .. } = selection;
        let after = after.map(|cursor| Cursor::parse(&cursor, sort));
        if after == Some(None) {
            failed.push(FieldReason::new("after", Rule::NotACursor));
        }
        refuse_if_any(failed)?;
        Ok(Self {
            filter,
            sort,
            after: after.flatten(),
            limit,
        })
    }

    fn page(&self, index: &Index) -> Page {
        listing::page(
            index,
            &self.filter,
            self.sort,
            self.after.as_ref(),
            self.limit,
        )
    }
}

/// Reads how many are asked for at most.
pub fn read_limit(value: &str) -> Result<usize, Rule> {
    match value.parse() {
        Ok(limit) if limit <= MAX_LISTED => Ok(limit),
        Ok(_) => Err(Rule::TooHigh(MAX_LISTED as u64)),
        Err(_) => Err(Rule::NotWhole),
    }
}

/// Products in the order that was asked for. They are written one after the other, since together
/// they can have megabytes.
#[derive(ToSchema)]
struct List {
    /// The catalog's revision: `since` for a socket that is to go on from here.
    #[schema(value_type = openapi::Integer)]
    revision: Revision,
    /// How many products fit the filter.
    count: usize,
    #[schema(value_type = Vec<openapi::Product>)]
    products: Vec<Arc<Product>>,
    /// The `after` of the next page, where there is one.
    next: Option<String>,
}

impl List {
    /// The list as JSON, a piece at a time.
    fn into_pieces(self) -> impl Iterator<Item = io::Result<Bytes>> {
        let Self {
            revision,
            count,
            products,
            next,
        } = self;
        let mut begin = Some(format!(
            "{{\"revision\":{revision},\"count\":{count},\"products\":["
        ));
        let mut products = products.into_iter().peekable();
        let next = next.map(|next| format!(",\"next\":{}", serde_json::Value::from(next)));
        let mut end = Some(format!("]{}}}", next.unwrap_or_default()));
        std::iter::from_fn(move || {
            end.as_ref()?;
            let mut piece = Vec::with_capacity(PIECE_BYTES + 2 * 1024);
            piece.extend(begin.take().unwrap_or_default().into_bytes());
            while let Some(product) = products.next() {
                if let Err(error) = serde_json::to_writer(&mut piece, &product) {
                    return Some(Err(error.into()));
                }
                if products.peek().is_some() {
                    piece.push(b',');
                }
                if piece.len() >= PIECE_BYTES {
                    return Some(Ok(piece.into()));
                }
            }
            piece.extend(end.take().unwrap_or_default().into_bytes());
            Some(Ok(piece.into()))
        })
    }
}

/// Lists products.
#[utoipa::path(
    get,
    path = "/api/products",
    operation_id = "listProducts",
    summary = "The list",
    description = "The products that fit, in pages: `next`, and the `Link` header, lead to the \
        next one. The `ETag` is the catalog's revision.",
    tag = "products",
    params(
        ("q" = Option<String>, Query, description = "Words, each of which a title, description, \
            code or category must have; case and accents don't matter"),
        ("category" = Option<String>, Query, description = "Exactly this category"),
        ("status" = Option<bool>, Query, description = "On sale, or not"),
        ("stock" = Option<openapi::StockParameter>, Query,
            description = "What is left of them: `low` is what the shop calls few (`--low-stock`, 5 if it says nothing), `out` is none"),
        ("min_price" = Option<openapi::PriceParameter>, Query, description = "At least this price"),
        ("max_price" = Option<openapi::PriceParameter>, Query, description = "At most this price"),
        ("sort" = Option<openapi::SortParameter>, Query, description = "`-` makes it descending"),
        ("limit" = Option<openapi::LimitParameter>, Query,
            description = "The most products of this answer"),
        ("after" = Option<String>, Query, description = "The `next` of the page before"),
        openapi::IfNoneMatch,
    ),
    responses(
        (status = 200, description = "A page of the list", body = List,
            headers(
                ("ETag" = String, description = "The catalog's revision"),
                ("Link" = String, description = "The next and the first page (RFC 8288)"),
            )),
        (status = 304, description = "Nothing has changed"),
        openapi::Stopping,
    )
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the state")]
pub async fn list(
    State(hub): State<Arc<Hub>>,
    State(indexes): State<Arc<Indexes>>,
    State(pool): State<ListPool>,
    State(gzip): State<GzipPool>,
    State(base_path): State<BasePath>,
    State(low_stock): State<LowStock>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Result<Response, Rejection> {
    let query = ListQuery::read(&parameters, low_stock)?;
    let catalog = hub.catalog();
    let tag = catalog_tag(catalog.revision());
    if is_not_modified(&headers, &tag) {
        return Ok(not_modified(&tag));
    }
    let sort = query.sort;
    let (revision, page) = if listing::is_simple(&query.filter, sort) {
        let page = listing::in_id_order(&catalog, query.after.as_ref(), query.limit);
        (catalog.revision(), page)
    } else {
        let page = move || {
            let index = indexes.get(&catalog);
            (index.revision, query.page(&index))
        };
        pool.run(page).await?
    };
    let next = page.next.map(|cursor| cursor.encode(sort));
    let path = base_path.join("/api/products");
    let links = next
        .as_deref()
        .and_then(|next| links(&path, &parameters, next));
    let list = List {
        revision,
        count: page.count,
        products: page.products,
        next,
    };
    let tag = [(ETAG, catalog_tag(revision))];
    let links = links.map(|links| [(LINK, links)]);
    let body = gzip::respond(&headers, &gzip, list.into_pieces());
    Ok((tag, links, JSON, body).into_response())
}

/// Where the first and the next page are (RFC 8288).
fn links(path: &str, parameters: &Parameters, next: &str) -> Option<HeaderValue> {
    let kept = parameters.iter().filter(|(name, _)| name != "after");
    let mut query: Vec<(&str, &str)> = kept.map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let first = serde_urlencoded::to_string(&query).ok()?;
    query.push(("after", next));
    let next = serde_urlencoded::to_string(&query).ok()?;
    let links = format!("<{path}?{next}>; rel=\"next\", <{path}?{first}>; rel=\"first\"");
    // Percent-encoded, it is nothing but ASCII.
    links.parse().ok()
}

/// What an answer is written as.
pub const JSON: [(HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];

#[derive(Serialize, ToSchema)]
struct Categories<'a> {
    #[schema(value_type = openapi::Integer)]
    revision: Revision,
    categories: Vec<Category<'a>>,
}

#[derive(Serialize, ToSchema)]
struct Category<'a> {
    category: &'a str,
    count: usize,
}

/// Lists the categories, each with how many products it has.
#[utoipa::path(
    get,
    path = "/api/categories",
    operation_id = "listCategories",
    summary = "The categories",
    description = "Every category that a product has, with how many.",
    tag = "products",
    params(
        openapi::IfNoneMatch,
    ),
    responses(
        (status = 200, description = "Each category, and how many products it has",
            body = Categories, headers(("ETag" = String, description = "The catalog's revision"))),
        (status = 304, description = "Nothing has changed"),
        openapi::Stopping,
    )
)]
pub async fn categories(
    State(hub): State<Arc<Hub>>,
    State(pool): State<ListPool>,
    State(gzip): State<GzipPool>,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let catalog = hub.catalog();
    let tag = catalog_tag(catalog.revision());
    if is_not_modified(&headers, &tag) {
        return Ok(not_modified(&tag));
    }
    let count = move || {
        let counts = listing::categories(&catalog).into_iter();
        let categories = Categories {
            revision: catalog.revision(),
            categories: counts
                .map(|(category, count)| Category { category, count })
                .collect(),
        };
        serde_json::to_vec(&categories)
    };
    let Ok(json) = pool.run(count).await? else {
        return Err(Rejection::InternalError);
    };
    let body = gzip::respond(&headers, &gzip, gzip::pieces(json.into()));
    Ok(([(ETAG, tag)], JSON, body).into_response())
}

/// Asks for a page, where the query asks for one, and whether what it goes on with leads on.
#[cfg(feature = "fuzzing")]
pub fn check_page(index: &Index, query: &str) {
    let parameters: Parameters = serde_urlencoded::from_str(query).unwrap_or_default();
    let Ok(list) = ListQuery::read(&parameters, LowStock::default()) else {
        return;
    };
    let page = list.page(index);
    assert!(page.products.len() <= list.limit && page.products.len() <= page.count);
    if let Some(next) = page.next {
        let text = next.encode(list.sort);
        assert!(links("/", &parameters, &text).is_some());
        assert_eq!(Cursor::parse(&text, list.sort), Some(next), "{text}");
    }
}
