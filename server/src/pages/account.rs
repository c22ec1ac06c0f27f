//! `/account`, where somebody sees where they are signed in, and `/people`, where an admin says who may do what.
//! They are forms that need no script.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::{Reason, Role};
use strum::VariantArray;

use super::signin::show;
use super::{Reader, Templates};
use crate::access::{Access, Fault, Kind, Refused, Visitor, check_name, check_password};
use crate::engine::journal::JournalError;
use crate::http::extract::{Locale, Parameters};
use crate::http::problem::Rejection;
use crate::moment::to_rfc3339;

/// Why something was not done: a word among those of people, or how long to wait.
enum Refusal {
    Words(&'static str),
    Wait(u64),
}

/// What a form asks for on the account's page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AccountForm {
    action: String,
    session: String,
    old: String,
    password: String,
}

/// What a form asks for on the page of people.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PeopleForm {
    action: String,
    name: String,
    role: String,
    password: String,
}

/// `GET /account`.
pub async fn account(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    visitor: Visitor,
    Reader { locale, parameters }: Reader,
) -> Response {
    if visitor.kind() != Kind::Person {
        return Redirect::to("signin?next=account").into_response();
    }
    let data = account_data(&access, &visitor, &locale, &parameters, None);
    show(&templates, &locale, &parameters, "account", data)
}

/// `POST /account`: ends a session, or takes another password.
pub async fn change_account(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    visitor: Visitor,
    locale: Locale,
    Form(form): Form<AccountForm>,
) -> Result<Response, Rejection> {
    let (Kind::Person, Some(name)) = (visitor.kind(), visitor.name()) else {
        return Err(Reason::SignInFirst.into());
    };
    let done = match form.action.as_str() {
        "end" => {
            let roster = access.roster();
            let mut sessions = roster.sessions.iter();
            let is_own = sessions.any(|own| own.hash == form.session && own.person == name);
            if is_own {
                access.sign_out(&form.session).await.map_err(not_saved)?;
            }
            Ok("ended")
        }
        "password" => change_password(&access, &visitor, name, &form).await?,
        _ => return Err(Rejection::NoSuchRoute),
    };
    Ok(told("account", done, |refusal| {
        let none = Parameters::new();
        let data = account_data(&access, &visitor, &locale, &none, Some(refusal));
        show(&templates, &locale, &none, "account", data)
    }))
}

/// What became of a form: one is led back to its page, or sees there why nothing was done.
fn told(
    page: &str,
    done: Result<&'static str, Refusal>,
    show: impl FnOnce(&Refusal) -> Response,
) -> Response {
    match done {
        Ok(done) => Redirect::to(&format!("{page}?done={done}")).into_response(),
        Err(refusal) => (refusal.status(), show(&refusal)).into_response(),
    }
}

async fn change_password(
    access: &Access,
    visitor: &Visitor,
    name: &str,
    form: &AccountForm,
) -> Result<Result<&'static str, Refusal>, Rejection> {
    match access.is_password(name, &form.old).await {
        Ok(true) => {}
        Ok(false) => return Ok(Err(Refusal::Words("wrong_password"))),
        Err(Refused::Wait(seconds)) => return Ok(Err(Refusal::Wait(seconds))),
        Err(_) => return Err(Reason::NotSaved.into()),
    }
    let hash = match hash_of_new(access, name, &form.password).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let set = access.set_own_password(visitor, name.to_owned(), hash);
    let set = match set.await {
        // The session ended meanwhile.
        Err(Fault::MayNot) => return Err(Reason::SignInFirst.into()),
        set => set,
    };
    Ok(settled(set)?.map(|()| "password"))
}

/// `GET /people`.
pub async fn people(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    visitor: Visitor,
    Reader { locale, parameters }: Reader,
) -> Result<Response, Rejection> {
    if visitor.kind() == Kind::Anyone {
        return Ok(Redirect::to("signin?next=people").into_response());
    }
    admins_only(&visitor)?;
    let data = people_data(&access, &visitor, &locale, &parameters, None);
    Ok(show(&templates, &locale, &parameters, "people", data))
}

