//! One product's row: a copy of the template whose parts are changed one by one.

use std::sync::Arc;

use shared::{Draft, Field, Product, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlImageElement, HtmlTemplateElement};

use crate::dom;
use crate::model::field_text::to_list;

/// What a row is made of.
pub struct Template {
    first: Element,
    /// The fields that have a place of their own in it, and where that is.
    places: Vec<(&'static Field, String)>,
}

impl Template {
    /// Finds the template, and in it the places of a product's fields.
    pub fn find() -> Result<Self, JsValue> {
        let template: HtmlTemplateElement = dom::by_id("product-template")?;
        let first = template.content().first_element_child();
        let first = first.ok_or("the product template is empty")?;
        let mut places = Vec::new();
        for field in Draft::FIELDS {
            let selector = format!("[data-{}]", field.name);
            if first.query_selector(&selector)?.is_some() {
                places.push((field, selector));
            }
        }
        Ok(Self { first, places })
    }
}

/// A row and what it shows.
pub struct Row {
    /// The row's element.
    pub element: Element,
    /// The product as the row shows it.
    pub shown: Arc<Product>,
    /// Where each field is shown that has a place.
    places: Vec<(&'static Field, Element)>,
    letter: Element,
    image: HtmlImageElement,
}

impl Row {
    /// A row of this product.
    pub fn new(template: &Template, product: &Arc<Product>, text: &Text) -> Result<Self, JsValue> {
        // A copy made by the page's own document, which loads the image only once it has an URL.
        let element: Element = dom::document()?
            .import_node_with_deep(&template.first, true)?
            .unchecked_into();
        element.set_attribute("data-product", &product.id.to_string())?;
        let places = template.places.iter();
        let places = places.map(|(field, selector)| Ok((*field, dom::find(&element, selector)?)));
        let row = Self {
            places: places.collect::<Result<_, JsValue>>()?,
            letter: dom::find(&element, "[data-initial]")?,
            image: dom::find(&element, "[data-thumbnail]")?,
            element,
            shown: product.clone(),
        };
        row.fill(None, product, text)?;
        Ok(row)
    }

    /// Shows the product as it is now.
    pub fn update(&mut self, product: &Arc<Product>, text: &Text) -> Result<(), JsValue> {
        let before = std::mem::replace(&mut self.shown, product.clone());
        self.fill(Some(&before), product, text)
    }

    /// Writes what differs from what was shown before.
    fn fill(&self, before: Option<&Product>, now: &Product, text: &Text) -> Result<(), JsValue> {
        let before = before.map(|product| &product.draft);
        let draft = &now.draft;
        let mut old = before.map(Draft::values);
        let mut places = self.places.iter().peekable();
        for (field, value) in draft.values() {
            let old = old.as_mut().and_then(Iterator::next);
            let place = places.next_if(|(placed, _)| placed.name == field.name);
            if let Some((_, place)) = place
                && old != Some((field, value))
                && let Some(words) = to_list(value, text)
            {
                place.set_text_content(Some(&words));
            }
        }
        if before.map(|b| &b.title) != Some(&draft.title) {
            let letter = draft.title.chars().next();
            let letter = letter.map(|c| c.to_uppercase().to_string());
            let letter = letter.unwrap_or_default();
            self.letter.set_text_content(Some(&letter));
            // An image that can't be shown shows the letter too, see `style.css`.
            self.image.set_attribute("data-letter", &letter)?;
            self.name_button("[data-edit]", "product.edit_named", now, text)?;
            self.name_button("[data-delete]", "product.delete_named", now, text)?;
        }
        if before.map(|b| b.status) != Some(draft.status) {
            let classes = self.element.class_list();
            classes.toggle_with_force("is-off", !draft.status)?;
        }
        let thumbnail = draft.thumbnails.first();
        if before.map(|b| b.thumbnails.first()) != Some(thumbnail) {
            dom::show(&self.image, thumbnail.is_some())?;
            match thumbnail {
                Some(url) => self.image.set_src(url),
                None => self.image.remove_attribute("src")?,
            }
        }
        Ok(())
    }

    /// Names a button: one that says only "Delete" could be any of a hundred.
    fn name_button(
        &self,
        selector: &str,
        key: &str,
        product: &Product,
        text: &Text,
    ) -> Result<(), JsValue> {
        let name = text.fill(key, &[("title", &product.draft.title)]);
        let button: Element = dom::find(&self.element, selector)?;
        button.set_attribute("aria-label", &name)
    }
}
