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

/// All elements inside `root` that fit a selector and are of the expected kind, in the order of the document.
pub fn find_all<T: JsCast>(root: &Element, selector: &str) -> Result<Vec<T>, JsValue> {
    let found = root.query_selector_all(selector)?;
    let found = (0..found.length()).filter_map(|at| found.item(at));
    Ok(found.filter_map(|node| node.dyn_into().ok()).collect())
}

/// Listens for as long as the page lives.
pub fn on(
    target: &impl AsRef<EventTarget>,
    kind: &str,
    listener: impl FnMut(Event) + 'static,
) -> Result<(), JsValue> {
    let listener: Closure<dyn FnMut(Event)> = Closure::new(listener);
    let listener = listener.into_js_value();
    let target = target.as_ref();
    target.add_event_listener_with_callback(kind, listener.unchecked_ref())
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

/// A copy of a template's first element, made by the page's own document.
pub fn copy_of(template: &web_sys::HtmlTemplateElement) -> Result<Element, JsValue> {
    let first = template.content().first_element_child();
    let first = first.ok_or_else(|| format!("the template {} is empty", template.id()))?;
    let copy = document()?.import_node_with_deep(&first, true)?;
    Ok(copy.unchecked_into())
}

/// Sets an attribute, unless it is so already.
pub fn set_attribute(element: &Element, name: &str, value: &str) -> Result<(), JsValue> {
    if element.get_attribute(name).as_deref() == Some(value) {
        return Ok(());
    }
    element.set_attribute(name, value)
}

/// Gives an element a class, or takes it away.
pub fn set_class(element: &Element, class: &str, is_set: bool) -> Result<(), JsValue> {
    element.class_list().toggle_with_force(class, is_set)?;
    Ok(())
}

/// Focuses an element without scrolling to it.
pub fn focus(element: &web_sys::HtmlElement) -> Result<(), JsValue> {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    element.focus_with_options(&options)
}

/// The element that an event is about, or the nearest around it that fits a selector.
pub fn closest(event: &Event, selector: &str) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(selector).ok()?
}

/// Brings a text into Unicode's Normalization Form KD, with the browser's own tables.
pub fn nfkd(text: &str) -> String {
    js_sys::JsString::from(text).normalize("NFKD").into()
}

/// What the browser keeps for this page under a name, in all windows.
pub fn stored(name: &str) -> Option<String> {
    window().ok()?.local_storage().ok()??.get_item(name).ok()?
}

/// The names of all that the browser keeps.
pub fn stored_names() -> Vec<String> {
    let Some(storage) = window().ok().and_then(|w| w.local_storage().ok()?) else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or_default();
    (0..count)
        .filter_map(|place| storage.key(place).ok()?)
        .collect()
}

/// Has the browser keep something; `None` forgets it. Where it keeps nothing the page goes on without.
pub fn store(name: &str, value: Option<&str>) {
    let Some(storage) = window().ok().and_then(|w| w.local_storage().ok()?) else {
        return;
    };
    let kept = match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    };
    if kept.is_err() {
        warn("the browser keeps nothing for this page");
    }
}

/// Whether whoever looks at the page may not change the list.
pub fn is_read_only() -> Result<bool, JsValue> {
    let live: Element = by_id("live")?;
    Ok(live.has_attribute("data-read-only"))
}

/// Who is signed in here, where somebody is.
pub fn person() -> Option<String> {
    let live: Element = by_id("live").ok()?;
    live.get_attribute("data-person")
}

/// How wide the page is, in CSS pixels.
pub fn width() -> Result<f64, JsValue> {
    Ok(window()?.inner_width()?.as_f64().unwrap_or_default())
}

/// Below this width, in CSS pixels, the page is a phone's.
const PHONE_PX: f64 = 600.0;

/// Whether the page is as narrow as a phone's.
pub fn is_phone() -> Result<bool, JsValue> {
    Ok(width()? < PHONE_PX)
}

/// Whether nothing of the page has the focus.
pub fn has_no_focus() -> bool {
    let page = document().ok();
    let active = page.as_ref().and_then(Document::active_element);
    active.is_none_or(|active| active.tag_name() == "BODY")
}
