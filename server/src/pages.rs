//! The HTML shells: Handlebars templates filled with words, and on `/` with products. All addresses in them are
//! relative, so that a proxy may serve them under any path.

pub mod account;
pub mod assets;
mod currency;
mod home;
mod render;
pub mod signin;

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts, Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde_json::{Map, Value, json};
use shared::{Language, LowStock, Role, Text};
use time::Duration;

use crate::access::{Access, Visitor};
use crate::engine::hub::Hub;
use crate::http::base_path::BasePath;
use crate::http::extract::{COOKIE_NAME, Locale, Parameters};
use crate::http::pool::ListPool;
use crate::http::problem::Rejection;
use crate::listing::Indexes;

pub use currency::Currency;
pub use render::Templates;

/// How long a chosen language is remembered.
const COOKIE_TIME: Duration = Duration::days(365);

/// The parameter of a page that chooses its language.
const LANGUAGE: &str = "lang";

/// `GET /`: every product, newest first, or what its parameters choose, as HTML.
#[expect(clippy::too_many_arguments, reason = "each is a part of the state")]
pub async fn index(
    State(hub): State<Arc<Hub>>,
    State(indexes): State<Arc<Indexes>>,
    State(pool): State<ListPool>,
    State(templates): State<Arc<Templates>>,
    State(currency): State<Option<Currency>>,
    State(low_stock): State<LowStock>,
    who: Who,
    Reader { locale, parameters }: Reader,
) -> Result<Response, Rejection> {
    let mut data = common(&locale, &parameters, "home.title");
    data.insert("isHome".to_owned(), json!(true));
    who.add_to(&mut data);
    let query = home::HomeQuery::read(&parameters, low_stock);
    let (catalog, text) = (hub.catalog(), locale.text.clone());
    let list = move || home::list(&catalog, &indexes, &text, &query, currency.as_ref());
    data.extend(pool.run(list).await?);
    Ok(templates.render("index", &locale, &data))
}

/// `GET /realtimeproducts`: the shell of the live page, with no product in it.
pub async fn real_time_products(
    State(templates): State<Arc<Templates>>,
    State(currency): State<Option<Currency>>,
    State(low_stock): State<LowStock>,
    who: Who,
    Reader { locale, parameters }: Reader,
    headers: HeaderMap,
) -> Response {
    let mut data = common(&locale, &parameters, "live.title");
    data.insert("isLive".to_owned(), json!(true));
    who.add_to(&mut data);
    let currency = currency.map(|currency| currency.to_string());
    data.insert("currency".to_owned(), json!(currency));
    data.insert("lowStock".to_owned(), json!(low_stock.0));
    data.insert("textJson".to_owned(), json!(in_script(&locale.text)));
    // The page looks whether it is the name in its address: no socket of it gets past the guard if not.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    data.insert("host".to_owned(), json!(host));
    templates.render("realTimeProducts", &locale, &data)
}

/// Who looks at a page, as the page shows it.
pub struct Who {
    visitor: Visitor,
    can_sign_in: bool,
}

impl Who {
    fn add_to(&self, data: &mut Map<String, Value>) {
        data.insert("person".to_owned(), json!(self.visitor.name()));
        data.insert("canSignIn".to_owned(), json!(self.can_sign_in));
        let read_only = !self.visitor.may(Role::Editor);
        data.insert("readOnly".to_owned(), json!(read_only));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who
where
    Access: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let access = Access::from_ref(state);
        Ok(Self {
            visitor: Visitor::from_request_parts(parts, state).await?,
            can_sign_in: !access.roster().people.is_empty(),
        })
    }
}

/// Where the live page is, beside the list.
const LIVE: &str = "realtimeproducts";

