//! One product's row: a copy of the template whose parts are changed one by one.

use std::sync::Arc;

use shared::{Product, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlImageElement, HtmlTemplateElement};

use crate::dom;

/// A row and what it shows.
pub struct Row {
    /// The row's element.
    pub element: Element,
    /// The product as the row shows it.
    pub shown: Arc<Product>,
    title: Element,
    description: Element,
    category: Element,
    code: Element,
    price: Element,
    stock: Element,
    letter: Element,
    image: HtmlImageElement,
}

impl Row {
    /// A row of this product.
    pub fn new(
        template: &HtmlTemplateElement,
        product: &Arc<Product>,
        text: &Text,
    ) -> Result<Self, JsValue> {
        let first = template.content().first_element_child();
        let first = first.ok_or("the product template is empty")?;
        // A copy made by the page's own document, which loads the image only once it has an URL.
        let element: Element = dom::document()?
            .import_node_with_deep(&first, true)?
            .unchecked_into();
        element.set_attribute("data-product", &product.id.to_string())?;
        let row = Self {
            title: dom::find(&element, "[data-title]")?,
            description: dom::find(&element, "[data-description]")?,
            category: dom::find(&element, "[data-category]")?,
            code: dom::find(&element, "[data-code]")?,
            price: dom::find(&element, "[data-price]")?,
            stock: dom::find(&element, "[data-stock]")?,
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
        let write = |element: &Element, text: &str| element.set_text_content(Some(text));
        if before.map(|b| &b.title) != Some(&draft.title) {
            write(&self.title, &draft.title);
            let letter = draft.title.chars().next();
            let letter = letter.map(|c| c.to_uppercase().to_string());
            let letter = letter.unwrap_or_default();
            write(&self.letter, &letter);
            // An image that can't be shown shows the letter too, see `style.css`.
            self.image.set_attribute("data-letter", &letter)?;
            self.name_button("[data-edit]", "product.edit_named", now, text)?;
            self.name_button("[data-delete]", "product.delete_named", now, text)?;
        }
        if before.map(|b| &b.description) != Some(&draft.description) {
            write(&self.description, &draft.description);
        }
        if before.map(|b| &b.category) != Some(&draft.category) {
            write(&self.category, &draft.category);
        }
        if before.map(|b| &b.code) != Some(&draft.code) {
            write(&self.code, &draft.code);
        }
        if before.map(|b| b.price) != Some(draft.price) {
            write(&self.price, &text.price(draft.price));
        }
        if before.map(|b| b.stock) != Some(draft.stock) {
            write(&self.stock, &text.number(draft.stock.into()));
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

    /// A button that says only "Delete" is no name among a hundred of them.
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
