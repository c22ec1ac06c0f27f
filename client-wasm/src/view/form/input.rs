//! One field of the form: between what people type and what the rules read.

use serde_json::Value;
use shared::{Draft, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use crate::dom;

/// The fields that are typed, in the order of the form.
pub const NAMES: [&str; 7] = [
    "title",
    "code",
    "category",
    "price",
    "stock",
    "description",
    "thumbnails",
];

/// One line or several.
pub enum Input {
    /// One.
    Line(HtmlInputElement),
    /// Several.
    Area(HtmlTextAreaElement),
}

impl Input {
    /// Finds the field of this name.
    pub fn find(form: &Element, name: &str) -> Result<Self, JsValue> {
        let element: Element = dom::find(form, &format!("[name={name}]"))?;
        match element.dyn_into() {
            Ok(line) => Ok(Self::Line(line)),
            Err(element) => element
                .dyn_into()
                .map(Self::Area)
                .map_err(|_| format!("field {name} can't be typed into").into()),
        }
    }

    /// The element.
    pub fn element(&self) -> &HtmlElement {
        match self {
            Self::Line(line) => line,
            Self::Area(area) => area,
        }
    }

    /// What is in it.
    pub fn value(&self) -> String {
        match self {
            Self::Line(line) => line.value(),
            Self::Area(area) => area.value(),
        }
    }

    /// Puts something in it.
    pub fn set_value(&self, value: &str) {
        match self {
            Self::Line(line) => line.set_value(value),
            Self::Area(area) => area.set_value(value),
        }
    }

    /// Keeps it as it is while it is being saved, without taking the focus away.
    pub fn set_read_only(&self, is_read_only: bool) {
        match self {
            Self::Line(line) => line.set_read_only(is_read_only),
            Self::Area(area) => area.set_read_only(is_read_only),
        }
    }

    /// Says whether it is wrong.
    pub fn set_invalid(&self, is_invalid: bool) -> Result<(), JsValue> {
        if is_invalid {
            self.element().set_attribute("aria-invalid", "true")
        } else {
            self.element().remove_attribute("aria-invalid")
        }
    }
}

/// What was typed, as JSON for the rules; `None` where nothing was.
pub fn parsed(name: &str, typed: &str) -> Option<Value> {
    let trimmed = typed.trim();
    match name {
        "price" | "stock" if trimmed.is_empty() => None,
        // What is no whole number stays a text, and the rules say so.
        "stock" => Some(serde_json::from_str(trimmed).unwrap_or_else(|_| trimmed.into())),
        "thumbnails" => {
            let lines = trimmed.lines().map(str::trim);
            Some(lines.filter(|line| !line.is_empty()).collect())
        }
        _ => Some(typed.into()),
    }
}

/// What a field of a product looks like in the form.
pub fn shown(draft: &Draft, name: &str, text: &Text) -> String {
    match name {
        "title" => draft.title.to_string(),
        "code" => draft.code.to_string(),
        "category" => draft.category.to_string(),
        "price" => draft
            .price
            .to_string()
            .replace('.', text.get("number.decimal")),
        "stock" => draft.stock.to_string(),
        "description" => draft.description.to_string(),
        "thumbnails" => draft.thumbnails.join("\n"),
        _ => String::new(),
    }
}
