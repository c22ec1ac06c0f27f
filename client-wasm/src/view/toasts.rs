//! Short messages over the page: what was deleted, with an undo, and what could not be done.

use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use shared::{Fields, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlTemplateElement};

use crate::dom;
use crate::event::{Event, Events};

/// How long a toast stays: long enough to read it and to reach its button by keyboard.
const SHOWN_MS: u32 = 10_000;

/// The most toasts at a time; an older one makes room.
const MAX_TOASTS: usize = 3;

/// The toasts.
pub struct Toasts {
    text: Rc<Text>,
    events: Events,
    parent: Element,
    template: HtmlTemplateElement,
    last: u32,
    shown: BTreeMap<u32, Toast>,
}

struct Toast {
    element: Element,
    /// What an undo adds again.
    undo: Option<(String, Fields)>,
    _timeout: Timeout,
}

impl Toasts {
    /// Finds the toasts' places.
    pub fn find(text: Rc<Text>, events: Events) -> Result<Self, JsValue> {
        Ok(Self {
            text,
            events,
            parent: dom::by_id("toasts")?,
            template: dom::by_id("toast-template")?,
            last: 0,
            shown: BTreeMap::new(),
        })
    }

    /// A product was deleted and can be added again.
    pub fn show_deleted(&mut self, title: &str, fields: Fields) -> Result<(), JsValue> {
        let message = self.text.fill("toast.deleted", &[("title", title)]);
        self.show(&message, Some((title.to_owned(), fields)))
    }

    /// Something was refused.
    pub fn show_failure(&mut self, key: &str, title: &str, message: &str) -> Result<(), JsValue> {
        let values = [("title", title), ("message", message)];
        let message = self.text.fill(key, &values);
        self.show(&message, None)
    }

    fn show(&mut self, message: &str, undo: Option<(String, Fields)>) -> Result<(), JsValue> {
        self.last += 1;
        let number = self.last;
        let first = self.template.content().first_element_child();
        let first = first.ok_or("the toast template is empty")?;
        let element: Element = first.clone_node_with_deep(true)?.unchecked_into();
        dom::set_text(&dom::find(&element, "[data-toast-text]")?, message);
        let button: Element = dom::find(&element, "[data-toast-undo]")?;
        dom::show(&button, undo.is_some())?;
        let (undone, closed, over) = (
            self.events.clone(),
            self.events.clone(),
            self.events.clone(),
        );
        dom::on(&button, "click", move |_| undone.send(Event::Undo(number)))?;
        let close: Element = dom::find(&element, "[data-toast-close]")?;
        dom::on(&close, "click", move |_| {
            closed.send(Event::ToastClosed(number));
        })?;
        self.parent.append_child(&element)?;
        let toast = Toast {
            element,
            undo,
            _timeout: Timeout::new(SHOWN_MS, move || over.send(Event::ToastClosed(number))),
        };
        self.shown.insert(number, toast);
        if self.shown.len() > MAX_TOASTS
            && let Some((_, oldest)) = self.shown.pop_first()
        {
            oldest.element.remove();
        }
        Ok(())
    }

    /// Closes a toast.
    pub fn close(&mut self, number: u32) {
        if let Some(toast) = self.shown.remove(&number) {
            toast.element.remove();
        }
    }

    /// Closes a toast and gives what its undo adds again: the product's title and its fields.
    pub fn take_undo(&mut self, number: u32) -> Option<(String, Fields)> {
        let toast = self.shown.remove(&number)?;
        toast.element.remove();
        toast.undo
    }
}
