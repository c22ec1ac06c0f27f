//! What somebody does with the list, as events.

use std::cell::Cell;
use std::rc::Rc;

use shared::ProductId;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use crate::dom;
use crate::event::{Column, Event, Events, GridKey, Press, TableEvent};
use crate::model::query::Sort;
use crate::view::keys::is_composing;

/// Listens to the list.
pub fn listen(
    scroller: &HtmlElement,
    grid: &Element,
    pill: &Element,
    pointer_moved: Rc<Cell<f64>>,
    events: &Events,
) -> Result<(), JsValue> {
    let send = |event: fn() -> TableEvent| {
        let events = events.clone();
        move |_| events.send(Event::Table(event()))
    };
    dom::on(scroller, "scroll", send(|| TableEvent::Scrolled))?;
    dom::on(&dom::window()?, "resize", send(|| TableEvent::Resized))?;
    dom::on(pill, "click", send(|| TableEvent::Pill))?;
    // Far too many of these come to be events of the page.
    dom::on(scroller, "pointermove", move |_| {
        pointer_moved.set(dom::now());
    })?;
    for (kind, is_over) in [("pointerenter", true), ("pointerleave", false)] {
        let events = events.clone();
        dom::on(scroller, kind, move |event| {
            let event: PointerEvent = event.unchecked_into();
            // A finger is not over anything once it is lifted.
            if event.pointer_type() == "mouse" {
                events.send(Event::Table(TableEvent::Pointer(is_over)));
            }
        })?;
    }
    let clicks = events.clone();
    dom::on(grid, "click", move |event| {
        if let Some(table_event) = on_click(&event) {
            clicks.send(Event::Table(table_event));
        }
    })?;
    let held = events.clone();
    dom::on(grid, "contextmenu", move |event| {
        if let Some(asked) = on_menu(&event) {
            event.prevent_default();
            held.send(Event::Table(asked));
        }
    })?;
    let focus = events.clone();
    dom::on(grid, "focusin", move |event| {
        focus.send(Event::Table(TableEvent::Focus(place_of(&event))));
    })?;
    let (lost, place) = (events.clone(), grid.clone());
    dom::on(grid, "focusout", move |event| {
        let event: web_sys::FocusEvent = event.unchecked_into();
        let to: Option<Element> = event.related_target().and_then(|to| to.dyn_into().ok());
        if !place.contains(to.as_ref().map(AsRef::as_ref)) {
            lost.send(Event::Table(TableEvent::Focus(None)));
        }
    })?;
    let keys = events.clone();
    dom::on(grid, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if is_composing(&event) {
            return;
        }
        let at = place_of(&event);
        if let (Some((_, column)), false) = (at, event.default_prevented())
            && let Some(key) = to_key(&event, column)
        {
            event.prevent_default();
            event.stop_propagation();
            keys.send(Event::Table(TableEvent::Key(key)));
        }
    })
}

/// The product and the column that an event is about.
fn place_of(event: &web_sys::Event) -> Option<(ProductId, Column)> {
    let cell = dom::closest(event, "[data-cell]")?;
    let row = cell.closest("[data-product]").ok()??;
    let id = ProductId(row.get_attribute("data-product")?.parse().ok()?);
    let column = Column::from_name(&cell.get_attribute("data-cell")?)?;
    Some((id, column))
}

fn on_click(event: &web_sys::Event) -> Option<TableEvent> {
    if let Some(head) = dom::closest(event, "[data-sort-key]") {
        let name = head.get_attribute("data-sort-key")?;
        return Some(TableEvent::Sort(Sort::from_name(&name)?.key));
    }
    let (id, column) = place_of(event)?;
    let press = match column {
        Column::Select => {
            let event: Option<&MouseEvent> = event.dyn_ref();
            let is_range = event.is_some_and(MouseEvent::shift_key);
            Press::Select { is_range }
        }
        _ if dom::closest(event, "[data-less]").is_some() => Press::Less,
        _ if dom::closest(event, "[data-more]").is_some() => Press::More,
        _ if dom::closest(event, "[data-switch]").is_some() => Press::Switch,
        _ if dom::closest(event, "[data-delete]").is_some() => Press::Delete,
        _ if dom::closest(event, "[data-undelete]").is_some() => Press::Restore,
        column => Press::Cell(column),
    };
    Some(TableEvent::Press(id, press))
}

/// A long press of a finger selects; else there is a menu, but for text that is typed or to be copied, of which the
/// browser has its own.
fn on_menu(event: &web_sys::Event) -> Option<TableEvent> {
    let (id, column) = place_of(event)?;
    let pointer: &PointerEvent = event.dyn_ref()?;
    if pointer.pointer_type() == "touch" {
        return Some(TableEvent::Press(id, Press::Select { is_range: false }));
    }
    let selected = dom::window().ok()?.get_selection().ok()?;
    let is_selected = selected.is_some_and(|selection| !selection.is_collapsed());
    if is_selected || dom::closest(event, "input:not([type=checkbox]), textarea").is_some() {
        return None;
    }
    let (x, y) = (f64::from(pointer.client_x()), f64::from(pointer.client_y()));
    // The keyboard's key has no place in some browsers.
    if (x, y) != (0.0, 0.0) {
        return Some(TableEvent::Menu(id, (x, y)));
    }
    let selector = format!("[data-cell={}]", column.name());
    let cell = dom::closest(event, &selector)?.get_bounding_client_rect();
    Some(TableEvent::Menu(id, (cell.left(), cell.bottom())))
}

/// The keys of a grid (ARIA Authoring Practices Guide, "Grid Pattern"), and a letter for what is done
/// most.
fn to_key(event: &KeyboardEvent, column: Column) -> Option<GridKey> {
    let is_control = event.ctrl_key() || event.meta_key();
    let key = event.key();
    let is_number = matches!(column, Column::Price | Column::Stock);
    let control = matches!(column, Column::Select | Column::Status | Column::Menu);
    Some(match key.as_str() {
        "ArrowUp" => GridKey::Move(0, -1),
        "ArrowDown" => GridKey::Move(0, 1),
        "ArrowLeft" => GridKey::Move(-1, 0),
        "ArrowRight" => GridKey::Move(1, 0),
        "PageUp" => GridKey::Page(-1),
        "PageDown" => GridKey::Page(1),
        "Home" if is_control => GridKey::End(false),
        "End" if is_control => GridKey::End(true),
        "Home" => GridKey::Edge(false),
        "End" => GridKey::Edge(true),
        "Escape" => GridKey::Escape,
        _ if is_control || event.alt_key() => return None,
        // The browser presses the one control of the cell.
        "Enter" | " " if control => return None,
        "Enter" | "F2" => GridKey::Edit,
        " " | "x" => GridKey::Select,
        "e" => GridKey::Open,
        "Delete" => GridKey::Delete,
        "+" | "=" if column == Column::Stock => GridKey::Step(1),
        "-" if column == Column::Stock => GridKey::Step(-1),
        key if is_number => {
            let c = key.chars().next().filter(|_| key.chars().count() == 1)?;
            if !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-')) {
                return None;
            }
            GridKey::Type(c)
        }
        _ => return None,
    })
}
