//! Files that are dragged over the page: they can be dropped anywhere.

use wasm_bindgen::prelude::*;
use web_sys::{DataTransfer, DragEvent};

use crate::dom;
use crate::event::{Event, Events, ImportEvent};

/// Listens for them, and marks the page while one is over it.
pub fn listen(events: &Events) -> Result<(), JsValue> {
    let window = dom::window()?;
    let root = dom::document()?
        .document_element()
        .ok_or("the page has no root")?;
    let set_dragging = move |is_dragging| {
        // It only changes how the page looks.
        let _ = root.toggle_attribute_with_force("data-dragging", is_dragging);
    };
    let (over, left, dropped) = (set_dragging.clone(), set_dragging.clone(), set_dragging);
    dom::on(&window, "dragover", move |event| {
        if files_of(&event).is_some() {
            event.prevent_default();
            over(true);
        }
    })?;
    dom::on(&window, "dragleave", move |event| {
        let event: DragEvent = event.unchecked_into();
        if event.related_target().is_none() {
            left(false);
        }
    })?;
    let events = events.clone();
    dom::on(&window, "drop", move |event| {
        let Some(files) = files_of(&event) else {
            return;
        };
        event.prevent_default();
        dropped(false);
        if let Some(file) = files.files().and_then(|files| files.get(0)) {
            events.send(Event::Import(ImportEvent::Picked(file)));
        }
    })
}

/// What is dragged, where that is files.
fn files_of(event: &web_sys::Event) -> Option<DataTransfer> {
    let event: &DragEvent = event.dyn_ref()?;
    let files = event.data_transfer()?;
    files.types().includes(&"Files".into(), 0).then_some(files)
}
