//! Short messages over the page: what was done, with an undo, and what could not be done.

use std::collections::BTreeMap;
use std::rc::Rc;

use shared::{ProductId, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlTemplateElement};

use crate::dom;
use crate::event::{Event, Events};

/// How long a toast stays, in milliseconds: long enough to read it and to reach its button.
const SHOWN_MS: f64 = 10_000.0;

/// The most toasts at a time; an older one makes room.
const MAX_TOASTS: usize = 3;

/// What the button of a toast does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Undoes what has this number.
    Undo(u32),
    /// Shows a product.
    Open(ProductId),
    /// Nothing: there is no button.
    None,
}

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
    action: Action,
    /// Until when it is shown, in milliseconds since 1970.
    until: f64,
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

    /// Shows the words under a key, with these in their places.
    pub fn show(
        &mut self,
        key: &str,
        values: &[(&str, &str)],
        action: Action,
    ) -> Result<(), JsValue> {
        let words = self.text.fill(key, values);
        self.show_words(&words, action)
    }

    /// Shows words.
    pub fn show_words(&mut self, words: &str, action: Action) -> Result<(), JsValue> {
        self.last += 1;
        let number = self.last;
        let element = dom::copy_of(&self.template)?;
        dom::set_text(&dom::find(&element, "[data-toast-text]")?, words);
        let button: Element = dom::find(&element, "[data-toast-undo]")?;
        dom::show(&button, action != Action::None)?;
        if matches!(action, Action::Open(_)) {
            dom::set_text(&button, self.text.get("toast.edit"));
        }
        let (pressed, closed) = (self.events.clone(), self.events.clone());
        dom::on(&button, "click", move |_| {
            match action {
                Action::Undo(done) => pressed.send(Event::Undo(Some(done))),
                Action::Open(id) => pressed.send(Event::Open(id)),
                Action::None => {}
            }
            pressed.send(Event::ToastClosed(number));
        })?;
        let close: Element = dom::find(&element, "[data-toast-close]")?;
        dom::on(&close, "click", move |_| {
            closed.send(Event::ToastClosed(number));
        })?;
        self.parent.append_child(&element)?;
        let toast = Toast {
            element,
            action,
            until: dom::now() + SHOWN_MS,
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

    /// Closes the toast that offers to undo this, since it was undone otherwise.
    pub fn close_undo(&mut self, done: u32) {
        let mut shown = self.shown.iter();
        let number = shown.find(|(_, toast)| toast.action == Action::Undo(done));
        if let Some(number) = number.map(|(number, _)| *number) {
            self.close(number);
        }
    }

    /// Closes those whose time is over; the one that somebody is at stays.
    pub fn expire(&mut self, now: f64) -> Result<(), JsValue> {
        let mut over = Vec::new();
        for (number, toast) in &mut self.shown {
            if toast.element.matches(":hover, :focus-within")? {
                toast.until = toast.until.max(now + SHOWN_MS / 2.0);
            } else if toast.until <= now {
                over.push(*number);
            }
        }
        for number in over {
            self.close(number);
        }
        Ok(())
    }
}
