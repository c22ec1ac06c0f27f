//! What somebody does with the list.

use std::sync::Arc;

use shared::{Patch, Product, ProductId};
use wasm_bindgen::prelude::*;

use super::{Page, STARTLED_MS};
use crate::dom;
use crate::event::{After, Column, GridKey, Press, TableEvent};
use crate::link::outbox::Purpose;
use crate::model::index::Moves;
use crate::model::undo::update;
use crate::view::{Mode, Typed};

/// For how long a product that was just deleted is not restored by a press.
const GHOST_REST_MS: f64 = 500.0;

impl Page {
    pub(super) fn on_table(&mut self, event: &TableEvent) -> Result<(), JsValue> {
        match *event {
            TableEvent::Scrolled | TableEvent::Resized => self.view.table.measure_anew(),
            TableEvent::Pointer(is_over) => self.pointer.is_over = is_over,
            TableEvent::Focus(place) => {
                if place.is_some() {
                    self.view.table.set_active(place);
                }
            }
            TableEvent::Press(id, press) => return self.on_press(id, press),
            TableEvent::Menu(id, place) => {
                let is_here = !self.index.is_ghost(id) && !self.is_doomed(id);
                if let Some(product) = self.index.get(id).filter(|_| is_here) {
                    return self.view.row_menu.open(product, place);
                }
            }
            TableEvent::Sort(key) => {
                let mut query = self.index.query().clone();
                query.sort = query.sort.pressed(key);
                return self.show_query(query);
            }
            TableEvent::Pill => {
                self.index.release();
                self.view.table.scroll_to(0.0);
            }
            TableEvent::Key(key) => return self.on_grid_key(key),
            TableEvent::Typed => self.view.table.editor.on_typed()?,
            TableEvent::Commit(after) => return self.commit_cell(after),
            TableEvent::Abandon | TableEvent::Theirs => self.leave_cell(),
            TableEvent::Mine => self.view.table.editor.keep_mine()?,
        }
        Ok(())
    }

    fn on_press(&mut self, id: ProductId, press: Press) -> Result<(), JsValue> {
        if let Some(since) = self.index.ghost_since(id) {
            // A second press on the bin finds this in its place.
            let is_meant = dom::now() - since >= GHOST_REST_MS;
            return match press {
                Press::Restore if is_meant => self.restore(id),
                _ => Ok(()),
            };
        }
        if self.is_doomed(id) {
            return Ok(());
        }
        let is_startled = dom::now() - self.pointer.startled < STARTLED_MS;
        if is_startled {
            return Ok(());
        }
        let is_phone = dom::is_phone()?;
        match press {
            Press::Cell(_) if is_phone && !self.selection.is_empty() => self.selection.toggle(id),
            Press::Cell(column) if column.is_editable() && !is_phone => {
                self.edit_cell(id, column, None)?;
            }
            Press::Cell(column) => {
                self.view.table.set_active(Some((id, column)));
                return self.open_product(id, false);
            }
            Press::Select { is_range: true } => {
                let order = self.index.order().iter().copied();
                let there: Vec<_> = order.filter(|id| !self.index.is_ghost(*id)).collect();
                self.selection.extend_to(id, &there);
            }
            Press::Select { is_range: false } => self.selection.toggle(id),
            Press::Less => self.step(id, -1),
            Press::More => self.step(id, 1),
            Press::Switch => {
                if let Some(product) = self.shown(id) {
                    let patch = Patch {
                        status: Some(!product.draft.status),
                        ..Patch::default()
                    };
                    self.send_cell(&product, &patch);
                }
            }
            Press::Delete => return self.delete(id),
            Press::Open => return self.open_product(id, true),
            Press::Duplicate => {
                self.open_product(id, false)?;
                return self.duplicate_open();
            }
            Press::History => return self.open_history(Some(id)),
            Press::Restore => {}
        }
        Ok(())
    }

    /// More of a product, or fewer.
    fn step(&mut self, id: ProductId, by: i64) {
        let Some(product) = self.shown(id) else {
            return;
        };
        if let Some(stock) = self.step_from(&product, by) {
            let stock = self.text.number(stock.into());
            let words = format!("{}: {stock}", product.draft.title);
            self.view.announcer.say(words);
        }
    }

