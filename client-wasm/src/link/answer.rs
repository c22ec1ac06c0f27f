//! What an answer over HTTP says.

use web_sys::XmlHttpRequest;

/// The answer's text; empty where there is none.
pub fn text(request: &XmlHttpRequest) -> String {
    request.response_text().ok().flatten().unwrap_or_default()
}

/// What the problem document of a refusal says.
pub fn detail(text: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(document["detail"].as_str()?.to_owned())
}
