//! Who reads: the language of a request, and its words.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
use axum::http::request::Parts;
use shared::{Language, Text};

use crate::assets;

/// The cookie that remembers a choice.
pub const COOKIE_NAME: &str = "lang";

/// The reader of an answer.
#[derive(Clone)]
pub struct Reader {
    /// The language they chose, or their browser asks for.
    pub language: Language,
    /// Its words.
    pub text: Arc<Text>,
}

impl Reader {
    /// A reader of this language.
    pub fn of(language: Language) -> Self {
        Self {
            language,
            text: words(language),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(chosen(parts).unwrap_or_else(|| preferred(parts))))
    }
}

/// The language in the cookie.
fn chosen(parts: &Parts) -> Option<Language> {
    let cookies = parts.headers.get_all(COOKIE).into_iter();
    cookies
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .and_then(|(_, tag)| Language::from_tag(tag))
}

/// The language the browser asks for (RFC 9110 section 12.5.4).
fn preferred(parts: &Parts) -> Language {
    let header = parts.headers.get(ACCEPT_LANGUAGE);
    let wanted = header
        .and_then(|header| header.to_str().ok())
        .unwrap_or_default();
    accept_language::parse(wanted)
        .iter()
        .find_map(|tag| Language::from_tag(tag))
        .unwrap_or(Language::English)
}

/// A language's words. Where views are read from disk they are read again each time.
fn words(language: Language) -> Arc<Text> {
    static WORDS: LazyLock<[Arc<Text>; 2]> = LazyLock::new(|| Language::ALL.map(read));
    if assets::ARE_EMBEDDED {
        match language {
            Language::English => WORDS[0].clone(),
            Language::Spanish => WORDS[1].clone(),
        }
    } else {
        read(language)
    }
}

fn read(language: Language) -> Arc<Text> {
    let json = assets::view(&format!("text.{language}.json"));
    Arc::new(Text::from_json(&json).unwrap_or_else(|error| {
        tracing::error!(%language, %error, "a language file is not JSON");
        Text::default()
    }))
}
