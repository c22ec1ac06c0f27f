//! What somebody does with the panel, and what was typed there and not saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::{Draft, Fields, Patch, Product, ProductId, RawCommand, RequestId};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::dom;
use crate::event::{Column, PanelEvent};
use crate::link::outbox::Purpose;
use crate::model::drafts::{Drafts, Subject, Typed};
use crate::model::field_text::{from_json, to_input};
use crate::model::undo::update;
use crate::view::{Mode, Submission};

/// Where the browser keeps what was typed and not saved.
const DRAFTS: &str = "vitrina-drafts";

impl Page {
    pub(super) fn on_panel(&mut self, event: PanelEvent) -> Result<(), JsValue> {
        match event {
            PanelEvent::Add => self.open_add(),
            PanelEvent::AddSought => self.open_add_sought(),
            PanelEvent::Typed(field) => {
                self.view.panel.on_typed(&field, self.mirror.catalog())?;
                self.keep_typed();
                Ok(())
            }
            PanelEvent::Submitted { is_next } => self.submit(is_next),
            PanelEvent::Closed => self.close_panel(),
            PanelEvent::Walk(rows) => self.walk(rows),
            PanelEvent::Duplicate => self.duplicate_open(),
            PanelEvent::Delete => {
                let edited = self.view.panel.edits();
                edited.map_or(Ok(()), |id| self.delete(id))
            }
            PanelEvent::History => self.open_history(self.view.panel.edits()),
            PanelEvent::Theirs(field) => self.decide(&field, true),
            PanelEvent::Mine(field) => self.decide(&field, false),
            PanelEvent::Category(name) => {
                self.view.panel.begin("category", &name);
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
            Some(Submission::Nothing) => {
                if let Some(subject) = self.view.panel.subject() {
                    self.change_drafts(|drafts| drafts.remove(subject));
                }
                return self.close_panel();
            }
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
        if let Some(subject) = self.view.panel.subject() {
            self.saving.insert(request, subject);
        }
        if self.freshness.is_live() {
            self.view.panel.wait_for(request);
            return Ok(());
        }
        // It is kept among what waits, and the form is free for the next.
        self.end_form()
    }

    /// What was sent off by the form is saved.
    pub(super) fn on_form_done(&mut self, request: RequestId) -> Result<(), JsValue> {
        if let Some(subject) = self.saving.remove(&request) {
            self.change_drafts(|drafts| drafts.remove(subject));
        }
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
        let next = self.next_new();
        let stays_open = self.view.panel.on_saved(next)?;
        if !stays_open {
            self.pop_sheet()?;
        }
        if !stays_open && had_focus {
            self.focus_row(edited)?;
        }
        Ok(())
    }

    /// A number for a product that is not saved yet: no other has it, in other windows neither.
    pub(super) fn next_new(&mut self) -> u64 {
        // A number is good enough for what is typed by hand in one browser.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let now = dom::now() as u64;
        self.last_new = now.max(self.last_new + 1);
        self.last_new
    }

    /// Opens the panel to add a product.
    pub(super) fn open_add(&mut self) -> Result<(), JsValue> {
        if !matches!(self.view.panel.mode(), Mode::Add(_)) {
            self.leave_form();
            let number = self.next_new();
            self.view.panel.add(number)?;
        }
        self.push_sheet()?;
        self.view.panel.focus_first()
    }

    /// No product has what was searched for: one that has it is begun. What has digits and no spaces is a code.
    fn open_add_sought(&mut self) -> Result<(), JsValue> {
        let sought = self.index.query().search.trim().to_owned();
        let is_code =
            sought.contains(|c: char| c.is_ascii_digit()) && !sought.contains(char::is_whitespace);
        self.leave_form();
        let number = self.next_new();
        self.view.panel.add(number)?;
        let (field, next) = if is_code {
            ("code", "title")
        } else {
            ("title", "code")
        };
        self.view.panel.begin(field, &sought);
        self.push_sheet()?;
        self.view.panel.focus(next)
    }

    /// A product is about to go: nobody goes on with it in the panel.
    pub(super) fn close_panel_of(&mut self, id: ProductId) -> Result<(), JsValue> {
        self.change_drafts(|drafts| drafts.remove(Subject::Product(id)));
        if self.view.panel.edits() != Some(id) {
            return Ok(());
        }
        self.view.panel.close()?;
        self.pop_sheet()
    }

    /// A product like the one in the panel is to be added.
    pub(super) fn duplicate_open(&mut self) -> Result<(), JsValue> {
        self.keep_typed();
        let number = self.next_new();
        self.view.panel.duplicate(number)?;
        self.keep_typed();
        Ok(())
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
        self.push_sheet()?;
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
        self.pop_sheet()?;
        if had_focus {
            self.focus_row(edited)?;
        }
        Ok(())
    }

    /// On a phone the way back closes the sheet.
    fn push_sheet(&mut self) -> Result<(), JsValue> {
        if self.sheet.is_pushed || !dom::is_phone()? {
            return Ok(());
        }
        self.sheet.is_pushed = true;
        dom::window()?.history()?.push_state(&JsValue::NULL, "")
    }

    /// The sheet was closed otherwise: the way back leads on from the page again.
    fn pop_sheet(&mut self) -> Result<(), JsValue> {
        if std::mem::take(&mut self.sheet.is_pushed) {
            return dom::window()?.history()?.back();
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
        let number = match typed.subject() {
            Subject::New(number) => number,
            Subject::Product(_) => {
                // The product is gone: what was typed for it is a new one.
                self.change_drafts(|drafts| drafts.remove(typed.subject()));
                self.next_new()
            }
        };
        let typed = Typed {
            base: None,
            number,
            ..typed
        };
        self.view.panel.add(number)?;
        self.view.panel.restore(&typed)?;
        self.keep_typed();
        self.push_sheet()?;
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
            Mode::Add(number) => {
                self.change_drafts(|drafts| drafts.remove(Subject::New(number)));
                self.view.panel.add(number)
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
            number: self.next_new(),
            fields: typed,
        };
        self.change_drafts(|drafts| drafts.put(typed));
    }

    /// What was to be changed of a product and could not be is kept with what is typed for it.
    pub(super) fn keep_edit(&mut self, base: &Arc<Product>, patch: &Patch) {
        let before = self.as_typed(&base.draft);
        let after = self.as_typed(&patch.clone().applied_to(&base.draft));
        let changed = after.into_iter();
        let changed = changed.filter(|(name, now)| before.get(name) != Some(now));
        self.keep_fields(base, changed.collect());
    }

    /// What was typed into a cell and can't be saved is kept with what is typed for its product.
    pub(super) fn keep_cell(&mut self, base: &Arc<Product>, field: &str, typed: String) {
        self.keep_fields(base, BTreeMap::from([(field.to_owned(), typed)]));
    }

    fn keep_fields(&mut self, base: &Arc<Product>, fields: BTreeMap<String, String>) {
        let subject = Subject::Product(base.id);
        let before = self.as_typed(&base.draft);
        self.change_drafts(|drafts| {
            let mut typed = drafts.get(subject).cloned().unwrap_or_else(|| Typed {
                base: Some(Product::clone(base)),
                number: 0,
                fields: before,
            });
            typed.fields.extend(fields);
            drafts.put(typed);
        });
    }

    /// The fields of a product as somebody would type them.
    fn as_typed(&self, draft: &Draft) -> BTreeMap<String, String> {
        let values = draft.values();
        values
            .map(|(field, value)| (field.name.to_owned(), to_input(value, &self.text)))
            .collect()
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
