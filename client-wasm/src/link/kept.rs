//! What outlives the page when it is loaded again: its name, the number of its last command, and the
//! commands that have no answer yet.
//!
//! The name is in the browser's store of this tab only while the page is not there: a tab that is
//! copied copies that store, and two pages of one name would take each other's answers.
//!
//! A page that is gone for good, since it was closed or its tab crashed, leaves its commands behind: the
//! next page that comes takes them over with the name.

use serde::{Deserialize, Serialize};
use shared::{ClientId, ClientMessage, RawCommand};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::hold::{hold, hold_if_free};
use super::outbox::{Outbox, Purpose};
use crate::dom;

/// Where the page's name, and the number of its last command, are while the page is not there.
const NAME: &str = "vitrina-client";

/// Where a page's commands are, before its name.
const COMMANDS: &str = "vitrina-outbox:";

/// A page that left is waited for so long to come back by its own name, in milliseconds.
const RETURN_MS: f64 = 10_000.0;

/// What a page has under way.
#[derive(Default, Deserialize, Serialize)]
struct Left {
    /// The number of its last command.
    last: u64,
    /// When it left, in milliseconds since 1970; 0 while it is there.
    at: f64,
    /// Who was signed in there, where somebody was: what they asked for is asked for in nobody else's name.
    person: Option<String>,
    commands: Vec<Kept>,
}

/// A command that has no answer.
#[derive(Deserialize, Serialize)]
struct Kept {
    message: ClientMessage,
    purpose: Purpose,
    was_sent: bool,
}

/// The name that this page had before it was loaded again, with its commands; or one that a page left
/// which is gone; or a new one that no other page has.
pub async fn take() -> Result<(ClientId, Outbox), JsValue> {
    let kept = tab_store().and_then(|store| store.get_item(NAME).ok()?);
    hold_name();
    if let Some((name, last)) = kept.as_deref().and_then(|kept| kept.split_once(' '))
        && let Ok(last) = last.parse()
    {
        let client = ClientId(name.into());
        let left = read(&client);
        if left.commands.is_empty() || left.person == dom::person() {
            hold(name);
            return Ok((client, load(left, last)));
        }
    }
    for client in left_behind() {
        if hold_if_free(&client.0).await {
            // Its page may have been answered meanwhile.
            let left = read(&client);
            let last = left.last;
            return Ok((client, load(left, last)));
        }
    }
    let mut bytes = [0; 16];
    dom::window()?
        .crypto()?
        .get_random_values_with_u8_array(&mut bytes)?;
    let name = format!("{:032x}", u128::from_ne_bytes(bytes));
    hold(&name);
    Ok((ClientId(name.into()), Outbox::default()))
}

/// The names of pages that have commands under way and didn't leave just now.
fn left_behind() -> Vec<ClientId> {
    let now = dom::now();
    let person = dom::person();
    let is_gone = |client: &ClientId| {
        let left = read(client);
        now - left.at > RETURN_MS && left.person == person
    };
    let names = dom::stored_names().into_iter();
    let clients = names.filter_map(|name| Some(ClientId(name.strip_prefix(COMMANDS)?.into())));
    clients.filter(is_gone).collect()
}

/// The page is there: nobody else takes its name.
pub fn hold_name() {
    if let Some(store) = tab_store() {
        // A store that takes nothing away gave nothing before.
        let _ = store.remove_item(NAME);
    }
}

/// The page goes: when it is loaded again it has its name, and goes on counting its commands. Under one
/// name a number means one command for good.
pub fn leave_name(client: &ClientId, outbox: &Outbox) {
    if let Some(store) = tab_store() {
        // Without it the page has another name then.
        let _ = store.set_item(NAME, &format!("{client} {}", outbox.last()));
    }
    write(client, outbox, dom::now());
}

fn tab_store() -> Option<Storage> {
    dom::window().ok()?.session_storage().ok()?
}

/// What a page of this name left.
fn read(client: &ClientId) -> Left {
    let json = dom::stored(&format!("{COMMANDS}{client}")).unwrap_or_default();
    serde_json::from_str(&json).unwrap_or_default()
}

/// The commands that a page had under way, whose last had this number.
fn load(left: Left, last: u64) -> Outbox {
    let mut outbox = Outbox::after(last);
    for Kept {
        message,
        purpose,
        was_sent,
    } in left.commands
    {
        outbox.put_again(message, purpose, was_sent, dom::now());
    }
    outbox
}

/// Keeps the commands that a page of this name has under way.
pub fn save(client: &ClientId, outbox: &Outbox) {
    write(client, outbox, 0.0);
}

fn write(client: &ClientId, outbox: &Outbox, at: f64) {
    let key = format!("{COMMANDS}{client}");
    let kept = outbox.iter().map(|pending| Kept {
        message: ClientMessage {
            request: pending.message.request,
            command: guarded(&pending.purpose, &pending.message.command),
        },
        purpose: pending.purpose.clone(),
        was_sent: pending.was_sent,
    });
    let left = Left {
        last: outbox.last(),
        at,
        person: dom::person(),
        commands: kept.collect(),
    };
    if left.commands.is_empty() {
        return dom::store(&key, None);
    }
    dom::store(&key, serde_json::to_string(&left).ok().as_deref());
}

/// A deletion as it may be sent by a page that no longer knows the list it was given for: only of the
/// product as it was then.
fn guarded(purpose: &Purpose, command: &RawCommand) -> RawCommand {
    let mut command = command.clone();
    if let (RawCommand::Delete { if_revision, .. }, Purpose::Delete { product }) =
        (&mut command, purpose)
    {
        *if_revision = Some(product.revision);
    }
    command
}
