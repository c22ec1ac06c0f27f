//! The path under which a proxy serves this server: whole addresses begin with it, and requests may come
//! with it or without.

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, Request};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::Redirect;
use axum::routing::get;
use tower::ServiceBuilder;

/// Such a path: empty, or a slash and a name once or several times, as in `/shop`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BasePath(Arc<str>);

/// How the server's own paths begin: a request that came without the base path would be taken for one with
/// it.
const TAKEN: [&str; 7] = [
    "api",
    "assets",
    "views",
    "ws",
    "socket.io",
    "realtimeproducts",
    "favicon.svg",
];

/// It is no such path.
#[derive(Debug, thiserror::Error)]
#[error(
    "a path of letters, digits and -._~ that begins with a slash and is none of the server's own, such as \
     /shop"
)]
pub struct NotAPath;

impl FromStr for BasePath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let path = text.trim_end_matches('/');
        let is_name = |name: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            !matches!(name, "" | "." | "..") && name.bytes().all(is_plain)
        };
        let is_path = match path.strip_prefix('/') {
            Some(names) => {
                let first = names.split('/').next().unwrap_or_default();
                names.split('/').all(is_name) && !TAKEN.contains(&first)
            }
            None => path.is_empty(),
        };
        if is_path {
            Ok(Self(path.into()))
        } else {
            Err(NotAPath)
        }
    }
}

impl BasePath {
    /// The whole path of one of this server's, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Has a router serve what is below the path as what it is without it. Proxies take it off or leave
    /// it on: both are served.
    pub fn mount(&self, router: Router) -> Router {
        if self.0.is_empty() {
            return router;
        }
        let base = self.clone();
        let strip = ServiceBuilder::new().map_request(move |mut request: Request| {
            if let Some(uri) = base.strip(request.uri()) {
                *request.uri_mut() = uri;
            }
            request
        });
        Router::new().fallback_service(strip.service(router))
    }

    /// The path itself, where there is one: it leads to what is below it, since relative addresses need the
    /// slash.
    pub fn root<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        if self.0.is_empty() {
            return Router::new();
        }
        let root = self.join("/");
        let redirect = async move |RawQuery(query): RawQuery| {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            Redirect::permanent(&(root + &query))
        };
        Router::new().route(&self.0, get(redirect))
    }

    /// An address without the path, where it is below it.
    fn strip(&self, uri: &Uri) -> Option<Uri> {
        let below = uri.path_and_query()?.as_str().strip_prefix(&*self.0)?;
        if !below.starts_with('/') {
            return None;
        }
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_str(below).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_slash_before_each_name() {
        for (text, path) in [
            ("", ""),
            ("/", ""),
            ("/shop", "/shop"),
            ("/shop/", "/shop"),
            ("/a/b-1", "/a/b-1"),
        ] {
            let base: BasePath = text.parse().expect(text);
            assert_eq!(base.join("/x"), format!("{path}/x"), "{text}");
        }
        for wrong in [
            "shop", "//shop", "/a//b", "/a/../b", "/a b", "/a?b", "/ä", "/{a}", "/api", "/ws/a",
        ] {
            assert!(BasePath::from_str(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_below_the_path_is_stripped_of_it() {
        let base: BasePath = "/shop".parse().expect("a path");
        let strip = |uri: &str| {
            let uri: Uri = uri.parse().expect("an address");
            base.strip(&uri).map(|uri| uri.to_string())
        };
        assert_eq!(strip("/shop/ws?a=/shop"), Some("/ws?a=/shop".to_owned()));
        assert_eq!(strip("/shop/"), Some("/".to_owned()));
        assert_eq!(
            strip("http://a.example/shop/x"),
            Some("http://a.example/x".to_owned())
        );
        assert_eq!(strip("/shopping"), None);
        assert_eq!(strip("/ws"), None);
    }
}
