//! One row of the list: a copy of the template, used for one product after the other as the list is
//! scrolled. Only what differs from what it showed is written.

use std::sync::Arc;

use shared::{Draft, Field, Product, StockLevel};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlImageElement, HtmlInputElement, HtmlTemplateElement};

use super::format::Format;
use crate::dom;
use crate::event::Column;
use crate::model::window::from_index;

/// What happened to a product that people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is new.
    Added,
    /// It has other fields.
    Updated,
}

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a class of its own, and they come in any company"
)]
pub struct State {
    /// The product, with what waits to be saved.
    pub product: Arc<Product>,
    /// Its place in the list.
    pub place: usize,
    /// The height of a row in CSS pixels.
    pub height: f64,
    /// It was deleted, and is still seen for a moment.
    pub is_ghost: bool,
    /// It is about to be deleted.
    pub is_doomed: bool,
    /// It is selected.
    pub is_selected: bool,
    /// It is in the panel.
    pub is_open: bool,
    /// Something of it waits to be saved.
    pub is_waiting: bool,
    /// It has waited for long enough to say so.
    pub is_late: bool,
    /// One of its cells is being changed.
    pub is_edited: bool,
    /// Another window has it open.
    pub is_elsewhere: bool,
    /// What happened to it a moment ago.
    pub mark: Option<Mark>,
}

/// What rows are made of.
pub struct Template {
    template: HtmlTemplateElement,
    /// The fields that have a place of their own in it, and where that is.
    places: Vec<(&'static Field, String)>,
}

impl Template {
    /// Finds the template, and in it the places of a product's fields.
    pub fn find() -> Result<Self, JsValue> {
        let template: HtmlTemplateElement = dom::by_id("row-template")?;
        let mut places = Vec::new();
        for field in Draft::FIELDS {
            let selector = format!("[data-{}]", field.name);
            if template.content().query_selector(&selector)?.is_some() {
                places.push((field, selector));
            }
        }
        Ok(Self { template, places })
    }
}

/// A row.
pub struct Row {
    /// Its element.
    pub element: HtmlElement,
    shown: Option<State>,
    /// It waits to show a product.
    is_resting: bool,
    cells: Vec<(Column, HtmlElement)>,
    /// Where each field is shown that has a place.
    places: Vec<(&'static Field, Element)>,
    select: HtmlInputElement,
    letter: Element,
    image: HtmlImageElement,
    level: Element,
    elsewhere: Element,
    switch: Element,
    delete: Element,
    restore: Element,
    code_again: Element,
    category_again: Element,
}

impl Row {
    /// A row of nothing yet.
    pub fn new(template: &Template) -> Result<Self, JsValue> {
        let element: HtmlElement = dom::copy_of(&template.template)?.unchecked_into();
        let places = template.places.iter();
        let places = places.map(|(field, selector)| Ok((*field, dom::find(&element, selector)?)));
        let mut cells = Vec::new();
        for column in Column::ALL {
            let selector = format!("[data-cell={}]", column.name());
            let cell: HtmlElement = dom::find(&element, &selector)?;
            cell.set_tab_index(-1);
            cells.push((column, cell));
        }
        Ok(Self {
            places: places.collect::<Result<_, JsValue>>()?,
            select: dom::find(&element, "[data-select]")?,
            letter: dom::find(&element, "[data-initial]")?,
            image: dom::find(&element, "[data-thumbnail]")?,
            level: dom::find(&element, "[data-stock-word]")?,
            elsewhere: dom::find(&element, "[data-elsewhere]")?,
            switch: dom::find(&element, "[data-switch]")?,
            delete: dom::find(&element, "[data-delete]")?,
            restore: dom::find(&element, "[data-undelete]")?,
            code_again: dom::find(&element, "[data-code-again]")?,
            category_again: dom::find(&element, "[data-category-again]")?,
            cells,
            element,
            shown: None,
            is_resting: false,
        })
    }

    /// A cell.
    pub fn cell(&self, column: Column) -> Option<&HtmlElement> {
        let mut cells = self.cells.iter();
        cells
            .find(|(other, _)| *other == column)
            .map(|(_, cell)| cell)
    }

    /// What takes the focus in a column: the one control of its cell, or the cell.
    pub fn focusable(&self, column: Column) -> Option<HtmlElement> {
        let element: Element = match column {
            Column::Select => self.select.clone().into(),
            Column::Status => self.switch.clone(),
            Column::Menu if self.is_ghost() => self.restore.clone(),
            Column::Menu => self.delete.clone(),
            column => return self.cell(column).cloned(),
        };
        Some(element.unchecked_into())
    }

    /// The columns that can be seen, in order.
    pub fn visible_columns(&self) -> Vec<Column> {
        let cells = self
            .cells
            .iter()
            .filter(|(_, cell)| cell.offset_width() > 0);
        cells.map(|(column, _)| *column).collect()
    }

    fn is_ghost(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.is_ghost)
    }

    /// Shows nothing for a while.
    pub fn rest(&mut self) -> Result<(), JsValue> {
        self.is_resting = true;
        self.element.remove_attribute("data-product")?;
        dom::show(&self.element, false)
    }

