//! Handlebars: the templates of `views`, read once and filled for each request.

use axum::http::header::CACHE_CONTROL;
use axum::response::{Html, IntoResponse, Response};
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};
use serde_json::{Map, Value};

use super::assets;
use crate::embedded;
use crate::http::extract::Locale;
use crate::http::problem::Rejection;

/// The templates by the names they call each other by.
const TEMPLATES: [&str; 24] = [
    "layouts/main",
    "bar",
    "languages",
    "index",
    "home",
    "problem",
    "signin",
    "welcome",
    "account",
    "people",
    "realTimeProducts",
    "live/bar",
    "live/filters",
    "live/grid",
    "live/panel",
    "live/bulk",
    "live/history",
    "live/shortcuts",
    "live/row-menu",
    "live/scanner",
    "product",
    "field",
    "field-notes",
    "import",
];

/// The templates, ready to fill.
pub struct Templates {
    handlebars: Handlebars<'static>,
}

impl Templates {
    /// Reads every template.
    pub fn load() -> Result<Self, handlebars::TemplateError> {
        let mut handlebars = Handlebars::new();
        handlebars.register_helper("asset", Box::new(asset));
        for name in TEMPLATES {
            let template = embedded::view(&format!("{name}.handlebars"));
            handlebars.register_template_string(name, template)?;
        }
        Ok(Self { handlebars })
    }

    /// Fills a template; `locale` is the one that `data` is in.
    pub fn render(&self, name: &str, locale: &Locale, data: &Map<String, Value>) -> Response {
        // Where views are read from disk an edit shows on reload.
        let rendered = if embedded::ARE_EMBEDDED {
            self.handlebars.render(name, data)
        } else {
            Self::load()
                .map_err(Into::into)
                .and_then(|templates| templates.handlebars.render(name, data))
        };
        match rendered {
            Ok(html) => {
                let cache = [(CACHE_CONTROL, "no-cache")];
                (locale.headers(), cache, Html(html)).into_response()
            }
            Err(error) => {
                tracing::error!(template = name, %error, "can't render");
                Rejection::InternalError.into_response()
            }
        }
    }
}

/// `{{asset "/assets/boot.js"}}`: the relative URL of a file that may be cached indefinitely.
fn asset(
    helper: &Helper,
    _: &Handlebars,
    context: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    let path = helper.param(0).and_then(|path| path.value().as_str());
    let url = assets::url(path.unwrap_or_default());
    let root = context.data()["root"].as_str().unwrap_or_default();
    out.write(root)?;
    out.write(url.trim_start_matches('/'))?;
    Ok(())
}