/// Any other address: a page for people, a problem document for programs. An address that is meant for the
/// live page leads there.
pub async fn not_found(
    State(templates): State<Arc<Templates>>,
    locale: Locale,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Rejection> {
    let path = uri.path().trim_end_matches('/');
    let name = path.strip_prefix('/').unwrap_or_default();
    if name.eq_ignore_ascii_case(LIVE) {
        let up = "../".repeat(uri.path().len() - path.len());
        let query = uri.query().map(|query| format!("?{query}"));
        let to = format!("{up}{LIVE}{}", query.unwrap_or_default());
        return Ok(Redirect::permanent(&to).into_response());
    }
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_for_people = accepts.is_some_and(|accept| accept.contains("text/html"));
    if !is_for_people || !matches!(method, Method::GET | Method::HEAD) {
        return Err(Rejection::NoSuchRoute);
    }
    let root = "../".repeat(uri.path().matches('/').count().saturating_sub(1));
    let mut data = common(&locale, &Parameters::new(), "problem.no_such_route");
    data.insert("root".to_owned(), json!(root));
    Ok((
        StatusCode::NOT_FOUND,
        templates.render("problem", &locale, &data),
    )
        .into_response())
}

/// `GET /manifest.webmanifest`: what a device shows of the live page that is put on its home screen (W3C Web
/// Application Manifest).
pub async fn manifest(locale: Locale) -> Response {
    let icon =
        |url: &str, sizes: &str, r#type: &str| json!({"src": url, "sizes": sizes, "type": r#type});
    let manifest = json!({
        "name": locale.text.get("site.name"),
        "description": locale.text.get("site.description"),
        "lang": locale.language.tag(),
        "start_url": LIVE,
        "scope": "./",
        "display": "standalone",
        "background_color": "#f5f4f0",
        "theme_color": "#0f6b5c",
        "icons": [
            icon("favicon.svg", "any", "image/svg+xml"),
            icon("icon.png", "180x180", "image/png"),
        ],
    });
    let media_type = [(CONTENT_TYPE, "application/manifest+json")];
    (locale.headers(), media_type, manifest.to_string()).into_response()
}

/// Somebody who opens a page: the language they read, and what stands in the page's address. A language there
/// is remembered, and leads to the page in it.
pub struct Reader {
    locale: Locale,
    parameters: Parameters,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    BasePath: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let Ok(locale) = Locale::from_request_parts(parts, state).await;
        let parameters = Query::<Parameters>::from_request_parts(parts, state).await;
        let Query(parameters) = parameters.map_err(IntoResponse::into_response)?;
        let chosen = parameters.iter().find(|(name, _)| name == LANGUAGE);
        let Some(language) = chosen.and_then(|(_, tag)| Language::from_tag(tag)) else {
            return Ok(Self { locale, parameters });
        };
        if !is_navigation(&parts.headers) {
            // A picture with the same address changes nothing for whoever sees it.
            let locale = Locale::new(language);
            return Ok(Self { locale, parameters });
        }
        let page = parts.uri.path().rsplit('/').next().unwrap_or_default();
        let page = if page.is_empty() { "./" } else { page };
        let path = format!("{page}{}", to_query(&parameters, &[LANGUAGE]));
        Err(remember(language, &path, &BasePath::from_ref(state)))
    }
}

/// Remembers a language, and leads to a page in it.
fn remember(language: Language, path: &str, base_path: &BasePath) -> Response {
    let cookie = Cookie::build((COOKIE_NAME, language.tag()))
        .path(base_path.join("/"))
        .max_age(COOKIE_TIME)
        .same_site(SameSite::Lax)
        .http_only(true);
    let redirect = Redirect::to(path);
    (CookieJar::new().add(cookie), redirect).into_response()
}

/// Parameters as an address has them, without some: empty where there is none.
fn to_query(parameters: &Parameters, without: &[&str]) -> String {
    let kept = parameters
        .iter()
        .filter(|(name, _)| !without.contains(&name.as_str()));
    let kept: Vec<&(String, String)> = kept.collect();
    let query = serde_urlencoded::to_string(kept).unwrap_or_default();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
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

/// The data of the layout, for a page whose title stands under this key.
fn common(locale: &Locale, parameters: &Parameters, title: &str) -> Map<String, Value> {
    let languages = Language::ALL.map(|language| {
        let mut parameters = parameters.clone();
        parameters.retain(|(name, _)| name != LANGUAGE);
        parameters.push((LANGUAGE.to_owned(), language.tag().to_owned()));
        json!({
            "tag": language.tag(),
            "name": Locale::new(language).text.get("language.name"),
            "url": to_query(&parameters, &[]),
            "isCurrent": language == locale.language,
        })
    });
    let text: Value = to_tree(&locale.text);
    let data = json!({
        "lang": locale.language.tag(),
        "languages": languages,
        "title": locale.text.get(title),
        // The same part of the list, on the other page.
        "viewQuery": to_query(parameters, &[LANGUAGE, "page", "key", "next", "done"]),
        "root": "",
        "text": text,
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
    let of_other_pages = ["signin.", "welcome.", "account.", "people.", "home."];
    let is_here = |key: &&str| !of_other_pages.iter().any(|page| key.starts_with(page));
    let words: Map<String, Value> = text
        .keys()
        .filter(is_here)
        .map(|key| (key.to_owned(), json!(text.get(key))))
        .collect();
    Value::Object(words).to_string().replace('<', "\\u003c")
}
