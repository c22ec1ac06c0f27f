//! What the page shows, each part in its own place of the HTML.

mod announcer;
mod bulk;
mod filters;
mod format;
mod history;
mod import;
pub mod keys;
mod panel;
mod row;
mod row_menu;
mod scanner;
mod status;
mod table;
mod toasts;

use std::rc::Rc;

use shared::Text;
use wasm_bindgen::prelude::*;

use crate::dom;
use crate::event::{Event, Events};

pub use announcer::Announcer;
pub use bulk::Bulk;
pub use filters::{Filters, columns};
pub use format::Format;
pub use history::HistoryDialog;
pub use import::{Import, UploadOrder};
pub use panel::{Mode, Panel, Submission};
pub use row::State;
pub use row_menu::RowMenu;
pub use status::Status;
pub use table::{Arrival, Looks, Mark, Table, Typed};
pub use toasts::{Action, Toasts};

/// Every part of the page.
pub struct View {
    /// The search, the tabs and what stands beside them.
    pub filters: Filters,
    /// The products.
    pub table: Table,
    /// What can be done with one of them.
    pub row_menu: RowMenu,
    /// The form that adds and edits.
    pub panel: Panel,
    /// What can be done with what is selected.
    pub bulk: Bulk,
    /// The dialog that imports a file.
    pub import: Import,
    /// The dialog that tells what happened.
    pub history: HistoryDialog,
    /// How fresh the list is.
    pub status: Status,
    /// Short messages with an undo.
    pub toasts: Toasts,
    /// What is said to people who don't see the list.
    pub announcer: Announcer,
}

impl View {
    /// Finds all of them, and listens to what is pressed beside them.
    pub fn find(text: &Rc<Text>, format: &Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        keys::listen(events)?;
        listen_to_menu(events)?;
        scanner::offer(text, events)?;
        Ok(Self {
            filters: Filters::find(format.clone(), events)?,
            table: Table::find(format.clone(), events)?,
            row_menu: RowMenu::find(events)?,
            panel: Panel::find(format.clone(), events)?,
            bulk: Bulk::find(format.clone(), events)?,
            import: Import::find(text.clone(), events)?,
            history: HistoryDialog::find(format.clone(), events)?,
            status: Status::find(text.clone(), events.clone())?,
            toasts: Toasts::find(text.clone(), events.clone())?,
            announcer: Announcer::find(text.clone())?,
        })
    }
}

fn listen_to_menu(events: &Events) -> Result<(), JsValue> {
    use crate::event::{PanelEvent, Shortcut};
    let on = |id: &str, event: fn() -> Event| {
        let events = events.clone();
        dom::on(&dom::by_id::<web_sys::Element>(id)?, "click", move |_| {
            events.send(event());
        })
    };
    on("open-add", || Event::Panel(PanelEvent::Add))?;
    on("undo", || Event::Undo(None))?;
    on("open-shortcuts", || Event::Shortcut(Shortcut::Help))?;
    // Whatever is chosen in the menu, it closes.
    dom::on(&dom::by_id::<web_sys::Element>("menu")?, "click", |event| {
        if dom::closest(&event, "button, a").is_some() {
            close_menu();
        }
    })?;
    dom::on(&dom::by_id::<web_sys::Element>("print")?, "click", |_| {
        // A browser that can't print does nothing.
        let _ = dom::window().and_then(|window| window.print());
    })?;
    for (kind, is_printing) in [("beforeprint", true), ("afterprint", false)] {
        let events = events.clone();
        dom::on(&dom::window()?, kind, move |_| {
            events.send(Event::Printing(is_printing));
        })?;
    }
    Ok(())
}

/// Closes the menu.
fn close_menu() {
    if let Ok(menu) = dom::by_id::<web_sys::HtmlElement>("menu") {
        // It may be closed already.
        let _ = menu.hide_popover();
    }
}

/// Opens the sheet of keys.
pub fn show_shortcuts() -> Result<(), JsValue> {
    let dialog: web_sys::HtmlDialogElement = dom::by_id("shortcuts")?;
    if dialog.open() {
        return Ok(());
    }
    dialog.show_modal()
}

/// Says what would be undone next, and whether anything would.
pub fn paint_undo(last: Option<&str>) -> Result<(), JsValue> {
    let button: web_sys::HtmlButtonElement = dom::by_id("undo")?;
    button.set_disabled(last.is_none());
    button.set_title(last.unwrap_or_default());
    Ok(())
}
