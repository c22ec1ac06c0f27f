//! The dialog that tells what happened. It knows no server: it says what it lacks, and is given it.

use std::rc::Rc;

use shared::{Catalog, Change, Draft, PastChange, Product, Revision, Source};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlTemplateElement};

use super::format::Format;
use crate::dom;
use crate::event::{Event, Events, HistoryEvent};
use crate::model::history::{History, put_back};

/// The dialog.
pub struct HistoryDialog {
    format: Rc<Format>,
    dialog: HtmlDialogElement,
    places: Places,
    /// What is told.
    pub history: History,
    /// Why nothing came, or not all.
    notice: Option<String>,
    /// How often it was opened.
    opening: u32,
    /// Something is asked for and has not come.
    is_loading: bool,
    /// The rows that are shown, in their order.
    rows: Vec<Row>,
    is_stale: bool,
}

/// A change that is shown.
struct Row {
    revision: Revision,
    element: Element,
    back: Element,
}

/// The parts of the dialog.
struct Places {
    heading: Element,
    notice: Element,
    loading: Element,
    none: Element,
    list: HtmlElement,
    older: Element,
    template: HtmlTemplateElement,
}

impl HistoryDialog {
    /// Finds the dialog's places and listens to them.
    pub fn find(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let dialog: HtmlDialogElement = dom::by_id("history")?;
        let places = Places {
            heading: dom::find(&dialog, "[data-history-heading]")?,
            notice: dom::find(&dialog, "[data-history-notice]")?,
            loading: dom::find(&dialog, "[data-history-loading]")?,
            none: dom::find(&dialog, "[data-history-none]")?,
            list: dom::find(&dialog, "[data-history-list]")?,
            older: dom::find(&dialog, "[data-history-older]")?,
            template: dom::by_id("past-template")?,
        };
        listen(&dialog, events)?;
        Ok(Self {
            format,
            dialog,
            places,
            history: History::default(),
            notice: None,
            opening: 0,
            is_loading: false,
            rows: Vec::new(),
            is_stale: false,
        })
    }

    /// Whether somebody looks at it.
    pub fn is_open(&self) -> bool {
        self.dialog.open()
    }

    /// How often it was opened: answers carry it.
    pub fn opening(&self) -> u32 {
        self.opening
    }

    /// Whether something was asked for and did not come.
    pub fn has_failed(&self) -> bool {
        self.notice.is_some()
    }

    /// Opens it, with nothing told yet: about one product or all.
    pub fn open(&mut self, product: Option<&Product>) -> Result<(), JsValue> {
        self.history = History::of(product.map(|product| product.id));
        self.notice = None;
        self.opening += 1;
        self.is_loading = false;
        self.is_stale = true;
        // Nothing of another product stays.
        self.rows.clear();
        self.places.list.set_text_content(None);
        let text = &self.format.text;
        let heading = match product {
            Some(product) => text.fill("history.of", &[("title", &product.draft.title)]),
            None => text.get("history.title").to_owned(),
        };
        dom::set_text(&self.places.heading, &heading);
        if self.is_open() {
            return Ok(());
        }
        self.dialog.show_modal()
    }

    /// Closes it.
    pub fn close(&self) {
        self.dialog.close();
    }

    /// Something is asked for, unless something is already; tells whether it is.
    pub fn begin_loading(&mut self) -> bool {
        !std::mem::replace(&mut self.is_loading, true)
    }

    /// What was asked for has come, or did not, for this reason.
    pub fn end_loading(&mut self, failure: Option<String>) {
        self.is_loading = false;
        self.notice = failure;
        self.is_stale = true;
    }

    /// Products have changed: what can be put back may be something else.
    pub fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Shows what is told, beside what products are now.
    pub fn paint(&mut self, catalog: &Catalog) -> Result<(), JsValue> {
        if !self.is_open() {
            return Ok(());
        }
        let Places {
            notice,
            loading,
            none,
            list,
            older,
            ..
        } = &self.places;
        dom::set_text(notice, self.notice.as_deref().unwrap_or_default());
        dom::show(notice, self.notice.is_some())?;
        let is_empty = self.history.changes.is_empty();
        dom::show(loading, self.is_loading && is_empty)?;
        let has_none = is_empty && !self.is_loading && self.notice.is_none();
        dom::show(none, has_none)?;
        dom::show(list, !is_empty)?;
        dom::show(older, self.history.next.is_some())?;
        if std::mem::take(&mut self.is_stale) {
            self.paint_rows(catalog)?;
        }
        Ok(())
    }