    /// Tells how many there will be.
    pub(super) fn step_from(&mut self, product: &Arc<Product>, by: i64) -> Option<u32> {
        let stock = u32::try_from(i64::from(product.draft.stock) + by).ok()?;
        let patch = Patch {
            stock: Some(stock),
            ..Patch::default()
        };
        let command = update(product.id, &patch, Some(product.revision));
        let base = product.clone();
        self.send(Purpose::Step { base, by }, command);
        Some(stock)
    }

    fn send_cell(&mut self, product: &Arc<Product>, patch: &Patch) {
        let command = update(product.id, patch, Some(product.revision));
        let base = product.clone();
        self.send(Purpose::Cell { base }, command);
    }

    /// Begins to change a cell. Tells whether it can be.
    pub(super) fn edit_cell(
        &mut self,
        id: ProductId,
        column: Column,
        typed: Option<String>,
    ) -> Result<bool, JsValue> {
        // Another one that is open is saved first.
        self.commit_cell(After::Nowhere)?;
        let table = &self.view.table;
        if table.editor.product().is_some() || !table.visible_columns().contains(&column) {
            return Ok(false);
        }
        let product = self.shown(id);
        if let Some(product) = &product {
            let key = format!("form.{}", column.name());
            let label = format!("{}: {}", self.text.get(&key), product.draft.title);
            self.view.table.set_active(Some((id, column)));
            self.view
                .table
                .editor
                .open(product, column, typed, &label)?;
        }
        Ok(product.is_some())
    }

    /// Saves what was typed into the cell that is changed, and goes on.
    fn commit_cell(&mut self, after: After) -> Result<(), JsValue> {
        let Some((id, column)) = self.view.table.editor.place() else {
            return Ok(());
        };
        match self.view.table.editor.take()? {
            Typed::Wrong => return Ok(()),
            Typed::Nothing => {}
            Typed::Patch(base, patch) => self.send_cell(&base, &patch),
        }
        self.view.table.editor.close();
        match after {
            After::Nowhere => {}
            After::Down => {
                let below = self.neighbour(id, 1).unwrap_or(id);
                self.view.table.go_to(below, column, &self.index);
            }
            After::Right | After::Left => {
                let columns = self.view.table.visible_columns();
                let mut editable = columns.into_iter().filter(|column| column.is_editable());
                let is_next = |other: &Column| {
                    let place = |column| Column::ALL.iter().position(|c| *c == column);
                    match after {
                        After::Right => place(*other) > place(column),
                        _ => place(*other) < place(column),
                    }
                };
                let next = match after {
                    After::Right => editable.find(is_next),
                    _ => editable.rfind(is_next),
                };
                match next {
                    Some(next) => {
                        self.edit_cell(id, next, None)?;
                    }
                    None => self.view.table.go_to(id, column, &self.index),
                }
            }
        }
        Ok(())
    }

    /// The product whose cell is changed may no longer be in the list: what was typed is saved, or kept
    /// where it can't be.
    pub(super) fn leave_gone_cell(&mut self) -> Result<(), JsValue> {
        let edited = self.view.table.editor.product();
        let is_there = |id| self.index.is_searching() || self.index.position(id).is_some();
        if edited.is_none_or(is_there) {
            return Ok(());
        }
        self.commit_cell(After::Nowhere)?;
        if let Some((base, field, typed)) = self.view.table.editor.typed() {
            let base = base.clone();
            self.keep_cell(&base, field, typed);
            self.view.table.editor.close();
        }
        Ok(())
    }

    /// Leaves the cell that is changed as it was.
    fn leave_cell(&mut self) {
        if let Some((id, column)) = self.view.table.editor.place() {
            self.view.table.editor.close();
            self.view.table.go_to(id, column, &self.index);
        }
    }

    /// The product so many rows below another.
    pub(super) fn neighbour(&self, id: ProductId, rows: i32) -> Option<ProductId> {
        let place = self.index.position(id)?;
        let place = place.checked_add_signed(isize::try_from(rows).ok()?)?;
        self.index.order().get(place).copied()
    }