/// `POST /people`: adds somebody, or says something else of them.
pub async fn change_people(
    State(templates): State<Arc<Templates>>,
    State(access): State<Access>,
    visitor: Visitor,
    locale: Locale,
    Form(form): Form<PeopleForm>,
) -> Result<Response, Rejection> {
    admins_only(&visitor)?;
    let role = form.role.parse::<Role>().ok();
    let done = match (form.action.as_str(), role) {
        ("add", Some(role)) => add(&access, &visitor, &form, role).await?,
        ("role", Some(role)) => {
            settled(access.set_role(&visitor, form.name.clone(), role).await)?.map(|()| "role")
        }
        ("remove", _) => {
            settled(access.remove_person(&visitor, form.name.clone()).await)?.map(|()| "removed")
        }
        ("password", _) => set_password(&access, &visitor, &form).await?,
        _ => return Err(Rejection::NoSuchRoute),
    };
    Ok(told("people", done, |refusal| {
        let none = Parameters::new();
        let mut data = people_data(&access, &visitor, &locale, &none, Some(refusal));
        if form.action == "add" {
            data["name"] = json!(form.name);
        }
        show(&templates, &locale, &none, "people", data)
    }))
}

async fn add(
    access: &Access,
    by: &Visitor,
    form: &PeopleForm,
    role: Role,
) -> Result<Result<&'static str, Refusal>, Rejection> {
    let Some(name) = check_name(&form.name) else {
        return Ok(Err(Refusal::Words("bad_name")));
    };
    let hash = match hash_of_new(access, &name, &form.password).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(settled(access.add_person(by, name, role, hash).await)?.map(|()| "added"))
}

/// The hash of somebody's new password, if it will do as one.
async fn hash_of_new(
    access: &Access,
    name: &str,
    password: &str,
) -> Result<Result<String, Refusal>, Rejection> {
    if let Err(fault) = check_password(name, password) {
        return Ok(Err(Refusal::Words(fault.into())));
    }
    Ok(Ok(access.hash(password).await.ok_or(Reason::NotSaved)?))
}