    /// Adds rows above and below those that are there: whoever reads stays where they are.
    fn paint_rows(&mut self, catalog: &Catalog) -> Result<(), JsValue> {
        let changes = &self.history.changes;
        let newest = self.rows.first().map(|row| row.revision);
        let above = changes
            .iter()
            .take_while(|past| Some(past.revision) != newest);
        let mut above = above.count();
        if above == changes.len() {
            self.places.list.set_text_content(None);
            self.rows.clear();
            above = 0;
        }
        let new = changes.iter().take(above);
        let new: Result<Vec<Row>, JsValue> = new.map(|past| self.row(past)).collect();
        let new = new?;
        let first = self.rows.first().map(|row| row.element.clone());
        for row in &new {
            self.places
                .list
                .insert_before(&row.element, first.as_deref())?;
        }
        self.rows.splice(..0, new);
        for past in changes.iter().skip(self.rows.len()) {
            let row = self.row(past)?;
            self.places.list.append_child(&row.element)?;
            self.rows.push(row);
        }
        for (row, past) in self.rows.iter().zip(changes) {
            let now = catalog.get(past.change.id());
            let key = match (&past.change, now) {
                (Change::Deleted(_), None) if past.before.is_some() => Some("history.restore"),
                (_, Some(now)) if put_back(past, now).is_some() => Some("history.put_back"),
                _ => None,
            };
            let had_focus = dom::document()?.active_element().as_ref() == Some(&row.back);
            dom::show(&row.back, key.is_some())?;
            if let Some(key) = key {
                dom::set_text(&row.back, self.format.text.get(key));
            } else if had_focus {
                self.places.list.focus()?;
            }
        }
        Ok(())
    }

    fn row(&self, past: &PastChange) -> Result<Row, JsValue> {
        let text = &self.format.text;
        let element = dom::copy_of(&self.places.template)?;
        let find = |selector: &str| dom::find::<Element>(&element, selector);
        let (key, product) = match &past.change {
            Change::Added(product) => ("history.added", Some(product)),
            Change::Updated(product) => ("history.updated", Some(product)),
            Change::Deleted(_) => ("history.deleted", past.before.as_ref()),
        };
        let title = product.map_or_else(
            || past.change.id().to_string(),
            |product| product.draft.title.to_string(),
        );
        dom::set_text(&find("[data-past-what]")?, text.get(key));
        let shown = find("[data-past-title]")?;
        dom::set_text(&shown, &title);
        // The heading says it already.
        dom::show(&shown, self.history.product.is_none())?;
        let time = find("[data-past-time]")?;
        if let Some(at) = &past.at {
            dom::set_text(&time, &self.format.moment(at));
            time.set_attribute("datetime", at)?;
        } else {
            dom::set_text(&time, text.get("history.no_time"));
        }
        if let Some(by) = &past.by {
            let place = find("[data-past-by]")?;
            dom::show(&place, true)?;
            dom::set_text(&dom::find::<Element>(&place, "bdi")?, by);
        }
        let source = past.source.map_or("", |source| match source {
            Source::Page => "history.page",
            Source::Http => "history.http",
            Source::Import => "history.import",
            Source::Cli => "history.cli",
        });
        if !source.is_empty() {
            let words = format!(" · {}", text.get(source));
            dom::set_text(&find("[data-past-source]")?, &words);
        }
        if let (Change::Updated(after), Some(before)) = (&past.change, &past.before) {
            self.fill_fields(&find("[data-past-fields]")?, &before.draft, &after.draft)?;
        }
        let back = find("[data-past-back]")?;
        back.set_attribute("data-revision", &past.revision.to_string())?;
        Ok(Row {
            revision: past.revision,
            back,
            element,
        })
    }

    /// Every field that is another, with what it was and is.
    fn fill_fields(&self, list: &Element, before: &Draft, after: &Draft) -> Result<(), JsValue> {
        let page = dom::document()?;
        let values = before.values().zip(after.values());
        for ((field, old), (_, new)) in values.filter(|((_, old), (_, new))| old != new) {
            let pair = page.create_element("div")?;
            let label = page.create_element("dt")?;
            let key = format!("form.{}", field.name);
            dom::set_text(&label, self.format.text.get(&key));
            let value = page.create_element("dd")?;
            for (name, words) in [("del", old), ("ins", new)] {
                let part = page.create_element(name)?;
                part.set_attribute("dir", "auto")?;
                let words = self.format.words(words);
                let empty = || self.format.text.get("history.nothing").to_owned();
                let words = if words.is_empty() { empty() } else { words };
                dom::set_text(&part, &words);
                if name == "ins" {
                    value.append_with_str_1(" → ")?;
                }
                value.append_child(&part)?;
            }
            pair.append_child(&label)?;
            pair.append_child(&value)?;
            list.append_child(&pair)?;
        }
        Ok(())
    }
}

fn listen(dialog: &HtmlDialogElement, events: &Events) -> Result<(), JsValue> {
    let opened = events.clone();
    dom::on(
        &dom::by_id::<Element>("open-history")?,
        "click",
        move |_| {
            opened.send(Event::History(HistoryEvent::Opened));
        },
    )?;
    let pressed = events.clone();
    dom::on(dialog, "click", move |event| {
        let Some(button) = dom::closest(&event, "button") else {
            return;
        };
        let revision = button.get_attribute("data-revision");
        let event = match revision.and_then(|revision| revision.parse().ok()) {
            Some(revision) => HistoryEvent::PutBack(Revision(revision)),
            None if button.has_attribute("data-history-older") => HistoryEvent::Older,
            None => HistoryEvent::Closed,
        };
        pressed.send(Event::History(event));
    })
}
