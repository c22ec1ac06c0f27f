//! Finds out who a request comes from, and keeps out who may not see the list.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use shared::{Reason, Role};

use crate::access::{Access, Rates, Visitor};
use crate::http::extract::ClientAddress;
use crate::http::middleware::trace::Traced;
use crate::http::problem::Rejection;
use crate::http::proxies::Proxies;
use crate::http::tls::Sealed;

/// The cookie of a browser in which somebody signed in.
pub const COOKIE: &str = "vitrina-session";

/// The same where the browser keeps others from setting it: only by an encrypted answer of this very host
/// (RFC 6265bis section 4.1.3.2).
pub const HOST_COOKIE: &str = "__Host-vitrina-session";

/// Who is asked.
#[derive(Clone)]
pub struct Identifier {
    /// Knows who is who.
    pub access: Access,
    /// Know where a request comes from.
    pub proxies: Proxies,
    /// Counts what is asked for.
    pub rates: Rates,
}

/// How a request came.
#[derive(Clone, Copy, Debug)]
pub struct IsEncrypted(pub bool);

/// Finds out who a request comes from. What they may not see they are not told of.
pub async fn identify(
    State(Identifier {
        access,
        proxies,
        rates,
    }): State<Identifier>,
    mut request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or_else(|| [0, 0, 0, 0].into(), |ConnectInfo(peer)| peer.ip());
    let address = proxies.client(peer, request.headers());
    let is_sealed = request.extensions().get::<Sealed>().is_some();
    let is_encrypted = is_sealed || proxies.is_encrypted(peer, request.headers());
    let visitor = match ticket(&request).map(str::to_owned) {
        Some(ticket) => {
            let held = goes_on(&request).then(|| access.by_held_ticket(&ticket));
            let visitor = match held.flatten() {
                Some(visitor) => Some(visitor),
                None => access.by_ticket(&ticket).await,
            };
            visitor.ok_or(Rejection::UnknownToken)
        }
        None => find(&access, request.headers(), is_encrypted),
    };
    // What comes from the machine itself is not counted: whoever is on it has other ways.
    let is_local = proxies.is_local(peer, request.headers());
    // Whoever guesses is.
    let name = visitor.as_ref().ok().and_then(Visitor::name);
    let pace = if is_local {
        None
    } else {
        rates.request(address, name).map_err(Reason::too_often)?
    };
    let visitor = visitor?.paced(pace);
    if !visitor.may(Role::Viewer) && !is_for_everybody(request.uri().path()) {
        return match sign_in_page(&request) {
            Some(to) => Ok(Redirect::to(&to).into_response()),
            None => Err(Reason::SignInFirst.into()),
        };
    }
    if let Some(traced) = request.extensions().get::<Traced>() {
        traced.tell(&visitor, is_encrypted);
    }
    let extensions = request.extensions_mut();
    extensions.insert(visitor);
    extensions.insert(ClientAddress { address, is_local });
    extensions.insert(IsEncrypted(is_encrypted));
    Ok(next.run(request).await)
}

/// Who a request's headers say that it is from.
fn find(access: &Access, headers: &HeaderMap, is_encrypted: bool) -> Result<Visitor, Rejection> {
    if let Some(token) = bearer(headers) {
        return access.by_token(token).ok_or(Rejection::UnknownToken);
    }
    let secret = session_of(headers, is_encrypted);
    let visitor = secret.and_then(|secret| access.by_session(&secret));
    // A session that ended makes nobody a stranger to what everybody may see.
    Ok(visitor.unwrap_or_else(|| access.anyone()))
}

/// A program's token (RFC 6750 section 2.1). Other ways to say who one is are a proxy's affair.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The ticket in the address of a connection, where browsers can send no header of a program's own.
fn ticket(request: &Request) -> Option<&str> {
    let is_connection = matches!(
        request.uri().path(),
        "/ws" | "/socket.io/" | "/socket.io" | "/api/products/stream" | "/api/history/stream"
    );
    is_connection.then(|| parameter(request, "ticket="))?
}

/// Whether a request is of a connection that was opened before, and is nobody's but whose it was then.
fn goes_on(request: &Request) -> bool {
    request.uri().path().starts_with("/socket.io") && parameter(request, "sid=").is_some()
}

/// A parameter of a request's address that needs no unpacking.
fn parameter<'a>(request: &'a Request, begin: &str) -> Option<&'a str> {
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix(begin))
}

/// The secret of the session that a browser has. Of an encrypted request only that counts which nobody else can
/// have set: not another host of the same site, and not whoever is on the network.
fn session_of(headers: &HeaderMap, is_encrypted: bool) -> Option<String> {
    // As good as free where there is no cookie, as with most programs.
    headers.get(axum::http::header::COOKIE)?;
    let jar = CookieJar::from_headers(headers);
    let name = if is_encrypted { HOST_COOKIE } else { COOKIE };
    let cookie = jar.get(name);
    cookie.map(|cookie| cookie.value().to_owned())
}

/// Whether a path is of what nothing can be learned from about the list, or that says no itself.
fn is_for_everybody(path: &str) -> bool {
    let pages = [
        "/signin", "/welcome", "/signout", "/ws", "/healthz", "/readyz",
    ];
    let files = ["/favicon.svg", "/icon.png", "/manifest.webmanifest"];
    pages.contains(&path)
        || files.contains(&path)
        || path.starts_with("/assets/")
        || path.starts_with("/views/")
        || path == "/socket.io/socket.io.js"
}

/// The page on which a person signs in who opens a page, and comes back to it.
fn sign_in_page(request: &Request) -> Option<String> {
    let accept = request.headers().get(ACCEPT)?.to_str().ok()?;
    let is_page = accept.contains("text/html");
    if !is_page || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = request.uri().path();
    let up = "../".repeat(path.matches('/').count().saturating_sub(1));
    let target = request.uri().path_and_query()?.as_str();
    let target = target.trim_start_matches('/');
    let next = serde_urlencoded::to_string([("next", target)]).ok()?;
    Some(if target.is_empty() {
        format!("{up}signin")
    } else {
        format!("{up}signin?{next}")
    })
}