    fn on_grid_key(&mut self, key: GridKey) -> Result<(), JsValue> {
        let Some((id, column)) = self.view.table.active() else {
            return Ok(());
        };
        let order = self.index.order();
        let last = order.len().saturating_sub(1);
        let place = self.index.position(id).unwrap_or_default();
        let columns = self.view.table.visible_columns();
        let at = columns.iter().position(|other| *other == column);
        let at = at.unwrap_or_default();
        let page = self.view.table.window().page();
        let (place, at) = match key {
            GridKey::Move(right, down) => (
                step_to(place, down, last),
                step_to(at, right, columns.len().saturating_sub(1)),
            ),
            GridKey::Page(down) => {
                let rows = i32::try_from(page).unwrap_or(1) * down;
                (step_to(place, rows, last), at)
            }
            GridKey::Edge(is_last) => (
                place,
                if is_last {
                    columns.len().saturating_sub(1)
                } else {
                    0
                },
            ),
            GridKey::End(is_last) => (if is_last { last } else { 0 }, at),
            GridKey::Edit if column.is_editable() => return self.on_key_at(id, column, None),
            GridKey::Edit | GridKey::Open => return self.open_product(id, true),
            GridKey::Type(c) => return self.on_key_at(id, column, Some(c.to_string())),
            GridKey::Select => {
                if !self.index.is_ghost(id) && !self.is_doomed(id) {
                    self.selection.toggle(id);
                }
                return Ok(());
            }
            GridKey::Delete => return self.delete(id),
            GridKey::Step(by) => {
                if !self.index.is_ghost(id) && !self.is_doomed(id) {
                    self.step(id, by.into());
                }
                return Ok(());
            }
            GridKey::Escape => {
                if *self.view.panel.mode() == Mode::Closed {
                    self.selection.clear();
                    return Ok(());
                }
                return self.close_panel();
            }
        };
        if let (Some(id), Some(column)) = (order.get(place), columns.get(at)) {
            self.view.table.go_to(*id, *column, &self.index);
        }
        Ok(())
    }

    fn on_key_at(
        &mut self,
        id: ProductId,
        column: Column,
        typed: Option<String>,
    ) -> Result<(), JsValue> {
        if self.index.is_ghost(id) || self.is_doomed(id) {
            return Ok(());
        }
        if dom::is_phone()? {
            return self.open_product(id, true);
        }
        self.edit_cell(id, column, typed)?;
        Ok(())
    }

    /// Takes what has changed into the list, as far as that may move. What somebody reads stays where
    /// it is.
    pub(super) fn settle(&mut self, now: f64) {
        // What somebody asked for themselves may move the list.
        let catalog = self.mirror.catalog();
        let has_come = |id: &ProductId| catalog.get(*id).is_some();
        let is_expected = self.expected.iter().any(has_come);
        if self.index.is_searching() && !is_expected {
            // What changes meanwhile comes a moment later: it would have to be found at once.
            return;
        }
        let mut dirty = std::mem::take(&mut self.dirty);
        self.expected.retain(|id| !has_come(id));
        let moves = if is_expected {
            Moves::Freely
        } else {
            self.moves()
        };
        let window = self.view.table.window();
        let order = self.index.order();
        let mut visible = window.visible(order.len());
        // What was deleted is about to go itself.
        let stays = |place: &usize| !self.index.is_ghost(order[*place]);
        let anchor = visible.find(stays).unwrap_or_default();
        let anchored = self.index.order().get(anchor).copied();
        self.index
            .apply(dirty.drain(), self.mirror.catalog(), moves, now);
        if moves == Moves::Freely {
            self.index.release();
        }
        if self.index.has_ghosts() {
            let visible = self.view.table.visible(&self.index);
            let focused = self.view.table.active().map(|(id, _)| id);
            let focused = focused.filter(|_| self.view.table.has_focus());
            let is_over = self.is_hand_over();
            self.index.expire(now, |id| {
                focused == Some(id) || (is_over && visible.contains(&id))
            });
        }
        if self.pointer.is_over && self.index.order().get(anchor).copied() != anchored {
            self.pointer.startled = now;
        }
        // At the top what is new is seen.
        if window.top > 0.0
            && let Some(id) = anchored
            && self.index.order().get(anchor) != Some(&id)
            && let Some(place) = self.index.position(id)
        {
            self.view.table.scroll_to(window.keep(anchor, place));
        }
    }
}

/// So many steps from a place, but not beyond the last.
fn step_to(place: usize, steps: i32, last: usize) -> usize {
    let steps = isize::try_from(steps).unwrap_or_default();
    place.saturating_add_signed(steps).min(last)
}