    /// Shows this.
    pub fn paint(&mut self, state: &State, format: &Format) -> Result<(), JsValue> {
        let was_resting = std::mem::take(&mut self.is_resting);
        if was_resting {
            dom::show(&self.element, true)?;
        }
        // A press changes the box itself, whatever came of the press.
        if self.select.checked() != state.is_selected {
            self.select.set_checked(state.is_selected);
        }
        let before = self.shown.replace(state.clone());
        if before.as_ref() == Some(state) && !was_resting {
            return Ok(());
        }
        let before = before.as_ref();
        if before.is_none_or(|b| (b.place, b.height) != (state.place, state.height)) {
            let top = from_index(state.place) * state.height;
            let style = self.element.style();
            style.set_property("transform", &format!("translateY({top}px)"))?;
            let row = (state.place + 2).to_string();
            self.element.set_attribute("aria-rowindex", &row)?;
        }
        if was_resting || before.is_none_or(|b| b.product.id != state.product.id) {
            let id = state.product.id.to_string();
            self.element.set_attribute("data-product", &id)?;
        }
        self.paint_flags(before, state)?;
        let draft = &state.product.draft;
        let before = before.map(|before| &before.product.draft);
        if before != Some(draft) {
            self.paint_draft(before, draft, format)?;
        }
        Ok(())
    }

    fn paint_flags(&self, before: Option<&State>, state: &State) -> Result<(), JsValue> {
        let flags = |state: &State| {
            [
                ("is-ghost", state.is_ghost),
                ("is-doomed", state.is_doomed),
                ("is-selected", state.is_selected),
                ("is-open", state.is_open),
                ("is-waiting", state.is_waiting),
                ("is-late", state.is_late),
                ("is-edited", state.is_edited),
                ("is-added", state.mark == Some(Mark::Added)),
                ("is-updated", state.mark == Some(Mark::Updated)),
                ("is-off", !state.product.draft.status),
            ]
        };
        let now = flags(state);
        let were = before.map(flags);
        for (at, (class, is_set)) in now.into_iter().enumerate() {
            let was_set = were.is_some_and(|were| were[at].1);
            if was_set != is_set {
                dom::set_class(&self.element, class, is_set)?;
            }
        }
        if before.is_none_or(|before| before.is_elsewhere != state.is_elsewhere) {
            dom::show(&self.elsewhere, state.is_elsewhere)?;
        }
        if before.is_none_or(|before| before.is_selected != state.is_selected) {
            let selected = state.is_selected.to_string();
            self.element.set_attribute("aria-selected", &selected)?;
        }
        Ok(())
    }

    /// Writes what differs.
    fn paint_draft(
        &self,
        before: Option<&Draft>,
        now: &Draft,
        format: &Format,
    ) -> Result<(), JsValue> {
        let mut old = before.map(Draft::values);
        let mut places = self.places.iter().peekable();
        for (field, value) in now.values() {
            let old = old.as_mut().and_then(Iterator::next);
            let place = places.next_if(|(placed, _)| placed.name == field.name);
            if let Some((_, place)) = place
                && old != Some((field, value))
                && let Some(words) = format.shown(value)
            {
                place.set_text_content(Some(&words));
            }
        }
        if before.map(|b| &b.title) != Some(&now.title) {
            self.paint_title(&now.title, format)?;
        }
        if before.map(|b| &b.code) != Some(&now.code) {
            self.code_again.set_text_content(Some(&now.code));
        }
        if before.map(|b| &b.category) != Some(&now.category) {
            self.category_again.set_text_content(Some(&now.category));
        }
        if before.map(|b| b.status) != Some(now.status) {
            let checked = now.status.to_string();
            self.switch.set_attribute("aria-checked", &checked)?;
        }
        if before.map(|b| b.stock) != Some(now.stock) {
            let (level, key) = match format.low_stock.level(now.stock) {
                Some(StockLevel::Out) => ("out", "product.out"),
                Some(StockLevel::Low) => ("low", "product.low"),
                None => ("", ""),
            };
            dom::set_attribute(&self.element, "data-level", level)?;
            let word = if key.is_empty() {
                ""
            } else {
                format.text.get(key)
            };
            dom::set_text(&self.level, word);
        }
        let thumbnail = now.thumbnails.first();
        if before.map(|b| b.thumbnails.first()) != Some(thumbnail) {
            dom::show(&self.image, thumbnail.is_some())?;
            match thumbnail {
                Some(url) => self.image.set_src(url),
                None => self.image.remove_attribute("src")?,
            }
        }
        Ok(())
    }

    /// The title is also the letter in place of an image, and in the names of controls: one that says
    /// only "Delete" could be any of a hundred.
    fn paint_title(&self, title: &str, format: &Format) -> Result<(), JsValue> {
        let letter = title.chars().next();
        let letter = letter.map(|c| c.to_uppercase().to_string());
        let letter = letter.unwrap_or_default();
        self.letter.set_text_content(Some(&letter));
        // An image that can't be shown shows the letter too, see `style.css`.
        self.image.set_attribute("data-letter", &letter)?;
        let name = |element: &Element, key: &str| {
            let name = format.text.fill(key, &[("title", title)]);
            element.set_attribute("aria-label", &name)
        };
        name(&self.select, "product.select_named")?;
        name(&self.switch, "product.switch_named")?;
        name(&self.delete, "product.delete_named")?;
        name(&self.restore, "product.restore_named")
    }
}
