//! What somebody does with the panel, and what was typed there and not saved.

use std::collections::BTreeMap;

use shared::{Draft, Fields, ProductId, RawCommand, RequestId};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::dom;
use crate::event::{Column, PanelEvent};
use crate::link::outbox::Purpose;
use crate::model::drafts::{Drafts, Subject, Typed};
use crate::model::field_text::from_json;
use crate::model::undo::update;
use crate::view::{Mode, Submission};

/// Where the browser keeps what was typed and not saved.
const DRAFTS: &str = "vitrina-drafts";

impl Page {
    pub(super) fn on_panel(&mut self, event: PanelEvent) -> Result<(), JsValue> {
        match event {
            PanelEvent::Add => self.open_add(),
            PanelEvent::Typed(field) => {
                self.view.panel.on_typed(&field, self.mirror.catalog())?;
                self.keep_typed();
                Ok(())
            }
            PanelEvent::Submitted { is_next } => self.submit(is_next),
            PanelEvent::Closed => self.close_panel(),
            PanelEvent::Walk(rows) => self.walk(rows),
            PanelEvent::Duplicate => {
                self.view.panel.duplicate()?;
                self.keep_typed();
                Ok(())
            }
            PanelEvent::Delete => {
                if let Some(id) = self.view.panel.edits() {
                    self.change_drafts(|drafts| drafts.remove(Subject::Product(id)));
                    self.view.panel.close()?;
                    self.delete(id)?;
                }
                Ok(())
            }
            PanelEvent::Theirs(field) => self.decide(&field, true),
            PanelEvent::Mine(field) => self.decide(&field, false),
            PanelEvent::Category(name) => {
                self.view.panel.choose_category(&name);
                self.view
                    .panel
                    .on_typed("category", self.mirror.catalog())?;
                self.keep_typed();
                Ok(())
            }
            PanelEvent::Continue => self.continue_draft(),
            PanelEvent::Discard => self.discard_draft(),
        }
    }

    fn decide(&mut self, field: &str, is_theirs: bool) -> Result<(), JsValue> {
        self.view.panel.decide(field, is_theirs)?;
        self.keep_typed();
        Ok(())
    }

    fn submit(&mut self, is_next: bool) -> Result<(), JsValue> {
        let submission = self.view.panel.submit(is_next, self.mirror.catalog())?;
        let (purpose, command) = match submission {
            None => return Ok(()),
            Some(Submission::Nothing) => return self.close_panel(),
            Some(Submission::Add(draft)) => {
                let title = draft.values.get("title").and_then(|title| title.as_str());
                let title = title.unwrap_or_default().to_owned();
                (Purpose::Add { title }, RawCommand::Add { draft })
            }
            Some(Submission::Update { base, patch }) => {
                let command = update(base.id, &patch, Some(base.revision));
                (Purpose::Form { base }, command)
            }
        };
        let request = self.send(purpose, command);
        if self.freshness.is_live() {
            self.view.panel.wait_for(request);
            return Ok(());
        }
        // It is kept among what waits, and the form is free for the next.
        self.end_form()
    }

    /// What was sent off by the form is saved.
    pub(super) fn on_form_done(&mut self, request: RequestId, _: ProductId) -> Result<(), JsValue> {
        if self.view.panel.saving() != Some(request) {
            return Ok(());
        }
        self.end_form()
    }

    /// The form did what it was for.
    pub(super) fn end_form(&mut self) -> Result<(), JsValue> {
        let edited = self.view.panel.edits();
        if let Some(subject) = self.view.panel.subject() {
            self.change_drafts(|drafts| drafts.remove(subject));
        }
        let had_focus = self.view.panel.has_focus();
        let stays_open = self.view.panel.on_saved()?;
        if !stays_open && had_focus {
            self.focus_row(edited)?;
        }
        Ok(())
    }

    /// Opens the panel to add a product.
    pub(super) fn open_add(&mut self) -> Result<(), JsValue> {
        self.leave_form();
        self.view.panel.add()?;
        if let Some(typed) = self.drafts.get(Subject::New) {
            self.view.panel.restore(typed)?;
        }
        self.view.panel.focus_first()
    }

    /// Opens the panel with a product.
    pub(super) fn open_product(&mut self, id: ProductId, is_focused: bool) -> Result<(), JsValue> {
        let Some(product) = self.mirror.catalog().get(id).cloned() else {
            return Ok(());
        };
        if self.view.panel.edits() != Some(id) {
            self.leave_form();
            self.view.panel.edit(&product)?;
            if let Some(typed) = self.drafts.get(Subject::Product(id)) {
                self.view.panel.restore(typed)?;
            }
        }
        if is_focused {
            self.view.panel.focus_first()?;
        }
        Ok(())
    }

