//! `/signin`, `/signout`, and `/welcome`, where the first admin is made. They are forms that need no script.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Form, State};
use axum::http::header::{CACHE_CONTROL, ORIGIN, REFERRER_POLICY, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use axum_extra::headers::{HeaderMapExt, RetryAfter};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::Reason;
use time::Duration as CookieDuration;

use super::{LIVE, Reader, Templates, common};
use crate::access::{Access, Fault, Refused, Visitor, check_name, check_password};
use crate::engine::hub::Hub;
use crate::http::base_path::BasePath;
use crate::http::extract::{ClientAddress, Locale, Parameters};
use crate::http::middleware::identify::{COOKIE, HOST_COOKIE, IsEncrypted};
use crate::http::problem::Rejection;

/// How long a browser keeps the cookie: as long as browsers do. How long it is good the server knows.
const COOKIE_TIME: CookieDuration = CookieDuration::days(400);

/// What is typed into a form for signing in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SignIn {
    name: String,
    password: String,
    next: String,
}

/// `GET /signin`.
pub async fn signin(
    State(templates): State<Arc<Templates>>,
    visitor: Visitor,
    Reader { locale, parameters }: Reader,
) -> Response {
    let next = parameters.iter().find(|(name, _)| name == "next");
    let next = next.map(|(_, value)| value.clone()).unwrap_or_default();
    let data = json!({"next": next, "person": visitor.name()});
    show(&templates, &locale, &parameters, "signin", data)
}

