//! The moments at which a page that is not connected should try again at once, and the one at
//! which it should let go.

use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::dom;
use crate::event::{Event, Events};

/// Listens for somebody looking at the page, for the network's return, and for being left.
pub fn listen(events: &Events) -> Result<(), JsValue> {
    let window: EventTarget = dom::window()?.into();
    for kind in ["online", "pageshow", "focus"] {
        wake_on(&window, kind, events.clone())?;
    }
    for (kind, has_network) in [("online", true), ("offline", false)] {
        let events = events.clone();
        dom::on(&window, kind, move |_| {
            events.send(Event::Network(has_network));
        })?;
    }
    // Browsers keep a page that was left for a while, its socket too: nobody is watching then.
    let left = events.clone();
    dom::on(&window, "pagehide", move |_| left.send(Event::Left))?;
    let document: EventTarget = dom::document()?.into();
    wake_on(&document, "visibilitychange", events.clone())
}

fn wake_on(target: &EventTarget, kind: &str, events: Events) -> Result<(), JsValue> {
    dom::on(target, kind, move |_| {
        if dom::document().is_ok_and(|document| !document.hidden()) {
            events.send(Event::Wake);
        }
    })
}