    /// Closes the panel; what was typed is kept, and the focus goes back to the list.
    pub(super) fn close_panel(&mut self) -> Result<(), JsValue> {
        let edited = self.view.panel.edits();
        let had_focus = self.view.panel.has_focus();
        self.leave_form();
        self.view.panel.close()?;
        if had_focus {
            self.focus_row(edited)?;
        }
        Ok(())
    }

    fn focus_row(&mut self, id: Option<ProductId>) -> Result<(), JsValue> {
        let active = self.view.table.active();
        let column = active.map_or(Column::Title, |(_, column)| column);
        let id = id.or(active.map(|(id, _)| id));
        match id.filter(|id| self.index.position(*id).is_some()) {
            Some(id) => self.view.table.go_to(id, column, &self.index),
            None => self.view.table.focus_list()?,
        }
        Ok(())
    }

    /// Goes to the product so many rows below, in the panel where that is open.
    pub(super) fn walk(&mut self, rows: i32) -> Result<(), JsValue> {
        let edited = self.view.panel.edits();
        let active = self.view.table.active();
        let from = edited.or(active.map(|(id, _)| id));
        let next = match from {
            Some(id) => self.neighbour(id, rows),
            None => self.index.order().first().copied(),
        };
        let Some(next) = next else { return Ok(()) };
        let was_in_panel = self.view.panel.has_focus();
        let column = active.map_or(Column::Title, |(_, column)| column);
        if edited.is_some() {
            self.open_product(next, false)?;
        }
        self.view.table.go_to(next, column, &self.index);
        if was_in_panel {
            self.view.table.forget_focus();
        }
        Ok(())
    }

    /// Something else comes into the form: what was typed and is not saved is kept.
    fn leave_form(&mut self) {
        if self.view.panel.saving().is_none() {
            self.keep_typed();
        }
    }

    /// Keeps what is typed in the form as it stands.
    pub(super) fn keep_typed(&mut self) {
        let Some(subject) = self.view.panel.subject() else {
            return;
        };
        let typed = self.view.panel.typed();
        self.change_drafts(|drafts| match typed {
            Some(typed) => drafts.put(typed),
            None => drafts.remove(subject),
        });
    }

    fn continue_draft(&mut self) -> Result<(), JsValue> {
        let open = self.view.panel.subject();
        let Some(typed) = self.drafts.latest(open).cloned() else {
            return Ok(());
        };
        if let Subject::Product(id) = typed.subject()
            && self.mirror.catalog().get(id).is_some()
        {
            return self.open_product(id, true);
        }
        self.leave_form();
        self.change_drafts(|drafts| drafts.remove(typed.subject()));
        self.view.panel.add()?;
        self.view.panel.restore(&Typed {
            base: None,
            ..typed
        })?;
        self.keep_typed();
        self.view.panel.focus_first()
    }

    /// Throws away what was typed: in the form that is open, or what was left.
    fn discard_draft(&mut self) -> Result<(), JsValue> {
        match self.view.panel.mode().clone() {
            Mode::Closed => {
                let subject = self.drafts.latest(None).map(Typed::subject);
                if let Some(subject) = subject {
                    self.change_drafts(|drafts| drafts.remove(subject));
                }
                Ok(())
            }
            Mode::Add => {
                self.change_drafts(|drafts| drafts.remove(Subject::New));
                self.view.panel.add()
            }
            Mode::Edit(product) => {
                let id = product.id;
                self.change_drafts(|drafts| drafts.remove(Subject::Product(id)));
                let now = self.mirror.catalog().get(id).cloned();
                self.view.panel.edit(&now.unwrap_or(product))
            }
        }
    }

    /// A product that could not be added is kept as a draft.
    pub(super) fn keep_as_draft(&mut self, fields: &Fields) {
        let mut typed = BTreeMap::new();
        for field in Draft::FIELDS {
            if let Some(value) = fields.values.get(field.name) {
                typed.insert(field.name.to_owned(), from_json(value, &self.text));
            }
        }
        let typed = Typed {
            base: None,
            fields: typed,
        };
        self.change_drafts(|drafts| drafts.put(typed));
    }

    pub(super) fn read_drafts(&mut self) {
        let kept = dom::stored(DRAFTS).unwrap_or_default();
        self.drafts = Drafts::from_json(&kept);
    }

    /// Changes what is kept, as other windows may have left it meanwhile.
    pub(super) fn change_drafts(&mut self, change: impl FnOnce(&mut Drafts)) {
        self.read_drafts();
        let before = self.drafts.to_json();
        change(&mut self.drafts);
        let after = self.drafts.to_json();
        if before != after {
            dom::store(DRAFTS, after.as_deref());
        }
    }
}
