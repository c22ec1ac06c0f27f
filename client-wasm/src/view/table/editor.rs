//! One cell that is being changed in place.

use std::rc::Rc;
use std::sync::Arc;

use shared::{Draft, Field, FieldRef, Fields, Patch, Product, ProductId};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use crate::dom;
use crate::event::{After, Column, Event, Events, TableEvent};
use crate::model::field_text::{parse, to_input};
use crate::view::format::Format;
use crate::view::keys::is_composing;

/// A cell that can be changed.
pub struct Editor {
    format: Rc<Format>,
    element: HtmlElement,
    input: HtmlInputElement,
    notes: Element,
    error: Element,
    conflict: Element,
    conflict_text: Element,
    open: Option<Open>,
}

struct Open {
    column: Column,
    field: &'static Field,
    /// The product as it was when this began, or as somebody took note of it since.
    base: Arc<Product>,
    /// The product as somebody else made it meanwhile, where they changed the same.
    theirs: Option<Arc<Product>>,
    is_attached: bool,
}

/// What was typed into a cell.
pub enum Typed {
    /// Another value.
    Patch(Arc<Product>, Patch),
    /// What was there.
    Nothing,
    /// Something that is no value of this field, or that is to be decided about first.
    Wrong,
}

impl Editor {
    /// Makes one, out of the template.
    pub fn new(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let template = dom::by_id("editor-template")?;
        let element: HtmlElement = dom::copy_of(&template)?.unchecked_into();
        listen(&element, events)?;
        Ok(Self {
            format,
            input: dom::find(&element, "[data-editor-text]")?,
            notes: dom::find(&element, "[data-editor-notes]")?,
            error: dom::find(&element, "[data-editor-error]")?,
            conflict: dom::find(&element, "[data-editor-conflict]")?,
            conflict_text: dom::find(&element, "[data-conflict-text]")?,
            element,
            open: None,
        })
    }

    /// The product whose cell is changed.
    pub fn product(&self) -> Option<ProductId> {
        self.open.as_ref().map(|open| open.base.id)
    }

    /// The cell that is changed.
    pub fn place(&self) -> Option<(ProductId, Column)> {
        let open = self.open.as_ref()?;
        Some((open.base.id, open.column))
    }

    /// Begins to change a cell, with what is in it or with what was typed.
    pub fn open(
        &mut self,
        product: &Arc<Product>,
        column: Column,
        typed: Option<String>,
        label: &str,
    ) -> Result<(), JsValue> {
        let field = Draft::FIELDS
            .iter()
            .find(|field| field.name == column.name());
        let Some(field) = field else { return Ok(()) };
        let text = typed.unwrap_or_else(|| self.text_of(product, field));
        self.input.set_value(&text);
        self.input.set_attribute("aria-label", label)?;
        let mode = match column {
            Column::Price => "decimal",
            Column::Stock => "numeric",
            _ => "text",
        };
        self.input.set_attribute("inputmode", mode)?;
        match column {
            Column::Category => self.input.set_attribute("list", "categories")?,
            _ => self.input.remove_attribute("list")?,
        }
        self.open = Some(Open {
            column,
            field,
            base: product.clone(),
            theirs: None,
            is_attached: false,
        });
        self.show_error("")?;
        self.show_conflict()
    }

