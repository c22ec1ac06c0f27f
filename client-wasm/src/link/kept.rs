//! What outlives the page when it is loaded again: its name, the number of its last command, and the
//! commands that have no answer yet.
//!
//! The name is in the browser's store of this tab only while the page is not there: a tab that is
//! copied copies that store, and two pages of one name would take each other's answers.

use serde::{Deserialize, Serialize};
use shared::{ClientId, ClientMessage, RawCommand};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::outbox::{Outbox, Purpose};
use crate::dom;

/// Where the page's name, and the number of its last command, are while the page is not there.
const NAME: &str = "vitrina-client";

/// Where a page's commands are, before its name.
const COMMANDS: &str = "vitrina-outbox:";

/// A command that has no answer.
#[derive(Deserialize, Serialize)]
struct Kept {
    message: ClientMessage,
    purpose: Purpose,
    was_sent: bool,
}

/// The name that this page had before it was loaded again, with its commands; or a new one that no other
/// page has.
pub fn take() -> Result<(ClientId, Outbox), JsValue> {
    let kept = tab_store().and_then(|store| store.get_item(NAME).ok()?);
    hold_name();
    if let Some((name, last)) = kept.as_deref().and_then(|kept| kept.split_once(' '))
        && let Ok(last) = last.parse()
    {
        let client = ClientId(name.into());
        let outbox = load(&client, last);
        return Ok((client, outbox));
    }
    let mut bytes = [0; 16];
    dom::window()?
        .crypto()?
        .get_random_values_with_u8_array(&mut bytes)?;
    let name = u128::from_ne_bytes(bytes);
    Ok((ClientId(format!("{name:032x}").into()), Outbox::default()))
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
}

fn tab_store() -> Option<Storage> {
    dom::window().ok()?.session_storage().ok()?
}

/// The commands that a page of this name had under way.
fn load(client: &ClientId, last: u64) -> Outbox {
    let json = dom::stored(&format!("{COMMANDS}{client}")).unwrap_or_default();
    let kept: Vec<Kept> = serde_json::from_str(&json).unwrap_or_default();
    let mut outbox = Outbox::after(last);
    for Kept {
        message,
        purpose,
        was_sent,
    } in kept
    {
        outbox.put_again(message, purpose, was_sent, dom::now());
    }
    outbox
}

/// Keeps the commands that a page of this name has under way.
pub fn save(client: &ClientId, outbox: &Outbox) {
    let key = format!("{COMMANDS}{client}");
    let kept = outbox.iter().map(|pending| Kept {
        message: ClientMessage {
            request: pending.message.request,
            command: guarded(&pending.purpose, &pending.message.command),
        },
        purpose: pending.purpose.clone(),
        was_sent: pending.was_sent,
    });
    let kept: Vec<Kept> = kept.collect();
    if kept.is_empty() {
        return dom::store(&key, None);
    }
    dom::store(&key, serde_json::to_string(&kept).ok().as_deref());
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
