//! What happened, asked for over HTTP.

use shared::{PastChanges, ProductId, Revision};
use wasm_bindgen::prelude::*;
use web_sys::XmlHttpRequest;

use super::answer;
use crate::dom;

/// How many changes are asked for at a time.
const LIMIT: usize = 50;

/// How long an answer is waited for, in milliseconds.
const MAX_WAIT_MS: u32 = 10_000;

/// Asks for changes of a product, or of all, the newest or those before a revision. Tells what came, or
/// why nothing did, where the server said so.
pub fn ask(
    product: Option<ProductId>,
    before: Option<Revision>,
    tell: impl Fn(Result<PastChanges, Option<String>>) + 'static,
) -> Result<(), JsValue> {
    let mut url = match product {
        Some(id) => format!("api/products/{id}/history?limit={LIMIT}"),
        None => format!("api/history?limit={LIMIT}"),
    };
    if let Some(before) = before {
        url = format!("{url}&after={before}");
    }
    let request = XmlHttpRequest::new()?;
    request.open_with_async("GET", &url, true)?;
    request.set_timeout(MAX_WAIT_MS);
    let answered = request.clone();
    dom::on(&request, "loadend", move |_| {
        let text = answer::text(&answered);
        let told = match answered.status() {
            Ok(200) => serde_json::from_str(&text).map_err(|_| None),
            _ => Err(answer::detail(&text)),
        };
        tell(told);
    })?;
    request.send()
}
