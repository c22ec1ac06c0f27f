//! The opening handshake of a WebSocket (RFC 6455 section 4.2), for every door that has one.

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_KEY;
use axum::response::Response;
use hyper::upgrade::OnUpgrade;
use shared::Reason;
use tokio_tungstenite::tungstenite::handshake::server::create_response;

/// Checks a client's handshake. Returns the answer, after which the connection is a WebSocket.
pub fn accept(mut request: Request) -> Result<(OnUpgrade, Response), Reason> {
    let on_upgrade = hyper::upgrade::on(&mut request);
    if !has_key(request.headers()) {
        let why = "Sec-WebSocket-Key: 16 bytes in base64".to_owned();
        return Err(Reason::Malformed(why));
    }
    let response = create_response(&request.map(|_| ()))
        .map_err(|error| Reason::Malformed(error.to_string()))?;
    Ok((on_upgrade, response.map(|()| Body::empty())))
}

/// Whether the handshake has a key as it must be: 16 bytes in base64 (RFC 6455 section 4.1). One
/// that is missing is told with what else a request for a page has not.
fn has_key(headers: &HeaderMap) -> bool {
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).into_iter();
    let Some(key) = keys.next() else { return true };
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let key = key.as_bytes().strip_suffix(b"==").unwrap_or_default();
    key.len() == 22 && key.iter().all(is_base64) && keys.next().is_none()
}
