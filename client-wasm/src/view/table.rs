//! The list: a grid of which only the rows near the view are there. Rows are used for one product after
//! the other; each knows what it shows.

mod editor;
mod listen;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use shared::ProductId;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlButtonElement, HtmlElement};

use super::format::Format;
use super::row::{Row, State, Template};
use crate::dom;
use crate::event::{Column, Events};
use crate::model::index::Index;
use crate::model::query::{Sort, SortKey};
use crate::model::window::{Window, from_index};

pub use super::row::Mark;
pub use editor::{Editor, Typed};

/// Whether the list is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It is.
    Here,
    /// It comes.
    Coming,
    /// It can't come at the moment.
    Away,
}

/// The list.
pub struct Table {
    format: Rc<Format>,
    scroller: HtmlElement,
    grid: Element,
    body: HtmlElement,
    /// As high as a row.
    probe: Element,
    heads: Vec<(SortKey, Element)>,
    pill: HtmlButtonElement,
    empty: Element,
    none: Element,
    loading: Element,
    away: Element,
    template: Template,
    rows: HashMap<ProductId, Row>,
    /// Rows that show nothing at the moment.
    pool: Vec<Row>,
    window: Window,
    /// Whether the window has to be measured.
    is_stale: bool,
    /// When the pointer was moved over the list, in milliseconds since 1970.
    pointer_moved: Rc<Cell<f64>>,
    /// The cell that the keyboard is at.
    active: Option<(ProductId, Column)>,
    /// The row whose cell can be reached by Tab.
    tabbable: Option<(ProductId, Column)>,
    /// The active cell is to get the focus as soon as it is there.
    wants_focus: bool,
    /// Where a cell is changed.
    pub editor: Editor,
}

/// What there is to know of a product beside itself.
pub trait Looks {
    /// What the row of a product shows, at this place.
    fn state(&self, id: ProductId, place: usize, height: f64) -> Option<State>;
}

impl Table {
    /// Finds the list's places and listens to it.
    pub fn find(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let scroller: HtmlElement = dom::by_id("list")?;
        let grid: Element = dom::by_id("grid")?;
        let body: HtmlElement = dom::find(&grid, "[data-products]")?;
        let pill: HtmlButtonElement = dom::find(&scroller, "[data-pill]")?;
        let pointer_moved = Rc::default();
        listen::listen(&scroller, &grid, &pill, Rc::clone(&pointer_moved), events)?;
        let mut heads = Vec::new();
        for head in dom::find_all::<Element>(&grid, "[data-sort-key]")? {
            if let Some(name) = head.get_attribute("data-sort-key")
                && let Some(sort) = Sort::from_name(&name)
            {
                heads.push((sort.key, head));
            }
        }
        Ok(Self {
            editor: Editor::new(format.clone(), events)?,
            format,
            empty: dom::find(&scroller, "[data-empty]")?,
            none: dom::find(&scroller, "[data-none]")?,
            loading: dom::find(&scroller, "[data-loading]")?,
            away: dom::find(&scroller, "[data-away]")?,
            template: Template::find()?,
            probe: dom::find(&grid, "[data-row-probe]")?,
            scroller,
            grid,
            body,
            heads,
            pill,
            rows: HashMap::new(),
            pool: Vec::new(),
            window: Window::default(),
            is_stale: true,
            pointer_moved,
            active: None,
            tabbable: None,
            wants_focus: false,
        })
    }

    /// What can be seen.
    pub fn window(&self) -> Window {
        self.window
    }

    /// When the pointer was last moved over the list, in milliseconds since 1970.
    pub fn pointer_moved(&self) -> f64 {
        self.pointer_moved.get()
    }

    /// The cell that the keyboard is at.
    pub fn active(&self) -> Option<(ProductId, Column)> {
        self.active
    }

    /// The list was scrolled or has another size.
    pub fn measure_anew(&mut self) {
        self.is_stale = true;
    }

