//! Keeps out what no page of this server's own sends: requests for a name that it doesn't have, and
//! what pages of other sites would change.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use shared::Reason;

use crate::http::problem::Rejection;
use crate::http::tls::Sealed;

/// Who is let in.
#[derive(Clone)]
pub struct Guard {
    /// The names that are served beside addresses and `localhost`; `None` where any is.
    hosts: Option<Arc<[String]>>,
    /// Other sites whose pages may change something.
    origins: Arc<[HeaderValue]>,
}

impl Guard {
    /// A guard that knows these names, lower case, and other sites. On a loopback listener only
    /// those names are served, and elsewhere where any is given: a page of an attacker's site is
    /// of the same origin as this server as soon as the site's name leads here, which anybody can
    /// bring about for names of their own (DNS rebinding).
    pub fn new(hosts: Vec<String>, origins: Vec<HeaderValue>, is_loopback: bool) -> Self {
        Self {
            hosts: (is_loopback || !hosts.is_empty()).then(|| hosts.into()),
            origins: origins.into(),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Rejection> {
        let headers = request.headers();
        let host = host_of(headers)?;
        // What the request line says counts, where it does (RFC 9112 section 3.2.2).
        let host = match request.uri().authority() {
            Some(target) if is_plain(target) => target,
            Some(_) => return Err(not_a_host().into()),
            None => &host,
        };
        if !self.serves(host) {
            return Err(Rejection::UnknownHost(host.host().to_owned()));
        }
        let only_reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_socket = is_socket(request.uri().path());
        // Another site's pages use the API; where people sign in is none of their affair.
        let is_welcome = || {
            let origin = headers.get(ORIGIN);
            let is_known = origin.is_some_and(|origin| self.origins.contains(origin));
            is_known && (is_socket || request.uri().path().starts_with("/api/"))
        };
        let is_sealed = request.extensions().get::<Sealed>().is_some();
        let is_own = is_from_here(headers, host) && !(is_sealed && is_from_plain_page(headers));
        if (is_socket || !only_reads) && !is_own && !is_welcome() {
            return Err(Rejection::ForeignOrigin);
        }
        Ok(())
    }

    /// Whether this is one of the server's names. An address is nobody's name.
    fn serves(&self, host: &Authority) -> bool {
        let Some(hosts) = &self.hosts else {
            return true;
        };
        let name = host.host().to_ascii_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || hosts.iter().any(|known| known == name)
    }
}

/// Whether a path is that of a socket, which a page of another site could open with a mere GET.
fn is_socket(path: &str) -> bool {
    matches!(path, "/ws" | "/socket.io" | "/socket.io/")
}

/// Lets a request in, or refuses it.
pub async fn guard(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, Rejection> {
    guard.check(&request)?;
    Ok(next.run(request).await)
}

/// The one host that a request must name (RFC 9112 section 3.2).
pub(crate) fn host_of(headers: &HeaderMap) -> Result<Authority, Reason> {
    let mut hosts = headers.get_all(HOST).into_iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Reason::Malformed("Host: exactly one".to_owned()));
    };
    let host = host.to_str().ok().and_then(|host| host.parse().ok());
    host.filter(is_plain).ok_or_else(not_a_host)
}

fn not_a_host() -> Reason {
    Reason::Malformed("Host: a name or an address, and a port".to_owned())
}

/// Whether it is a host, or one and a port, and nothing else.
fn is_plain(authority: &Authority) -> bool {
    let text = authority.as_str();
    let host = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) if address.parse::<Ipv6Addr>().is_ok() => &text[..address.len() + 2],
        Some(_) => return false,
        None => text.split(':').next().unwrap_or_default(),
    };
    let port = &text[host.len()..];
    let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok();
    let has_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    !host.is_empty() && !host.contains('@') && has_port
}

/// Whether a request is from this server's own pages, or from no page at all: programs send no
/// `Origin` (RFC 6454 section 7), browsers do and can't be made not to.
pub(crate) fn is_from_here(headers: &HeaderMap, host: &Authority) -> bool {
    let mut origins = headers.get_all(ORIGIN).into_iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return !headers.contains_key(ORIGIN);
    };
    let origin = origin.to_str().unwrap_or_default();
    let Some((scheme @ ("http" | "https"), authority)) = origin.split_once("://") else {
        return false;
    };
    let host = without_default_port(scheme, host.as_str());
    without_default_port(scheme, authority).eq_ignore_ascii_case(host)
        && may_be_of_this_scheme(headers, scheme)
}

