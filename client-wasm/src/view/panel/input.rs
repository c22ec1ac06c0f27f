//! One field of the form.

use serde_json::Value;
use shared::{Draft, Field, FieldRef, Kind, Price, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::dom;
use crate::model::field_text::{parse, to_input};

/// A field of a product as the form has it.
pub struct Input {
    /// Which field it is.
    pub field: &'static Field,
    control: Control,
    /// Where the form says something of it; a box that is ticked or not can't be wrong.
    notes: Option<Notes>,
}

/// What is said of a field.
struct Notes {
    /// What is wrong with it.
    error: Element,
    /// How it is read.
    echo: Element,
    /// What somebody else wrote.
    conflict: Element,
    conflict_text: Element,
}

enum Control {
    /// One line of text.
    Line(HtmlInputElement),
    /// Several lines of text.
    Area(HtmlTextAreaElement),
    /// A box that is ticked or not.
    Tick(HtmlInputElement),
}

impl Input {
    /// Finds the inputs of a product's fields, in the form's order.
    pub fn find_all(form: &Element) -> Result<Vec<Self>, JsValue> {
        let named: Vec<Element> = dom::find_all(form, "[name]")?;
        let inputs: Vec<Self> = named
            .into_iter()
            .filter_map(|element| {
                let name = element.get_attribute("name")?;
                let field = Draft::FIELDS.iter().find(|field| field.name == name)?;
                Some(Self::new(form, field, element))
            })
            .collect::<Result<_, JsValue>>()?;
        let is_there = |field: &&Field| inputs.iter().any(|input| input.field == *field);
        let required = Draft::FIELDS.iter().filter(|field| field.is_required);
        match required.into_iter().find(|field| !is_there(field)) {
            Some(field) => Err(format!("the form has no input for {}", field.name).into()),
            None => Ok(inputs),
        }
    }

    fn new(form: &Element, field: &'static Field, element: Element) -> Result<Self, JsValue> {
        let control = match element.dyn_into::<HtmlInputElement>() {
            Ok(input) if input.type_() == "checkbox" => Control::Tick(input),
            Ok(input) => Control::Line(input),
            Err(element) => element
                .dyn_into()
                .map(Control::Area)
                .map_err(|_| format!("field {} can't be filled in", field.name))?,
        };
        let place = |kind: &str| dom::find(form, &format!("[data-{kind}={}]", field.name));
        let notes = match control {
            Control::Tick(_) => None,
            Control::Line(_) | Control::Area(_) => {
                let conflict: Element = place("conflict")?;
                Some(Notes {
                    error: place("error")?,
                    echo: place("echo")?,
                    conflict_text: dom::find(&conflict, "[data-conflict-text]")?,
                    conflict,
                })
            }
        };
        Ok(Self {
            field,
            control,
            notes,
        })
    }

    /// The element.
    pub fn element(&self) -> &HtmlElement {
        match &self.control {
            Control::Line(input) | Control::Tick(input) => input,
            Control::Area(area) => area,
        }
    }

    /// What is filled in, as JSON for the rules; `None` where nothing is.
    pub fn value(&self, text: &Text) -> Option<Value> {
        match &self.control {
            Control::Line(input) => parse(self.field.kind, &input.value(), text),
            Control::Area(area) => parse(self.field.kind, &area.value(), text),
            Control::Tick(input) => Some(input.checked().into()),
        }
    }

    /// Fills in a value.
    pub fn fill(&self, value: FieldRef<'_>, text: &Text) {
        match (&self.control, value) {
            (Control::Tick(input), FieldRef::Flag(flag)) => input.set_checked(flag),
            (Control::Line(input) | Control::Tick(input), value) => {
                input.set_value(&to_input(value, text));
            }
            (Control::Area(area), value) => area.set_value(&to_input(value, text)),
        }
    }

    /// Whether this value is filled in.
    pub fn shows(&self, value: FieldRef<'_>, text: &Text) -> bool {
        match (&self.control, value) {
            (Control::Tick(input), FieldRef::Flag(flag)) => input.checked() == flag,
            (Control::Line(input) | Control::Tick(input), value) => {
                input.value() == to_input(value, text)
            }
            (Control::Area(area), value) => area.value() == to_input(value, text),
        }
    }

    /// Keeps it as it is while it is being saved, without taking the focus away.
    pub fn set_read_only(&self, is_read_only: bool) {
        match &self.control {
            Control::Line(input) => input.set_read_only(is_read_only),
            Control::Area(area) => area.set_read_only(is_read_only),
            // Browsers know no such thing as a box that can only be read.
            Control::Tick(_) => {}
        }
    }

    /// What is filled in, as it is written there.
    pub fn raw(&self) -> String {
        match &self.control {
            Control::Line(input) => input.value(),
            Control::Area(area) => area.value(),
            Control::Tick(input) => input.checked().to_string(),
        }
    }

    /// Fills in what was written there once.
    pub fn set_raw(&self, raw: &str) {
        match &self.control {
            Control::Line(input) => input.set_value(raw),
            Control::Area(area) => area.set_value(raw),
            Control::Tick(input) => input.set_checked(raw == "true"),
        }
    }

    /// Says how a number is read, where it could be read otherwise: `= 1,000`.
    pub fn show_echo(&self, text: &Text) {
        let Some(notes) = &self.notes else { return };
        let raw = self.raw();
        let typed = raw.trim();
        let read = match (self.field.kind, self.value(text)) {
            (Kind::Count, Some(Value::Number(number))) => number.as_u64().map(|n| text.number(n)),
            (Kind::Price, _) => {
                let price = Price::parse(typed).ok();
                price.map(|price| text.price(price))
            }
            _ => None,
        };
        let is_plain = typed.chars().all(|c| c.is_ascii_digit()) && typed.len() < 4;
        let echo = read.filter(|read| read != typed && !is_plain);
        let echo = echo.map(|value| text.fill("form.echo", &[("value", &value)]));
        dom::set_text(&notes.echo, &echo.unwrap_or_default());
    }

    /// Shows what somebody else wrote into the field; nothing where they did not.
    pub fn set_conflict(&self, words: Option<&str>) -> Result<(), JsValue> {
        let Some(notes) = &self.notes else {
            return Ok(());
        };
        dom::set_text(&notes.conflict_text, words.unwrap_or_default());
        dom::show(&notes.conflict, words.is_some())
    }

    /// Says what is wrong with it; nothing where the message is empty.
    pub fn set_error(&self, message: &str) -> Result<(), JsValue> {
        if let Some(notes) = &self.notes {
            dom::set_text(&notes.error, message);
        }
        if message.is_empty() {
            self.element().remove_attribute("aria-invalid")
        } else {
            self.element().set_attribute("aria-invalid", "true")
        }
    }

    /// Whether something is wrong with it.
    pub fn has_error(&self) -> bool {
        let notes = self.notes.as_ref();
        let message = notes.and_then(|notes| notes.error.text_content());
        message.is_some_and(|message| !message.is_empty())
    }
}
