//! Many commands at once, over HTTP: all of them or none.

use shared::{RawCommand, Revision};
use wasm_bindgen::prelude::*;
use web_sys::XmlHttpRequest;

use super::answer;
use crate::dom;
use crate::event::BatchOutcome;

/// Sends commands under a key, with which they can be sent again: they are done once. Tells what came
/// of them.
pub fn send(
    commands: &[RawCommand],
    key: &str,
    tell: impl Fn(BatchOutcome) + 'static,
) -> Result<(), JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open_with_async("POST", "api/products/batch", true)?;
    request.set_timeout(MAX_WAIT_MS);
    request.set_request_header("Content-Type", "application/json")?;
    request.set_request_header("Idempotency-Key", key)?;
    let answered = request.clone();
    dom::on(&request, "loadend", move |_| tell(outcome(&answered)))?;
    let body = serde_json::json!({"commands": commands}).to_string();
    request.send_with_opt_str(Some(&body))
}

/// How long an answer is waited for, in milliseconds.
const MAX_WAIT_MS: u32 = 30_000;

/// The revision that each command left its product at.
fn revisions(answer: &str) -> Vec<Revision> {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    let results = answer["results"].as_array().into_iter().flatten();
    let revision = |result: &serde_json::Value| result["done"]["revision"].as_u64();
    results.filter_map(revision).map(Revision).collect()
}

fn outcome(request: &XmlHttpRequest) -> BatchOutcome {
    let status = request.status().unwrap_or_default();
    let text = answer::text(request);
    match status {
        200 => BatchOutcome::Done(revisions(&text)),
        // Nobody, or a proxy, or a server that doesn't know what became of it.
        0 | 502 | 504 => BatchOutcome::Lost,
        _ => {
            let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            let read = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
            let inner = document["commands"][0]["problem"]["code"].as_str();
            BatchOutcome::Refused {
                code: inner.map_or_else(|| read("code"), str::to_owned),
                message: read("detail"),
            }
        }
    }
}
