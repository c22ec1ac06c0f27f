//! The list of products, newest first. Rows are keyed by id; only those that changed are touched.

mod blocks;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use shared::{Catalog, ProductId, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlButtonElement, HtmlElement};

use super::row::{Row, Template};
use crate::dom;
use crate::event::{Event, Events};

/// The time for rows in one frame. The other half of a frame's 16 ms is the browser's.
const MAX_PAINT_MS: f64 = 8.0;

/// Rows between two looks at the clock, which costs about as much as a row's smallest change.
const ROWS_PER_LOOK: usize = 8;

/// How long a changed row stays marked; `style.css` fades it over a shorter time.
const MARKED_MS: u32 = 2_000;

/// What happened to a product that is shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is new.
    Added,
    /// It has other fields.
    Updated,
    /// It is gone.
    Deleted,
}

/// The list.
pub struct List {
    text: Rc<Text>,
    events: Events,
    section: HtmlElement,
    parent: Element,
    template: Template,
    empty: Element,
    loading: Element,
    count: Element,
    announcer: Element,
    rows: BTreeMap<ProductId, Row>,
    /// Products whose row may not be what the catalog says.
    dirty: BTreeSet<ProductId>,
    marks: HashMap<ProductId, Mark>,
    editing: Option<ProductId>,
    was_loaded: bool,
}

impl List {
    /// Finds the list's places and listens to its buttons.
    pub fn find(text: Rc<Text>, events: &Events) -> Result<Self, JsValue> {
        let section: HtmlElement = dom::by_id("list")?;
        let parent: Element = dom::find(&section, "[data-products]")?;
        let clicks = events.clone();
        dom::on(&parent, "click", move |event| {
            if let Some(event) = to_event(&event) {
                clicks.send(event);
            }
        })?;
        Ok(Self {
            text,
            events: events.clone(),
            empty: dom::find(&section, "[data-empty]")?,
            loading: dom::find(&section, "[data-loading]")?,
            count: dom::find(&section, "[data-count]")?,
            announcer: dom::by_id("announcer")?,
            template: Template::find()?,
            section,
            parent,
            rows: BTreeMap::new(),
            dirty: BTreeSet::new(),
            marks: HashMap::new(),
            editing: None,
            was_loaded: false,
        })
    }

    /// A change came; it is shown to people where there is a mark.
    pub fn on_change(&mut self, id: ProductId, mark: Option<Mark>) {
        self.dirty.insert(id);
        let Some(mark) = mark else { return };
        // Added and changed before it was painted: it is still new.
        if !(mark == Mark::Updated && self.marks.get(&id) == Some(&Mark::Added)) {
            self.marks.insert(id, mark);
        }
    }

    /// The whole catalog is another. Rows that are right already stay.
    pub fn on_snapshot(&mut self, catalog: &Catalog) {
        // In another history the same id and revision may be another product's.
        let shown = |id| self.rows.get(&id).map(|row| &row.shown);
        let differing = catalog
            .products()
            .filter(|product| shown(product.id) != Some(product))
            .map(|product| product.id);
        let gone = self.rows.keys().filter(|id| catalog.get(**id).is_none());
        let dirty: BTreeSet<ProductId> = differing.chain(gone.copied()).collect();
        self.dirty = dirty;
        self.marks.clear();
    }

    /// Brings rows up to date, newest first, as far as one frame's time goes. Tells whether there
    /// is more to do.
    pub fn paint(&mut self, catalog: &Catalog, is_loaded: bool) -> Result<bool, JsValue> {
        let said = self.paint_rows(catalog)?;
        self.announce(&said, catalog, is_loaded);
        dom::show(&self.loading, !is_loaded)?;
        dom::show(&self.empty, is_loaded && catalog.is_empty())?;
        if is_loaded {
            dom::set_text(&self.count, &self.text.product_count(catalog.len()));
        }
        Ok(!self.dirty.is_empty())
    }

    fn paint_rows(&mut self, catalog: &Catalog) -> Result<Vec<String>, JsValue> {
        let clock = dom::window()?
            .performance()
            .ok_or("the browser has no clock")?;
        let end = clock.now() + MAX_PAINT_MS;
        let mut said = Vec::new();
        let mut marked = Vec::new();
        let mut painted = 0;
        while let Some(id) = self.dirty.pop_last() {
            let mark = self.marks.remove(&id);
            let title = self.paint_row(id, catalog, mark.is_some())?;
            if let (Some(mark), Some(title)) = (mark, title) {
                said.push(self.text.fill(mark.key(), &[("title", &title)]));
                if let Some(row) = self.rows.get(&id) {
                    row.element.class_list().add_1(mark.class())?;
                    marked.push(row.element.clone());
                }
            }
            painted += 1;
            if painted % ROWS_PER_LOOK == 0 && clock.now() >= end {
                break;
            }
        }
        if !marked.is_empty() {
            let events = self.events.clone();
            Timeout::new(MARKED_MS, move || events.send(Event::MarksSeen(marked))).forget();
        }
        Ok(said)
    }