/// `POST /signin`: a new session, and on to where one wanted to go.
#[expect(
    clippy::too_many_arguments,
    reason = "each is one thing of the request or the state"
)]
pub async fn sign_in(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    State(hub): State<Arc<Hub>>,
    State(base_path): State<BasePath>,
    ClientAddress { address, .. }: ClientAddress,
    Extension(IsEncrypted(is_encrypted)): Extension<IsEncrypted>,
    locale: Locale,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Result<Response, Rejection> {
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let name = form.name.trim();
    let agent = agent.unwrap_or_default();
    let signed_in = access.sign_in(address, name, &form.password, agent).await;
    let secret = match signed_in {
        Ok(secret) => secret,
        Err(Refused::Failed(error)) => {
            tracing::error!(%error, "nobody can sign in");
            return Err(Rejection::Command(Reason::NotSaved));
        }
        Err(Refused::Wait(seconds)) => {
            hub.metrics().on_limit("signins");
            let values = [("value", &*seconds.to_string())];
            let words = locale.text.fill("signin.wait", &values);
            let page = show_again(&templates, &locale, &form, &words);
            let mut page = (StatusCode::TOO_MANY_REQUESTS, page).into_response();
            page.headers_mut()
                .typed_insert(RetryAfter::delay(Duration::from_secs(seconds)));
            return Ok(page);
        }
        Err(Refused::Wrong) => {
            let words = locale.text.get("signin.wrong");
            let page = show_again(&templates, &locale, &form, words);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let is_encrypted = is_encrypted || is_from_encrypted_page(&headers);
    let jar = CookieJar::new().add(cookie(secret, is_encrypted, &base_path));
    Ok((jar, Redirect::to(safe(&form.next))).into_response())
}

/// The form again, with what is wrong and without the password.
fn show_again(templates: &Templates, locale: &Locale, form: &SignIn, error: &str) -> Response {
    let data = json!({"next": form.next, "name": form.name.trim(), "error": error});
    show(templates, locale, &Parameters::new(), "signin", data)
}

/// `POST /signout`: the session ends, and with it all that is connected by it.
pub async fn sign_out(
    State(access): State<Access>,
    State(base_path): State<BasePath>,
    visitor: Visitor,
) -> Result<Response, Rejection> {
    if let Some(key) = visitor.key() {
        access.sign_out(key).await.map_err(|error| {
            tracing::error!(%error, "nobody can sign out");
            Rejection::Command(Reason::NotSaved)
        })?;
    }
    let mut jar = CookieJar::new();
    for is_encrypted in [false, true] {
        let mut gone = cookie(String::new(), is_encrypted, &base_path);
        gone.set_max_age(CookieDuration::ZERO);
        jar = jar.add(gone);
    }
    Ok((jar, Redirect::to("./")).into_response())
}

/// What is typed into the form for the first admin.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Welcome {
    key: String,
    name: String,
    password: String,
}

/// `GET /welcome`: the form for the first admin, for whoever has the link.
pub async fn welcome(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    Reader { locale, parameters }: Reader,
) -> Result<Response, Rejection> {
    let key = parameters.iter().find(|(name, _)| name == "key");
    let key = key.map(|(_, value)| value.as_str()).unwrap_or_default();
    refuse_other_key(&access, key)?;
    let data = json!({"key": key});
    Ok(show(&templates, &locale, &parameters, "welcome", data))
}

/// `POST /welcome`: makes the first admin.
pub async fn make_first(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    locale: Locale,
    Form(form): Form<Welcome>,
) -> Result<Response, Rejection> {
    refuse_other_key(&access, &form.key)?;
    let checked = match check_name(&form.name) {
        None => Err("bad_name"),
        Some(name) => match check_password(&name, &form.password) {
            Ok(()) => Ok(name),
            Err(fault) => Err(fault.into()),
        },
    };
    let name = match checked {
        Ok(name) => name,
        Err(fault) => {
            let fault = format!("people.{fault}");
            let error = locale.text.get(&fault);
            let data = json!({"key": form.key, "name": form.name, "error": error});
            let page = show(&templates, &locale, &Parameters::new(), "welcome", data);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let not_saved = || Rejection::Command(Reason::NotSaved);
    let hash = access.hash(&form.password).await.ok_or_else(not_saved)?;
    match access.add_first(name, hash).await {
        Ok(()) => Ok(Redirect::to("signin").into_response()),
        // Somebody was first.
        Err(Fault::Taken) => Err(Rejection::NoSuchRoute),
        Err(error) => {
            tracing::error!(?error, "the first admin can't be made");
            Err(not_saved())
        }
    }
}

/// Whoever has not the link, or comes too late, learns nothing.
fn refuse_other_key(access: &Access, key: &str) -> Result<(), Rejection> {
    use sha2::{Digest, Sha256};
    let wanted = access.first_key().map(Sha256::digest);
    if wanted == Some(Sha256::digest(key)) {
        Ok(())
    } else {
        Err(Rejection::NoSuchRoute)
    }
}

/// The cookie of a session. One that came by an encrypted connection goes by no other, and is this host's
/// alone.
fn cookie(secret: String, is_encrypted: bool, base_path: &BasePath) -> Cookie<'static> {
    let (name, path) = if is_encrypted {
        (HOST_COOKIE, "/".to_owned())
    } else {
        (COOKIE, base_path.join("/"))
    };
    Cookie::build((name, secret))
        .path(path)
        .max_age(COOKIE_TIME)
        .same_site(SameSite::Lax)
        .http_only(true)
        .secure(is_encrypted)
        .build()
}

/// Whether the page that a form was on came encrypted, as its browser says.
fn is_from_encrypted_page(headers: &HeaderMap) -> bool {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| origin.starts_with("https://"))
}

/// Where one wanted to go, if that is a page of this server: the address came with the request.
fn safe(next: &str) -> &str {
    let path = next.split('?').next().unwrap_or_default();
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/-_".contains(char);
    let is_ours = !path.is_empty() && !path.starts_with('/') && path.chars().all(is_plain);
    if is_ours && !next.contains(['\r', '\n', '\\', '#']) {
        next
    } else {
        LIVE
    }
}

/// One of these pages. They send their address on to themselves alone, by which the browser tells that a form
/// is from here; no cache keeps them.
pub fn show(
    templates: &Templates,
    locale: &Locale,
    parameters: &Parameters,
    name: &str,
    more: Value,
) -> Response {
    let mut data: Map<String, Value> = common(locale, parameters, &format!("{name}.title"));
    if let Value::Object(more) = more {
        data.extend(more);
    }
    let mut page = templates.render(name, locale, &data);
    let headers = page.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_pages_of_this_server_alone() {
        for next in [
            "realtimeproducts",
            "realtimeproducts?q=a%20b",
            "api/docs/",
            "people",
        ] {
            assert_eq!(safe(next), next);
        }
        for next in [
            "",
            "//evil.example",
            "/evil",
            "https://evil.example",
            "javascript:alert(1)",
            "\\evil.example",
            "a\r\nset-cookie: b",
            "?q=1",
        ] {
            assert_eq!(safe(next), LIVE, "{next:?}");
        }
    }
}
