//! The language of a request, and its words.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use shared::{Language, Text};

use crate::translations;

/// The cookie that remembers a choice.
pub const COOKIE_NAME: &str = "lang";

/// A reader's language.
#[derive(Clone)]
pub struct Locale {
    /// The one they chose, or their browser asks for.
    pub language: Language,
    /// Its words.
    pub text: Arc<Text>,
}

impl Locale {
    /// The locale of this language.
    pub fn new(language: Language) -> Self {
        Self {
            language,
            text: translations::words(language),
        }
    }

    /// What an answer in it says: which language it is in, and by what that was chosen.
    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        [
            (
                CONTENT_LANGUAGE,
                HeaderValue::from_static(self.language.tag()),
            ),
            (VARY, HeaderValue::from_static("accept-language, cookie")),
        ]
    }

    /// The language of a request with these headers.
    pub fn negotiate(headers: &HeaderMap) -> Language {
        let jar = CookieJar::from_headers(headers);
        let chosen = jar.get(COOKIE_NAME).map(Cookie::value);
        chosen
            .and_then(Language::from_tag)
            .unwrap_or_else(|| preferred_language(headers))
    }
}

impl<S: Sync> FromRequestParts<S> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(Self::negotiate(&parts.headers)))
    }
}

/// The language that the browser asks for (RFC 9110 section 12.5.4).
fn preferred_language(headers: &HeaderMap) -> Language {
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|header| header.to_str().ok())
        .unwrap_or_default();
    accept_language::parse(accepted)
        .iter()
        .find_map(|tag| Language::from_tag(tag))
        .unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::COOKIE;

    use super::*;

    fn language(cookie: Option<&'static str>, accepted: Option<&'static str>) -> Language {
        let given = [(COOKIE, cookie), (ACCEPT_LANGUAGE, accepted)];
        let given = given.into_iter();
        let headers =
            given.filter_map(|(name, value)| Some((name, HeaderValue::from_static(value?))));
        Locale::negotiate(&headers.collect())
    }

    #[test]
    fn a_choice_comes_before_what_the_browser_asks_for() {
        let spanish = Language::Spanish;
        assert_eq!(language(Some("a=b; lang=es"), Some("en")), spanish);
        assert_eq!(language(None, Some("de, es-MX;q=0.9, en;q=0.5")), spanish);
        assert_eq!(language(Some("lang=xx"), Some("es")), spanish);
        assert_eq!(language(Some("lang=en"), Some("es")), Language::English);
        assert_eq!(language(None, Some("de")), Language::English);
        assert_eq!(language(None, None), Language::English);
    }
}