    /// Makes one row what the catalog says, while somebody may be looking at the list or before.
    /// Returns the title, where something changed.
    fn paint_row(
        &mut self,
        id: ProductId,
        catalog: &Catalog,
        is_watched: bool,
    ) -> Result<Option<String>, JsValue> {
        let Some(product) = catalog.get(id) else {
            let Some(row) = self.rows.remove(&id) else {
                return Ok(None);
            };
            self.move_focus_from(id, &row.element)?;
            blocks::remove(&row.element);
            return Ok(Some(row.shown.draft.title.to_string()));
        };
        let title = product.draft.title.to_string();
        if let Some(row) = self.rows.get_mut(&id) {
            if row.shown == *product {
                return Ok(None);
            }
            row.update(product, &self.text)?;
            return Ok(Some(title));
        }
        let row = Row::new(&self.template, product, &self.text)?;
        let (newer, older) = self.neighbours(id);
        blocks::insert(&self.parent, &row.element, newer, older, is_watched)?;
        self.rows.insert(id, row);
        Ok(Some(title))
    }

    /// The rows above and below a product's place.
    fn neighbours(&self, id: ProductId) -> (Option<&Element>, Option<&Element>) {
        let after = (Bound::Excluded(id), Bound::Unbounded);
        let newer = self.rows.range(after).next().map(|(_, row)| &row.element);
        let older = self.rows.range(..id).next_back();
        (newer, older.map(|(_, row)| &row.element))
    }

    /// Somebody who deletes with the keyboard goes on at the next row.
    fn move_focus_from(&self, id: ProductId, leaving: &Element) -> Result<(), JsValue> {
        let focused = dom::document()?.active_element();
        if !leaving.contains(focused.as_deref()) {
            return Ok(());
        }
        let (newer, older) = self.neighbours(id);
        match older.or(newer) {
            Some(row) => dom::find::<HtmlElement>(row, "[data-delete]")?.focus(),
            None => self.section.focus(),
        }
    }

    /// Tells people who don't see the list what happened to it.
    fn announce(&mut self, said: &[String], catalog: &Catalog, is_loaded: bool) {
        let announcement = match said {
            _ if is_loaded && !self.was_loaded => {
                self.was_loaded = true;
                let count = self.text.product_count(catalog.len());
                self.text.fill("say.loaded", &[("count", &count)])
            }
            [] => return,
            [one] => one.clone(),
            many => self.text.fill_count("say.many", many.len() as u64),
        };
        self.announcer.set_text_content(Some(&announcement));
    }

    /// Shows which product is in the form.
    pub fn set_editing(&mut self, id: Option<ProductId>) -> Result<(), JsValue> {
        for (id, is_edited) in [(self.editing, false), (id, true)] {
            if let Some(row) = id.and_then(|id| self.rows.get(&id)) {
                let classes = row.element.class_list();
                classes.toggle_with_force("is-editing", is_edited)?;
            }
        }
        self.editing = id;
        Ok(())
    }

    /// Shows that a product is about to be deleted, or not after all. Tells whether that is new.
    pub fn set_leaving(&mut self, id: ProductId, is_leaving: bool) -> Result<bool, JsValue> {
        let Some(row) = self.rows.get(&id) else {
            return Ok(false);
        };
        let classes = row.element.class_list();
        if classes.contains("is-leaving") == is_leaving {
            return Ok(false);
        }
        classes.toggle_with_force("is-leaving", is_leaving)?;
        let edit: HtmlButtonElement = dom::find(&row.element, "[data-edit]")?;
        edit.set_disabled(is_leaving);
        Ok(true)
    }
}

impl Mark {
    fn key(self) -> &'static str {
        match self {
            Self::Added => "say.added",
            Self::Updated => "say.updated",
            Self::Deleted => "say.deleted",
        }
    }

    /// The class of `style.css`; a deleted product has no row to wear it.
    fn class(self) -> &'static str {
        match self {
            Self::Added => "is-added",
            Self::Updated => "is-updated",
            Self::Deleted => "is-leaving",
        }
    }
}

/// Takes the marks off rows again.
pub fn unmark(rows: &[Element]) -> Result<(), JsValue> {
    for row in rows {
        let classes = row.class_list();
        classes.remove_2(Mark::Added.class(), Mark::Updated.class())?;
    }
    Ok(())
}

/// Which button of which row was pressed.
fn to_event(event: &web_sys::Event) -> Option<Event> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let button = target.closest("[data-edit], [data-delete]").ok()??;
    let row = button.closest("[data-product]").ok()??;
    let id = ProductId(row.get_attribute("data-product")?.parse().ok()?);
    Some(if button.has_attribute("data-edit") {
        Event::Edit(id)
    } else {
        Event::Delete(id)
    })
}
