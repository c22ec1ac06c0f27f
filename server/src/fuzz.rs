//! What the crate of random input needs of this one.

use std::sync::Arc;

use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, COOKIE, HOST, HeaderName, IF_MATCH, IF_NONE_MATCH, ORIGIN,
};
use axum::http::{HeaderMap, HeaderValue};
use shared::{Call, Catalog, Change, Fields, Product, ProductId, RawCommand, Revision};

use crate::api::list::check_page;
use crate::http::conditional::{expected_revision, is_not_modified};
use crate::http::extract::Locale;
use crate::http::gzip::accepts;
use crate::http::middleware::guard::{host_of, is_from_here};
use crate::listing::{Index, Indexes};
use crate::live::socketio::arguments::Event;
use crate::live::sse::EventId;
use crate::unicode::nfc;

pub use crate::transfer::Format;
pub use crate::transfer::import::drafts;

/// A list of a few products with odd names.
pub struct Listing(Arc<Index>);

impl Default for Listing {
    fn default() -> Self {
        Self::new()
    }
}

impl Listing {
    /// The list.
    pub fn new() -> Self {
        let mut catalog = Catalog::default();
        for (revision, code) in (1..).zip(["a", "b", "Ñandú", "\"c\"", "d.7"]) {
            let fields = format!(
                r#"{{"title": {code:?}, "code": {code:?}, "price": {revision}, "stock": 1,
                    "category": {code:?}}}"#
            );
            let fields: Fields = serde_json::from_str(&fields).unwrap_or_default();
            let revision = Revision(revision);
            if let Ok(draft) = fields.draft(nfc) {
                let id = ProductId(revision.0);
                let product = Arc::new(Product {
                    id,
                    revision,
                    draft,
                });
                catalog.apply(revision, [Change::Added(product)]);
            }
        }
        assert_eq!(catalog.len(), 5);
        Self(Indexes::default().get(&catalog))
    }

    /// Asks for a page of it, and looks whether it says where the next one begins.
    pub fn page(&self, query: &str) {
        check_page(&self.0, query);
    }
}

/// Reads an event of Socket.IO, and looks whether it asks for what its name says.
pub fn socketio_event(text: &str) {
    let Ok(event) = serde_json::from_str::<Event<'_>>(text) else {
        return;
    };
    let Ok(message) = event.to_message() else {
        return;
    };
    if let Ok(call) = serde_json::from_str::<Call>(&message) {
        let name = match call.command {
            RawCommand::Add { .. } => "add",
            RawCommand::Update { .. } => "update",
            RawCommand::Delete { .. } => "delete",
            RawCommand::Restore { .. } => "restore",
        };
        assert_eq!(event.name, name, "{message}");
    }
}

/// Reads headers with these values, in turn.
pub fn headers(values: &[&[u8]]) {
    const NAMES: [HeaderName; 7] = [
        COOKIE,
        ACCEPT_LANGUAGE,
        HOST,
        ORIGIN,
        IF_MATCH,
        IF_NONE_MATCH,
        ACCEPT_ENCODING,
    ];
    let mut headers = HeaderMap::new();
    for (value, name) in values.iter().zip(NAMES.iter().cycle()) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(name.clone(), value);
        }
    }
    Locale::negotiate(&headers);
    if let Ok(host) = host_of(&headers) {
        is_from_here(&headers, &host);
    }
    is_not_modified(&headers, "W/\"7\"");
    let _ = expected_revision(&headers, None);
    accepts(&headers, "gzip");
    for value in headers.values() {
        if let Ok(text) = value.to_str()
            && let Some(id) = EventId::parse(text)
        {
            assert_eq!(EventId::parse(&id.to_string()), Some(id));
        }
    }
}