    /// Scrolls.
    pub fn scroll_to(&mut self, top: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "pixels of a list")]
        self.scroller.set_scroll_top(top.round() as i32);
        self.window.top = top.max(0.0);
        self.is_stale = true;
    }

    /// The keyboard is at this cell.
    pub fn set_active(&mut self, active: Option<(ProductId, Column)>) {
        self.active = active;
    }

    /// Goes to a cell: the keyboard is there, and it can be seen.
    pub fn go_to(&mut self, id: ProductId, column: Column, index: &Index) {
        self.active = Some((id, column));
        self.wants_focus = true;
        if let Some(place) = index.position(id) {
            self.scroll_to(self.window.reveal(place));
        }
    }

    /// The focus stays where it is, whatever cell the keyboard is at.
    pub fn forget_focus(&mut self) {
        self.wants_focus = false;
    }

    fn head_height(&self) -> f64 {
        let head = self.grid.first_element_child();
        head.map_or(0.0, |head| head.get_bounding_client_rect().height())
    }

    /// The columns that can be seen.
    pub fn visible_columns(&self) -> Vec<Column> {
        let row = self.rows.values().next();
        row.map(Row::visible_columns).unwrap_or_default()
    }

    /// Whether the focus is in the list's rows.
    pub fn has_focus(&self) -> bool {
        let focused = dom::document().ok().and_then(|page| page.active_element());
        focused.is_some_and(|focused| self.body.contains(Some(&focused)))
    }

    /// The products whose rows can be seen.
    pub fn visible(&self, index: &Index) -> HashSet<ProductId> {
        let order = index.order();
        let visible = self.window.visible(order.len());
        order[visible].iter().copied().collect()
    }

    /// Brings what is shown up to date.
    pub fn paint(
        &mut self,
        index: &Index,
        looks: &impl Looks,
        arrival: Arrival,
        is_printing: bool,
    ) -> Result<(), JsValue> {
        self.measure();
        let count = index.order().len();
        let height = from_index(count) * self.window.row;
        let style = self.body.style();
        style.set_property("block-size", &format!("{height}px"))?;
        let all = if index.is_searching() {
            // Not known yet (WAI-ARIA 1.2, `aria-rowcount`).
            "-1".to_owned()
        } else {
            (count + 1).to_string()
        };
        dom::set_attribute(&self.grid, "aria-rowcount", &all)?;
        let range = if is_printing {
            0..count
        } else {
            self.window.rendered(count)
        };
        let order = index.order();
        let mut wanted: Vec<(usize, ProductId)> =
            range.clone().map(|place| (place, order[place])).collect();
        // What has the focus, or is being changed, stays wherever the list is scrolled to.
        let pinned = [self.active.map(|(id, _)| id), self.editor.product()];
        for id in pinned.into_iter().flatten() {
            if let Some(place) = index.position(id)
                && !range.contains(&place)
            {
                wanted.push((place, id));
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        self.let_go(&wanted)?;
        self.paint_rows(&wanted, looks)?;
        self.paint_focus(&wanted)?;
        let is_empty = index.count(crate::model::query::Tab::All) == 0;
        let is = |wanted| arrival == wanted && count == 0 && !index.is_searching();
        dom::show(&self.loading, is(Arrival::Coming))?;
        dom::show(&self.away, is(Arrival::Away))?;
        dom::show(&self.empty, is(Arrival::Here) && is_empty)?;
        dom::show(&self.none, is(Arrival::Here) && !is_empty)?;
        self.paint_head(index.query().sort)?;
        self.paint_pill(index.waiting())
    }

    fn measure(&mut self) {
        if !std::mem::take(&mut self.is_stale) && self.window.row > 0.0 {
            return;
        }
        self.window.top = f64::from(self.scroller.scroll_top());
        // The head stays where it is, over the rows that are scrolled under it.
        let height = f64::from(self.scroller.client_height()) - self.head_height();
        self.window.height = height.max(0.0);
        let height = self.probe.get_bounding_client_rect().height();
        if height > 0.0 {
            self.window.row = height;
        }
    }

    /// Rows that are no longer wanted wait to show others.
    fn let_go(&mut self, wanted: &[(usize, ProductId)]) -> Result<(), JsValue> {
        let ids: HashSet<ProductId> = wanted.iter().map(|(_, id)| *id).collect();
        let over: Vec<ProductId> = self
            .rows
            .keys()
            .copied()
            .filter(|id| !ids.contains(id))
            .collect();
        for id in over {
            if self.editor.product() == Some(id) {
                // The row is about to show another product.
                self.editor.detach();
            }
            if let Some(mut row) = self.rows.remove(&id) {
                row.rest()?;
                self.pool.push(row);
            }
        }
        Ok(())
    }

    fn paint_rows(
        &mut self,
        wanted: &[(usize, ProductId)],
        looks: &impl Looks,
    ) -> Result<(), JsValue> {
        // Readers of the page go through the rows in the order of the document.
        let mut next = self.body.first_element_child();
        for (place, id) in wanted {
            let Some(state) = looks.state(*id, *place, self.window.row) else {
                continue;
            };
            if !self.rows.contains_key(id) {
                let row = match self.pool.pop() {
                    Some(row) => row,
                    None => Row::new(&self.template)?,
                };
                row.element.remove_attribute("hidden")?;
                self.rows.insert(*id, row);
            }
            let Some(row) = self.rows.get_mut(id) else {
                continue;
            };
            row.paint(&state, &self.format)?;
            while let Some(other) = next.as_ref()
                && other.has_attribute("hidden")
            {
                next = other.next_element_sibling();
            }
            let element: &Element = &row.element;
            if next.as_ref() == Some(element) {
                next = element.next_element_sibling();
            } else {
                let before = next.as_ref().map(AsRef::as_ref);
                self.body.insert_before(element, before)?;
            }
        }
        if let Some((id, column)) = self.editor.place()
            && let Some(cell) = self.rows.get(&id).and_then(|row| row.cell(column))
        {
            self.editor.attach(cell)?;
        }
        Ok(())
    }

    /// One cell of the list can be reached by Tab: the one that the keyboard is at, or the first.
    fn paint_focus(&mut self, wanted: &[(usize, ProductId)]) -> Result<(), JsValue> {
        let is_there = |(id, _): &(ProductId, Column)| self.rows.contains_key(id);
        let first = wanted.first().map(|(_, id)| (*id, Column::Title));
        let tabbable = self.active.filter(is_there).or(first);
        if self.tabbable != tabbable {
            for (place, tab_index) in [(self.tabbable, -1), (tabbable, 0)] {
                let cell = place.and_then(|(id, column)| self.rows.get(&id)?.focusable(column));
                if let Some(cell) = cell {
                    cell.set_tab_index(tab_index);
                }
            }
            self.tabbable = tabbable;
        }
        if self.wants_focus
            && let Some((id, column)) = self.active
            && let Some(cell) = self.rows.get(&id).and_then(|row| row.focusable(column))
        {
            self.wants_focus = false;
            dom::focus(&cell)?;
        }
        Ok(())
    }

    /// Goes to the list as such, where no row is left to go to.
    pub fn focus_list(&mut self) -> Result<(), JsValue> {
        self.active = None;
        dom::focus(&self.scroller)
    }

    fn paint_head(&self, sort: Sort) -> Result<(), JsValue> {
        for (key, head) in &self.heads {
            let direction = match sort {
                Sort { key: other, .. } if other != *key => None,
                Sort {
                    is_descending: true,
                    ..
                } => Some("descending"),
                _ => Some("ascending"),
            };
            match direction {
                Some(direction) => dom::set_attribute(head, "aria-sort", direction)?,
                None => head.remove_attribute("aria-sort")?,
            }
        }
        Ok(())
    }

    fn paint_pill(&self, waiting: usize) -> Result<(), JsValue> {
        dom::show(&self.pill, waiting > 0)?;
        if waiting > 0 {
            let words = self.format.text.fill_count("list.new", waiting as u64);
            dom::set_text(&self.pill, &format!("↑ {words}"));
        }
        Ok(())
    }

    /// Shows or hides columns, and sets how high rows are.
    pub fn set_columns(&mut self, hidden: &[String], is_dense: bool) -> Result<(), JsValue> {
        for name in [
            "image",
            "description",
            "code",
            "category",
            "stock",
            "status",
        ] {
            let is_hidden = hidden.iter().any(|hidden| hidden == name);
            dom::set_class(&self.grid, &format!("hide-{name}"), is_hidden)?;
        }
        dom::set_class(&self.scroller, "is-dense", is_dense)?;
        self.is_stale = true;
        Ok(())
    }

    /// Shows that products are selected, so that on a phone there are boxes to do so.
    pub fn set_selecting(&self, is_selecting: bool) -> Result<(), JsValue> {
        dom::set_class(&self.grid, "is-selecting", is_selecting)
    }
}
