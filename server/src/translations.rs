//! The words of each language, from the views.

use std::sync::{Arc, LazyLock};

use shared::{Language, Text};

use crate::embedded;

/// A language's words. Where views are read from disk they are read again each time.
pub fn words(language: Language) -> Arc<Text> {
    static WORDS: LazyLock<[Arc<Text>; 2]> = LazyLock::new(|| Language::ALL.map(read));
    if embedded::ARE_EMBEDDED {
        match language {
            Language::English => WORDS[0].clone(),
            Language::Spanish => WORDS[1].clone(),
        }
    } else {
        read(language)
    }
}

fn read(language: Language) -> Arc<Text> {
    let json = embedded::view(&format!("text.{language}.json"));
    Arc::new(Text::from_json(&json).unwrap_or_else(|error| {
        tracing::error!(%language, %error, "a language file is not JSON");
        Text::default()
    }))
}
