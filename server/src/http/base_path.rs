//! The path under which a proxy serves this server: whole addresses begin with it, and requests may come
//! with it or without.

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{StatusCode, Uri};
use axum::response::Redirect;
use axum::routing::get;
use tower::ServiceBuilder;

/// Such a path: empty, or a slash and a name once or several times, as in `/shop`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BasePath(Arc<str>);

/// It is no such path.
#[derive(Debug, thiserror::Error)]
#[error("a path of letters, digits and -._~ that begins with a slash, such as /shop")]
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
            Some(names) => names.split('/').all(is_name),
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
        let root = self.join("/");
        let base = self.clone();
        let strip = ServiceBuilder::new().map_request(move |mut request: Request| {
            if let Some(uri) = base.strip(request.uri()) {
                *request.uri_mut() = uri;
            }
            request
        });
        Router::new()
            // Relative addresses need the slash.
            .route(&self.0, get(async move || Redirect::permanent(&root)))
            .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
            .fallback_service(strip.service(router))
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
            "shop", "//shop", "/a//b", "/a/../b", "/a b", "/a?b", "/ä", "/{a}",
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
