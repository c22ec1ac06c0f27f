//! What outlives the page when it is loaded again: its name, and the commands that have no answer yet.
//!
//! The name is in the browser's store of this tab only while the page is not there: a tab that is
//! copied copies that store, and two pages of one name would take each other's answers.

use serde::{Deserialize, Serialize};
use shared::{ClientId, ClientMessage, RawCommand};
use wasm_bindgen::prelude::*;
use web_sys::Storage;

use super::outbox::{Outbox, Purpose};
use crate::dom;

/// Where the page's name is while the page is not there.
const NAME: &str = "vitrina-client";

/// Where a page's commands are, before its name.
const COMMANDS: &str = "vitrina-outbox:";

/// The commands of a page.
#[derive(Default, Deserialize, Serialize)]
struct Kept {
    /// The number of its last command.
    last: u64,
    commands: Vec<ClientMessage>,
}

/// The name that this page had before it was loaded again, or a new one that no other page has.
pub fn take_name() -> Result<ClientId, JsValue> {
    let kept = tab_store().and_then(|store| store.get_item(NAME).ok()?);
    hold_name();
    if let Some(name) = kept {
        return Ok(ClientId(name.into()));
    }
    let mut bytes = [0; 16];
    dom::window()?
        .crypto()?
        .get_random_values_with_u8_array(&mut bytes)?;
    let name = u128::from_ne_bytes(bytes);
    Ok(ClientId(format!("{name:032x}").into()))
}

/// The page is there: nobody else takes its name.
pub fn hold_name() {
    if let Some(store) = tab_store() {
        // A store that takes nothing away gave nothing before.
        let _ = store.remove_item(NAME);
    }
}

/// The page goes: when it is loaded again it has its name.
pub fn leave_name(client: &ClientId) {
    if let Some(store) = tab_store() {
        // Without it the page has another name then.
        let _ = store.set_item(NAME, &client.0);
    }
}

fn tab_store() -> Option<Storage> {
    dom::window().ok()?.session_storage().ok()?
}

/// The commands that a page of this name had under way.
pub fn load(client: &ClientId, what: impl Fn(&RawCommand) -> String) -> Outbox {
    let json = dom::stored(&format!("{COMMANDS}{client}")).unwrap_or_default();
    let kept: Kept = serde_json::from_str(&json).unwrap_or_default();
    let mut outbox = Outbox::after(kept.last);
    for ClientMessage { request, command } in kept.commands {
        let what = what(&command);
        outbox.put_as(request, Purpose::Kept { what }, command, dom::now());
    }
    outbox
}

/// Keeps the commands that a page of this name has under way.
pub fn save(client: &ClientId, outbox: &Outbox) {
    let key = format!("{COMMANDS}{client}");
    let commands: Vec<ClientMessage> = outbox
        .iter()
        .map(|(request, purpose, command, _)| ClientMessage {
            request,
            command: guarded(purpose, command),
        })
        .collect();
    if commands.is_empty() {
        return dom::store(&key, None);
    }
    let kept = Kept {
        last: outbox.last(),
        commands,
    };
    dom::store(&key, serde_json::to_string(&kept).ok().as_deref());
}

/// The command as it may be sent by a page that no longer knows the list it was given for: only for the
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
