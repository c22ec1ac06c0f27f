//! The keys that work everywhere on the page.

use wasm_bindgen::prelude::*;
use web_sys::{Element, KeyboardEvent};

use crate::dom;
use crate::event::{Event, Events, Shortcut};

/// The `keyCode` of every key that an input method takes.
const COMPOSING_KEY_CODE: u32 = 229;

/// Whether a key belongs to a word that is composed from several: it ends the composition and no more.
/// Browsers that don't say so give the code 229 (UI Events section 5.6.1).
pub fn is_composing(event: &KeyboardEvent) -> bool {
    event.is_composing() || event.key_code() == COMPOSING_KEY_CODE
}

/// Listens for them.
pub fn listen(events: &Events) -> Result<(), JsValue> {
    let events = events.clone();
    dom::on(&dom::document()?, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if is_composing(&event) || event.default_prevented() {
            return;
        }
        if let Some(shortcut) = to_shortcut(&event) {
            if shortcut != Shortcut::Escape {
                event.prevent_default();
            }
            events.send(Event::Shortcut(shortcut));
        }
    })
}

fn to_shortcut(event: &KeyboardEvent) -> Option<Shortcut> {
    let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
    let is_in = |selector: &str| {
        let around = target
            .as_ref()
            .and_then(|target| target.closest(selector).ok()?);
        around.is_some()
    };
    // A dialog has its own Escape, and nothing behind it is to be reached.
    if is_in("dialog[open]") || (event.key() == "Escape" && is_in(":popover-open")) {
        return None;
    }
    let is_typing = is_in("input:not([type=checkbox]), textarea, select");
    let is_control = event.ctrl_key() || event.meta_key();
    match event.key().as_str() {
        "Escape" => Some(Shortcut::Escape),
        // In a field the browser undoes what was typed there.
        "z" | "Z" if is_control && !event.shift_key() && !is_typing => Some(Shortcut::Undo),
        _ if is_typing || is_control || event.alt_key() => None,
        "/" => Some(Shortcut::Search),
        "n" => Some(Shortcut::Add),
        "j" => Some(Shortcut::Walk(1)),
        "k" => Some(Shortcut::Walk(-1)),
        "?" => Some(Shortcut::Help),
        _ => None,
    }
}
