//! What can be done with one product, by the second button of the mouse or the keyboard's menu key.

use std::cell::Cell;
use std::rc::Rc;

use shared::{Product, ProductId};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use crate::dom;
use crate::event::{Event, Events, Press, TableEvent};

/// The menu.
pub struct RowMenu {
    menu: HtmlElement,
    title: Element,
    /// The product that it was opened for.
    product: Rc<Cell<Option<ProductId>>>,
}

impl RowMenu {
    /// Finds it and listens to it.
    pub fn find(events: &Events) -> Result<Self, JsValue> {
        let menu: HtmlElement = dom::by_id("row-menu")?;
        let product: Rc<Cell<Option<ProductId>>> = Rc::default();
        let (place, pressed, events) = (menu.clone(), product.clone(), events.clone());
        dom::on(&menu, "click", move |event| {
            let action = dom::closest(&event, "[data-row-action]");
            let action = action.and_then(|action| action.get_attribute("data-row-action"));
            let press = match action.as_deref() {
                Some("open") => Press::Open,
                Some("duplicate") => Press::Duplicate,
                Some("history") => Press::History,
                Some("delete") => Press::Delete,
                _ => return,
            };
            // It is open, since it was pressed.
            let _ = place.hide_popover();
            if let Some(id) = pressed.get() {
                events.send(Event::Table(TableEvent::Press(id, press)));
            }
        })?;
        Ok(Self {
            title: dom::find(&menu, "[data-row-menu-title]")?,
            menu,
            product,
        })
    }

    /// Opens it for a product at a place of the window, in CSS pixels, or as near as there is room.
    pub fn open(&self, product: &Product, (x, y): (f64, f64)) -> Result<(), JsValue> {
        self.product.set(Some(product.id));
        dom::set_text(&self.title, &product.draft.title);
        self.menu.show_popover()?;
        let window = dom::window()?;
        let room = |whole: JsValue, own: i32| whole.as_f64().unwrap_or_default() - f64::from(own);
        let left = x.min(room(window.inner_width()?, self.menu.offset_width()));
        let top = y.min(room(window.inner_height()?, self.menu.offset_height()));
        let style = self.menu.style();
        style.set_property("left", &format!("{}px", left.max(0.0)))?;
        style.set_property("top", &format!("{}px", top.max(0.0)))
    }
}
