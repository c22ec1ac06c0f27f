//! The HTML shells: Handlebars templates filled with words, and on `/` with products. All addresses in them are
//! relative, so that a proxy may serve them under any path.

pub mod assets;
mod render;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::{Catalog, FieldRef, Language, Product, Text};
use time::Duration;

use crate::engine::hub::Hub;
use crate::http::base_path::BasePath;
use crate::http::extract::{COOKIE_NAME, Locale, TypedQuery};

pub use render::Templates;

/// Products on one page of the list at `/`.
const PRODUCTS_PER_PAGE: usize = 50;

/// How long a chosen language is remembered.
const COOKIE_TIME: Duration = Duration::days(365);

/// The parameters of a page.
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
    State(templates): State<Arc<Templates>>,
    State(base_path): State<BasePath>,
    locale: Locale,
    headers: HeaderMap,
    TypedQuery(query): TypedQuery<PageQuery>,
) -> Response {
    let locale = match choose_language("./", locale, query.lang.as_deref(), &headers, &base_path) {
        Choice::Remember(response) => return response,
        Choice::Show(locale) => locale,
    };
    let page = query.page.and_then(|page| page.parse().ok()).unwrap_or(1);
    let mut data = common(&locale);
    data.extend(home(&hub.catalog(), &locale.text, page));
    templates.render("index", &locale, &data)
}

/// `GET /realtimeproducts`: the shell of the live page, with no product in it.
pub async fn real_time_products(
    State(templates): State<Arc<Templates>>,
    State(base_path): State<BasePath>,
    locale: Locale,
    headers: HeaderMap,
    TypedQuery(query): TypedQuery<PageQuery>,
) -> Response {
    let path = "realtimeproducts";
    let locale = match choose_language(path, locale, query.lang.as_deref(), &headers, &base_path) {
        Choice::Remember(response) => return response,
        Choice::Show(locale) => locale,
    };
    let mut data = common(&locale);
    data.insert("isLive".to_owned(), json!(true));
    // The page looks whether it is the name in its address: no socket of it gets past the guard if not.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    data.insert("host".to_owned(), json!(host));
    templates.render("realTimeProducts", &locale, &data)
}

/// What comes of a language in a page's address.
enum Choice {
    /// It is remembered, and leads to the page in it.
    Remember(Response),
    /// The page is shown in this one.
    Show(Locale),
}

/// Remembers the language in a page's address, where a person opens that: a picture with the same
/// address changes nothing for whoever sees it.
fn choose_language(
    path: &str,
    locale: Locale,
    tag: Option<&str>,
    headers: &HeaderMap,
    base_path: &BasePath,
) -> Choice {
    let Some(language) = tag.and_then(Language::from_tag) else {
        return Choice::Show(locale);
    };
    if !is_navigation(headers) {
        return Choice::Show(Locale::new(language));
    }
    let cookie = Cookie::build((COOKIE_NAME, language.tag()))
        .path(base_path.join("/"))
        .max_age(COOKIE_TIME)
        .same_site(SameSite::Lax)
        .http_only(true);
    Choice::Remember((CookieJar::new().add(cookie), Redirect::to(path)).into_response())
}

/// Whether a browser opens this address as a page. It says so (Fetch Metadata, W3C), but only to
/// servers that it trusts, of which one in the local network is none: there it is known by the kind
/// of answer that it asks for, which for a picture is another.
fn is_navigation(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-dest"), text("sec-fetch-mode")) {
        (None, None) => text("accept").is_some_and(|accept| accept.contains("text/html")),
        (dest, mode) => dest == Some("document") && mode == Some("navigate"),
    }
}

/// The data of the layout.
fn common(locale: &Locale) -> Map<String, Value> {
    let languages = Language::ALL.map(|language| {
        json!({
            "tag": language.tag(),
            "name": Locale::new(language).text.get("language.name"),
            "url": format!("?lang={language}"),
            "isCurrent": language == locale.language,
        })
    });
    let text: Value = to_tree(&locale.text);
    let data = json!({
        "lang": locale.language.tag(),
        "languages": languages,
        "text": text,
        "textJson": in_script(&locale.text),
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// The words as a tree, so that a template says `{{text.form.add}}`.
fn to_tree(text: &Text) -> Value {
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
    let pages = catalog.len().div_ceil(PRODUCTS_PER_PAGE).max(1);
    let page = page.clamp(1, pages);
    let rows: Vec<Value> = catalog
        .products()
        .rev()
        .skip((page - 1) * PRODUCTS_PER_PAGE)
        .take(PRODUCTS_PER_PAGE)
        .map(|product| row(product, text))
        .collect();
    let number = |number: usize| text.number(number as u64);
    let data = json!({
        "products": rows,
        "count": text.product_count(catalog.len()),
        "pageOf": text.fill("pages.of", &[("page", &number(page)), ("pages", &number(pages))]),
        "hasPages": pages > 1,
        "newer": (page > 1).then(|| format!("?page={}", page - 1)),
        "older": (page < pages).then(|| format!("?page={}", page + 1)),
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

/// A product as the template shows it.
fn row(product: &Product, text: &Text) -> Value {
    let draft = &product.draft;
    let letter = draft.title.chars().next();
    let mut row = json!({
        "id": product.id,
        "isOnSale": draft.status,
        "letter": letter.map(|letter| letter.to_uppercase().to_string()),
        "thumbnail": draft.thumbnails.first(),
    });
    for (field, value) in draft.values() {
        row[field.name] = match value {
            FieldRef::Text(shown) => shown.into(),
            FieldRef::Price(price) => text.price(price).into(),
            FieldRef::Count(count) => text.number(count.into()).into(),
            // The template has names of its own for these.
            FieldRef::Flag(_) | FieldRef::Urls(_) => continue,
        };
    }
    row
}