    /// Puts it into its cell, which is there now.
    pub fn attach(&mut self, cell: &HtmlElement) -> Result<(), JsValue> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        if self.element.parent_element().as_ref() != Some(cell) {
            cell.append_child(&self.element)?;
        }
        if !std::mem::replace(&mut open.is_attached, true) {
            dom::focus(&self.input)?;
            self.input.select();
        }
        Ok(())
    }

    /// Takes it out of its cell, until that is there again.
    pub fn detach(&mut self) {
        if let Some(open) = &mut self.open {
            open.is_attached = false;
        }
        self.element.remove();
    }

    /// What is typed, for which field of which product.
    pub fn typed(&self) -> Option<(&Arc<Product>, &'static str, String)> {
        let open = self.open.as_ref()?;
        Some((&open.base, open.field.name, self.input.value()))
    }

    /// Ends it.
    pub fn close(&mut self) {
        self.open = None;
        self.element.remove();
    }

    /// Takes what was typed.
    pub fn take(&mut self) -> Result<Typed, JsValue> {
        let Some(open) = &self.open else {
            return Ok(Typed::Nothing);
        };
        if open.theirs.is_some() {
            return Ok(Typed::Wrong);
        }
        match self.read(open) {
            Ok(patch) if patch == Patch::default() => Ok(Typed::Nothing),
            Ok(patch) => Ok(Typed::Patch(open.base.clone(), patch)),
            Err(message) => {
                self.show_error(&message)?;
                Ok(Typed::Wrong)
            }
        }
    }

    /// What was typed as a patch, or what is wrong with it.
    fn read(&self, open: &Open) -> Result<Patch, String> {
        let text = &self.format.text;
        let typed = self.input.value();
        let value = parse(open.field.kind, &typed, text).unwrap_or_else(|| "".into());
        let mut fields = serde_json::Map::new();
        fields.insert(open.field.name.to_owned(), value);
        let patch = Fields::new(fields).patch(dom::nfc).map_err(|reason| {
            let fields = reason.fields();
            let told = fields.first().map(|field| field.tell(text).message);
            told.unwrap_or_else(|| reason.tell(text).message)
        })?;
        let now = patch.applied_to(&open.base.draft);
        Ok(Patch::between(&open.base.draft, now))
    }

    /// Something was typed: what was wrong may not be any more.
    pub fn on_typed(&self) -> Result<(), JsValue> {
        let is_wrong = self.input.has_attribute("aria-invalid");
        match &self.open {
            Some(open) if is_wrong => {
                let message = self.read(open).err().unwrap_or_default();
                self.show_error(&message)
            }
            _ => Ok(()),
        }
    }

    /// The product is another now: what somebody else wrote into the same cell is shown.
    pub fn rebase(&mut self, now: &Arc<Product>) -> Result<(), JsValue> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let value = |product: &Arc<Product>| -> Option<String> {
            let mut values = product.draft.values();
            let (_, value) = values.find(|(field, _)| *field == open.field)?;
            Some(to_input(value, &self.format.text))
        };
        if value(&open.base) == value(now) || value(now).as_deref() == Some(&*self.input.value()) {
            open.base = now.clone();
            open.theirs = None;
        } else if value(&open.base).as_deref() == Some(&*self.input.value()) {
            // Nothing was typed yet: it follows.
            self.input.set_value(&value(now).unwrap_or_default());
            open.base = now.clone();
            open.theirs = None;
        } else {
            open.theirs = Some(now.clone());
        }
        self.show_conflict()
    }

    /// What is typed was meant for the product as it was then.
    pub fn set_base(&mut self, base: &Arc<Product>) {
        if let Some(open) = &mut self.open {
            open.base = base.clone();
        }
    }

    /// What was typed stands, for the product as somebody else made it.
    pub fn keep_mine(&mut self) -> Result<(), JsValue> {
        if let Some(open) = &mut self.open
            && let Some(theirs) = open.theirs.take()
        {
            open.base = theirs;
        }
        self.show_conflict()?;
        dom::focus(&self.input)
    }

    fn text_of(&self, product: &Product, field: &Field) -> String {
        let mut values = product.draft.values();
        let value: Option<(_, FieldRef<'_>)> = values.find(|(other, _)| *other == field);
        value.map_or_else(String::new, |(_, value)| to_input(value, &self.format.text))
    }

    fn show_error(&self, message: &str) -> Result<(), JsValue> {
        dom::set_text(&self.error, message);
        if message.is_empty() {
            self.input.remove_attribute("aria-invalid")?;
        } else {
            self.input.set_attribute("aria-invalid", "true")?;
        }
        self.show_notes()
    }

    fn show_conflict(&self) -> Result<(), JsValue> {
        let open = self.open.as_ref();
        let theirs = open.and_then(|open| Some((open.theirs.as_ref()?, open.field)));
        if let Some((theirs, field)) = theirs {
            let value = self.format.field(&theirs.draft, field);
            let words = self.format.text.fill("conflict.now", &[("value", &value)]);
            dom::set_text(&self.conflict_text, &words);
        }
        dom::show(&self.conflict, theirs.is_some())?;
        self.show_notes()
    }

    fn show_notes(&self) -> Result<(), JsValue> {
        let has_error = self.input.has_attribute("aria-invalid");
        let has_conflict = self.open.as_ref().is_some_and(|open| open.theirs.is_some());
        dom::show(&self.notes, has_error || has_conflict)
    }
}

fn listen(element: &HtmlElement, events: &Events) -> Result<(), JsValue> {
    let input: HtmlInputElement = dom::find(element, "[data-editor-text]")?;
    let typed = events.clone();
    dom::on(&input, "input", move |_| {
        typed.send(Event::Table(TableEvent::Typed));
    })?;
    let keys = events.clone();
    let conflict: HtmlElement = dom::find(element, "[data-editor-conflict]")?;
    dom::on(&input, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        // What is typed here is nobody else's.
        event.stop_propagation();
        if is_composing(&event) {
            return;
        }
        let table_event = match event.key().as_str() {
            "Enter" => TableEvent::Commit(After::Down),
            // On to the two buttons.
            "Tab" if !conflict.hidden() => return,
            "Tab" if event.shift_key() => TableEvent::Commit(After::Left),
            "Tab" => TableEvent::Commit(After::Right),
            "Escape" => TableEvent::Abandon,
            _ => return,
        };
        event.prevent_default();
        keys.send(Event::Table(table_event));
    })?;
    let (left, place) = (events.clone(), element.clone());
    dom::on(element, "focusout", move |event| {
        let event: web_sys::FocusEvent = event.unchecked_into();
        let to: Option<Element> = event.related_target().and_then(|to| to.dyn_into().ok());
        // Who goes to another window comes back to what they were typing.
        let is_here = dom::document().is_ok_and(|page| page.has_focus().unwrap_or(true));
        if is_here && !place.contains(to.as_ref().map(AsRef::as_ref)) {
            left.send(Event::Table(TableEvent::Commit(After::Nowhere)));
        }
    })?;
    let on = |selector: &str, table_event: fn() -> TableEvent| {
        let events = events.clone();
        let button: Element = dom::find(element, selector)?;
        dom::on(&button, "click", move |event| {
            event.stop_propagation();
            events.send(Event::Table(table_event()));
        })
    };
    on("[data-editor-theirs]", || TableEvent::Theirs)?;
    on("[data-editor-mine]", || TableEvent::Mine)?;
    // A press in it is no press of the cell.
    dom::on(element, "click", |event| event.stop_propagation())
}