/// Whether a request is from a page that came without encryption, which whoever is on its way can have written.
fn is_from_plain_page(headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    origin.is_some_and(|origin| origin.starts_with(b"http://"))
}

/// Whether the page's scheme is the one that the request was sent by, as far as that can be known: a
/// browser says whether page and server are of one origin where both can be trusted (Fetch Metadata,
/// W3C), a proxy says which scheme it was asked by, and without either it could be any.
fn may_be_of_this_scheme(headers: &HeaderMap, scheme: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    // The first proxy is the one that the browser asked.
    let forwarded = text("x-forwarded-proto").and_then(|schemes| schemes.split(',').next());
    let forwarded = forwarded.map(|scheme| match scheme.trim() {
        // Some say of a WebSocket what it is.
        "wss" => "https",
        "ws" => "http",
        scheme => scheme,
    });
    forwarded.is_none_or(|forwarded| forwarded.eq_ignore_ascii_case(scheme))
}

/// A host and port without the port that its scheme has anyway: some proxies write it.
fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let default = if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        ":80"
    };
    authority.strip_suffix(default).unwrap_or(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    fn is_here(origin: &'static str, host: &'static str) -> bool {
        let host = host.parse().expect("a host");
        is_from_here(&headers(&[("origin", origin)]), &host)
    }

    #[test]
    fn a_default_port_is_written_or_not() {
        assert!(is_here("https://shop.example", "shop.example:443"));
        assert!(is_here("https://shop.example:443", "Shop.example"));
        assert!(is_here("http://shop.example", "shop.example:80"));
        assert!(is_here("http://[::1]", "[::1]:80"));
        assert!(is_here("http://shop.example:8080", "shop.example:8080"));
        assert!(!is_here("https://shop.example", "shop.example:80"));
        assert!(!is_here("http://shop.example", "shop.example:443"));
        assert!(!is_here("https://shop.example", "shop.example:8443"));
        assert!(!is_here("https://evil.example", "shop.example"));
        assert!(!is_here("null", "null"));
        assert!(!is_here("chrome-extension://localhost", "localhost"));
    }

    #[test]
    fn the_scheme_of_an_origin_counts_where_it_is_known() {
        let host = "shop.example".parse().expect("a host");
        let is_here = |more: (&'static str, &'static str)| {
            is_from_here(&headers(&[("origin", "http://shop.example"), more]), &host)
        };
        assert!(is_here(("x-forwarded-proto", "http")));
        assert!(is_here(("x-forwarded-proto", "HTTP, https")));
        assert!(!is_here(("x-forwarded-proto", "https")));
        assert!(is_here(("x-forwarded-proto", "ws")));
        assert!(!is_here(("x-forwarded-proto", "wss")));
        assert!(!is_here(("x-forwarded-proto", "https, http")));
        assert!(is_here(("sec-fetch-site", "same-origin")));
        assert!(!is_here(("sec-fetch-site", "cross-site")));
        assert!(!is_here(("sec-fetch-site", "same-site")));
    }

    #[test]
    fn a_name_is_served_when_it_is_known() {
        let names = || vec!["shop.example".to_owned()];
        let serves = |guard: &Guard, host: &str| guard.serves(&host.parse().expect("a host"));
        let at_home = Guard::new(Vec::new(), Vec::new(), true);
        for host in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "192.168.1.5",
            "localhost",
            "LocalHost.:80",
        ] {
            assert!(serves(&at_home, host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "shop.example",
        ] {
            assert!(!serves(&at_home, host), "{host}");
        }
        for guard in [
            Guard::new(names(), Vec::new(), true),
            Guard::new(names(), Vec::new(), false),
        ] {
            assert!(serves(&guard, "Shop.Example:80"));
            assert!(serves(&guard, "127.0.0.1"));
            assert!(!serves(&guard, "evil.example"));
        }
        assert!(serves(
            &Guard::new(Vec::new(), Vec::new(), false),
            "any.example"
        ));
    }

    #[test]
    fn a_request_names_one_host() {
        for wrong in [
            &[][..],
            &[("host", "a"), ("host", "a")],
            &[("host", "")],
            &[("host", "a b")],
            &[("host", "me@a")],
            &[("host", "a/b")],
            &[("host", "[::1]evil.example")],
            &[("host", "[::1].evil.example")],
            &[("host", "[evil.example]")],
            &[("host", "127.0.0.1:80evil")],
            &[("host", "localhost:99999")],
            &[("host", "localhost:abc")],
        ] {
            assert!(host_of(&headers(wrong)).is_err(), "{wrong:?}");
        }
        assert!(host_of(&headers(&[("host", "a:80")])).is_ok());
    }
}