async fn set_password(
    access: &Access,
    by: &Visitor,
    form: &PeopleForm,
) -> Result<Result<&'static str, Refusal>, Rejection> {
    let hash = match hash_of_new(access, &form.name, &form.password).await? {
        Ok(hash) => hash,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let set = access.set_password(by, form.name.clone(), hash).await;
    Ok(settled(set)?.map(|()| "password"))
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Words(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Wait(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn tell(&self, locale: &Locale) -> String {
        match self {
            Self::Words(key) => locale.text.get(&format!("people.{key}")).to_owned(),
            Self::Wait(seconds) => {
                let values = [("value", &*seconds.to_string())];
                locale.text.fill("signin.wait", &values)
            }
        }
    }
}

/// What became of it: what a person can do something about is told on the page.
fn settled<T>(done: Result<T, Fault>) -> Result<Result<T, Refusal>, Rejection> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(Fault::Taken) => Ok(Err(Refusal::Words("taken"))),
        Err(Fault::Unknown) => Ok(Err(Refusal::Words("unknown"))),
        Err(Fault::LastAdmin) => Ok(Err(Refusal::Words("last_admin"))),
        Err(Fault::MayNot) => Err(Rejection::AdminsOnly),
        Err(Fault::Failed(error)) => Err(not_saved(error)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is passed by map_err")]
fn not_saved(error: JournalError) -> Rejection {
    tracing::error!(%error, "what people may do can't be changed");
    Reason::NotSaved.into()
}

fn admins_only(visitor: &Visitor) -> Result<(), Rejection> {
    match visitor.kind() {
        Kind::Anyone => Err(Reason::SignInFirst.into()),
        _ if visitor.may(Role::Admin) => Ok(()),
        _ => Err(Rejection::AdminsOnly),
    }
}

/// What was done, by the address that one was led to.
fn done(locale: &Locale, parameters: &Parameters) -> Option<String> {
    let (_, done) = parameters.iter().find(|(name, _)| name == "done")?;
    let known = ["ended", "password", "role", "removed", "added"];
    let done = known.into_iter().find(|known| known == done)?;
    Some(locale.text.get(&format!("people.done_{done}")).to_owned())
}

fn account_data(
    access: &Access,
    visitor: &Visitor,
    locale: &Locale,
    parameters: &Parameters,
    refusal: Option<&Refusal>,
) -> Value {
    let roster = access.roster();
    let sessions = roster.sessions.iter();
    let own = sessions.filter(|session| Some(&*session.person) == visitor.name());
    let own: Vec<Value> = own
        .map(|session| {
            json!({
                "hash": session.hash,
                "agent": browser(&session.agent),
                "used": to_rfc3339(session.used.cast_signed()),
                "day": day(session.used),
                "isThis": visitor.key() == Some(&*session.hash),
            })
        })
        .collect();
    json!({
        "person": visitor.name(),
        "role": role_words(locale, visitor.role()),
        "isAdmin": visitor.may(Role::Admin),
        "sessions": own,
        "error": refusal.map(|refusal| refusal.tell(locale)),
        "done": done(locale, parameters),
    })
}

fn people_data(
    access: &Access,
    visitor: &Visitor,
    locale: &Locale,
    parameters: &Parameters,
    refusal: Option<&Refusal>,
) -> Value {
    let roster = access.roster();
    let people = roster.people.iter().map(|person| {
        let sessions = roster.sessions.iter();
        let own = sessions.filter(|session| session.person == person.name);
        let used = own.map(|session| session.used).max();
        json!({
            "name": person.name,
            "roles": roles(locale, person.role),
            "isSelf": visitor.name() == Some(&*person.name),
            "used": used.and_then(|used| to_rfc3339(used.cast_signed())),
            "day": used.map(day),
        })
    });
    let people: Vec<Value> = people.collect();
    let tokens = roster.tokens.iter().map(|token| {
        json!({
            "name": token.name,
            "role": role_words(locale, Some(token.role)),
            "day": token.expires.map(day),
        })
    });
    let tokens: Vec<Value> = tokens.collect();
    json!({
        "person": visitor.name(),
        "people": people,
        "tokens": tokens,
        "newRoles": roles(locale, Role::Editor),
        "error": refusal.map(|refusal| refusal.tell(locale)),
        "done": done(locale, parameters),
    })
}

fn role_words(locale: &Locale, role: Option<Role>) -> String {
    let role: Option<&str> = role.map(Into::into);
    let key = format!("role.{}", role.unwrap_or_default());
    locale.text.get(&key).to_owned()
}

/// All roles, as a form offers them.
fn roles(locale: &Locale, chosen: Role) -> Vec<Value> {
    let roles = Role::VARIANTS.iter().map(|role| {
        let name: &str = role.into();
        json!({
            "value": name,
            "words": role_words(locale, Some(*role)),
            "isChosen": *role == chosen,
        })
    });
    roles.collect()
}

/// The day of a moment (UTC).
fn day(ms: u64) -> String {
    let at = to_rfc3339(ms.cast_signed()).unwrap_or_default();
    at.chars().take(10).collect()
}

/// A browser as people know it, as far as it says what it is.
fn browser(agent: &str) -> String {
    let names = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        let mut known = known.iter();
        known
            .find(|(part, _)| agent.contains(part))
            .map(|(_, name)| *name)
    };
    match (find(&names), find(&systems)) {
        (Some(name), Some(system)) => format!("{name}, {system}"),
        (Some(name), None) => name.to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}
