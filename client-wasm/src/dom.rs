//! Finding and changing elements. A missing one is an error that names it.

use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, EventTarget, Window};

/// The window.
pub fn window() -> Result<Window, JsValue> {
    web_sys::window().ok_or_else(|| "there is no window".into())
}

/// The document.
pub fn document() -> Result<Document, JsValue> {
    window()?
        .document()
        .ok_or_else(|| "there is no document".into())
}

/// The element with this id.
pub fn by_id<T: JsCast>(id: &str) -> Result<T, JsValue> {
    let element = document()?
        .get_element_by_id(id)
        .ok_or_else(|| format!("the page has no element #{id}"))?;
    element
        .dyn_into()
        .map_err(|_| format!("#{id} is another kind of element than expected").into())
}

/// The first element inside `root` that fits a selector.
pub fn find<T: JsCast>(root: &Element, selector: &str) -> Result<T, JsValue> {
    let element = root
        .query_selector(selector)?
        .ok_or_else(|| format!("the page has no element {selector}"))?;
    element
        .dyn_into()
        .map_err(|_| format!("{selector} is another kind of element than expected").into())
}

/// Listens for as long as the page lives.
pub fn on(
    target: &EventTarget,
    kind: &str,
    listener: impl FnMut(Event) + 'static,
) -> Result<(), JsValue> {
    let listener: Closure<dyn FnMut(Event)> = Closure::new(listener);
    target.add_event_listener_with_callback(kind, listener.into_js_value().unchecked_ref())
}

/// Shows or hides an element.
pub fn show(element: &Element, is_shown: bool) -> Result<(), JsValue> {
    element.toggle_attribute_with_force("hidden", !is_shown)?;
    Ok(())
}

/// Sets an element's text, unless it is that already: an equal text would still cost a layout.
pub fn set_text(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Brings a text into Unicode's Normalization Form C, with the browser's own tables.
pub fn nfc(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFC").into()
}

/// The time in milliseconds since 1970.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Tells whoever debugs the page.
pub fn warn(message: &str) {
    web_sys::console::error_1(&message.into());
}
