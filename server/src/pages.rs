//! The HTML shells: Handlebars templates of `views`, filled with words, and on `/` with products.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_LANGUAGE, SET_COOKIE, VARY};
use axum::response::{Html, IntoResponse, Redirect, Response};
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{Catalog, Language, Product, Text};

use crate::assets;
use crate::hub::Hub;
use crate::language::{COOKIE_NAME, Reader};

/// Products on one page of the list at `/`.
const PER_PAGE: usize = 50;

/// How long a chosen language is remembered, in seconds: a year.
const COOKIE_SECONDS: u32 = 31_536_000;

/// The templates by the names they call each other by.
const TEMPLATES: [&str; 7] = [
    "layouts/main",
    "index",
    "home",
    "realTimeProducts",
    "product",
    "field",
    "import",
];

/// The templates, ready to fill.
pub struct Pages {
    templates: Handlebars<'static>,
}

impl Pages {
    /// Reads every template.
    pub fn load() -> Result<Self, handlebars::TemplateError> {
        let mut templates = Handlebars::new();
        templates.register_helper("asset", Box::new(asset));
        for name in TEMPLATES {
            let template = assets::view(&format!("{name}.handlebars"));
            templates.register_template_string(name, template)?;
        }
        Ok(Self { templates })
    }

    fn render(&self, name: &str, reader: &Reader, data: &Map<String, Value>) -> Response {
        // Where views are read from disk an edit shows on reload.
        let rendered = if assets::ARE_EMBEDDED {
            self.templates.render(name, data)
        } else {
            Self::load()
                .map_err(Into::into)
                .and_then(|pages| pages.templates.render(name, data))
        };
        match rendered {
            Ok(html) => {
                let headers = [
                    (CONTENT_LANGUAGE, reader.language.tag()),
                    (VARY, "accept-language, cookie"),
                    (CACHE_CONTROL, "no-cache"),
                ];
                (headers, Html(html)).into_response()
            }
            Err(error) => {
                tracing::error!(template = name, %error, "can't render");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// `{{asset "/assets/boot.js"}}`: the URL of a file that may be cached for ever.
fn asset(
    helper: &Helper,
    _: &Handlebars,
    _: &Context,
    _: &mut RenderContext,
    out: &mut dyn Output,
) -> HelperResult {
    let path = helper.param(0).and_then(|path| path.value().as_str());
    out.write(&assets::url(path.unwrap_or_default()))?;
    Ok(())
}

/// What a page is asked for with.
#[derive(Deserialize)]
pub struct PageQuery {
    /// The language from now on.
    lang: Option<String>,
    /// Which page of the list, from 1.
    page: Option<String>,
}

/// `GET /`: every product, newest first, as HTML.
pub async fn index(
    State(hub): State<Arc<Hub>>,
    State(pages): State<Arc<Pages>>,
    reader: Reader,
    Query(query): Query<PageQuery>,
) -> Response {
    if let Some(response) = choose_language("/", query.lang.as_deref()) {
        return response;
    }
    let page = query.page.and_then(|page| page.parse().ok()).unwrap_or(1);
    let mut data = common(&reader, "/");
    data.extend(home(&hub.catalog(), &reader.text, page));
    pages.render("index", &reader, &data)
}

/// `GET /realtimeproducts`: the shell of the live page, with no product in it.
pub async fn real_time_products(
    State(pages): State<Arc<Pages>>,
    reader: Reader,
    Query(query): Query<PageQuery>,
) -> Response {
    let path = "/realtimeproducts";
    if let Some(response) = choose_language(path, query.lang.as_deref()) {
        return response;
    }
    let mut data = common(&reader, path);
    data.insert("isLive".to_owned(), json!(true));
    pages.render("realTimeProducts", &reader, &data)
}

/// Remembers a language and shows the page in it.
fn choose_language(path: &str, tag: Option<&str>) -> Option<Response> {
    let language = Language::from_tag(tag?)?;
    let cookie = format!(
        "{COOKIE_NAME}={language}; Path=/; Max-Age={COOKIE_SECONDS}; SameSite=Lax; HttpOnly"
    );
    Some(([(SET_COOKIE, cookie)], Redirect::to(path)).into_response())
}

/// What the layout needs.
fn common(reader: &Reader, path: &str) -> Map<String, Value> {
    let languages = Language::ALL.map(|language| {
        json!({
            "tag": language.tag(),
            "name": Reader::of(language).text.get("language.name"),
            "url": format!("{path}?lang={language}"),
            "isCurrent": language == reader.language,
        })
    });
    let text: Value = nested(&reader.text);
    let data = json!({
        "lang": reader.language.tag(),
        "languages": languages,
        "text": text,
        "textJson": in_script(&reader.text),
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// The words as a tree, so that a template says `{{text.form.add}}`.
fn nested(text: &Text) -> Value {
    let mut tree = json!({});
    for key in text.keys() {
        let pointer = key.split('.').fold(&mut tree, |node, part| &mut node[part]);
        *pointer = json!(text.get(key));
    }
    tree
}

/// The words as JSON that can stand in a `<script>`: nothing in it ends the element.
fn in_script(text: &Text) -> String {
    let words: Map<String, Value> = text
        .keys()
        .map(|key| (key.to_owned(), json!(text.get(key))))
        .collect();
    Value::Object(words).to_string().replace('<', "\\u003c")
}

/// One page of the list.
fn home(catalog: &Catalog, text: &Text, page: usize) -> Map<String, Value> {
    let pages = catalog.len().div_ceil(PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let rows: Vec<Value> = catalog
        .products()
        .rev()
        .skip((page - 1) * PER_PAGE)
        .take(PER_PAGE)
        .map(|product| row(product, text))
        .collect();
    let number = |number: usize| text.number(number as u64);
    let data = json!({
        "products": rows,
        "count": text.product_count(catalog.len()),
        "pageOf": text.fill("pages.of", &[("page", &number(page)), ("pages", &number(pages))]),
        "hasPages": pages > 1,
        "newer": (page > 1).then(|| format!("/?page={}", page - 1)),
        "older": (page < pages).then(|| format!("/?page={}", page + 1)),
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// A product as the template shows it.
fn row(product: &Product, text: &Text) -> Value {
    let draft = &product.draft;
    json!({
        "id": product.id,
        "title": draft.title,
        "description": draft.description,
        "code": draft.code,
        "price": text.price(draft.price),
        "isOnSale": draft.status,
        "stock": text.number(draft.stock.into()),
        "category": draft.category,
        "letter": draft.title.chars().next().map(|letter| letter.to_uppercase().to_string()),
        "thumbnail": draft.thumbnails.first(),
    })
}
