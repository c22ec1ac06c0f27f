//! Commands on their way, and what comes of them.

use std::sync::Arc;

use shared::{Patch, Problem, Product, ProductId, RawCommand, RequestId, Revision, Text};
use wasm_bindgen::prelude::*;

use super::{LATE_MS, Page};
use crate::dom;
use crate::event::Column;
use crate::link::kept;
use crate::link::outbox::{Purpose, id_of};
use crate::link::socket::Order;
use crate::model::field_text::to_input;
use crate::model::merge::{Merge, merge};
use crate::model::undo::{Back, Done, back_of, update};
use crate::view::Action;

/// What a command does, in the reader's words.
pub fn words(command: &RawCommand, product: Option<&Product>, text: &Text) -> String {
    let title = match command {
        RawCommand::Add { draft } => {
            let title = draft.values.get("title").and_then(|title| title.as_str());
            title.unwrap_or_default().to_owned()
        }
        RawCommand::Update { id, .. }
        | RawCommand::Delete { id, .. }
        | RawCommand::Restore { id } => {
            product.map_or_else(|| id.to_string(), |product| product.draft.title.to_string())
        }
    };
    let key = match command {
        RawCommand::Add { .. } | RawCommand::Restore { .. } => "undo.add",
        RawCommand::Update { .. } => "undo.update",
        RawCommand::Delete { .. } => "undo.delete",
    };
    text.fill(key, &[("title", &title)])
}

impl Page {
    /// Puts a command on its way.
    pub(super) fn send(&mut self, purpose: Purpose, command: RawCommand) -> RequestId {
        let request = self.outbox.put(purpose, command, dom::now());
        if self.freshness.is_live() {
            self.send_waiting();
        }
        kept::save(&self.client, &self.outbox);
        request
    }

    pub(super) fn send_waiting(&mut self) {
        for frame in self.outbox.take_unsent() {
            self.link.order(Order::Send(frame));
        }
    }

    /// A command that waits is not to be sent; one that is on its way can't be taken back.
    pub(super) fn cancel(&mut self, request: RequestId) -> Result<(), JsValue> {
        let is_unsent = self
            .outbox
            .iter()
            .any(|(other, _, _, is_sent)| other == request && !is_sent);
        if is_unsent && let Some((_, command)) = self.outbox.take_answered(request) {
            kept::save(&self.client, &self.outbox);
            let what = self.words(&command);
            return self
                .view
                .toasts
                .show("waiting.cancelled", &[("what", &what)], Action::None);
        }
        Ok(())
    }

    fn words(&self, command: &RawCommand) -> String {
        let product = id_of(command).and_then(|id| self.mirror.catalog().get(id));
        words(command, product.map(AsRef::as_ref), &self.text)
    }

    /// What waits for so long that it is said, in words.
    pub(super) fn waiting_words(&self, now: f64) -> Vec<(RequestId, String)> {
        if self.freshness.is_live() && self.outbox.len_before(now - LATE_MS) == 0 {
            return Vec::new();
        }
        let waiting = self.outbox.iter();
        waiting
            .map(|(request, _, command, _)| (request, self.words(command)))
            .collect()
    }

    pub(super) fn delete(&mut self, id: ProductId) -> Result<(), JsValue> {
        let Some(product) = self.mirror.catalog().get(id).cloned() else {
            return Ok(());
        };
        if self.is_doomed(id) {
            return Ok(());
        }
        // Whoever deletes with the keyboard goes on at the next row.
        if self.view.table.has_focus()
            && let Some((active, column)) = self.view.table.active()
            && active == id
        {
            let next = self.neighbour(id, 1).or_else(|| self.neighbour(id, -1));
            match next {
                Some(next) => self.view.table.go_to(next, column, &self.index),
                None => self.view.table.focus_list()?,
            }
        }
        let if_revision = None;
        let command = RawCommand::Delete { id, if_revision };
        self.send(Purpose::Delete { product }, command);
        Ok(())
    }

    /// A command was done.
    pub(super) fn on_done(
        &mut self,
        request: RequestId,
        id: ProductId,
        revision: Revision,
    ) -> Result<(), JsValue> {
        let Some((purpose, command)) = self.outbox.take_answered(request) else {
            return Ok(());
        };
        kept::save(&self.client, &self.outbox);
        match purpose {
            Purpose::Add { title } => {
                let if_revision = None;
                let back = Back::One(RawCommand::Delete { id, if_revision }, None);
                self.expected.insert(id);
                let done = self.done("undo.add", &title, back);
                let values = [("title", title.as_str())];
                self.view
                    .toasts
                    .show("form.added", &values, Action::Undo(done))?;
                self.on_form_done(request, id)
            }
            Purpose::Form { base } => {
                self.note_update(&base, &command, revision);
                self.on_form_done(request, id)
            }
            Purpose::Cell { base } => {
                self.note_update(&base, &command, revision);
                Ok(())
            }
            Purpose::Delete { product } => {
                let title = product.draft.title.to_string();
                let back = Back::One(RawCommand::Restore { id }, None);
                let done = self.done("undo.delete", &title, back);
                let values = [("title", title.as_str())];
                let action = Action::Undo(done);
                self.view.toasts.show("toast.deleted", &values, action)
            }
            Purpose::Undo { what, .. } => {
                if matches!(command, RawCommand::Restore { .. }) {
                    self.expected.insert(id);
                }
                let words = self.text.fill("undo.done", &[("what", &what)]);
                self.view.announcer.say(words);
                Ok(())
            }
            Purpose::Kept { .. } => Ok(()),
        }
    }

    fn done(&mut self, key: &str, title: &str, back: Back) -> u32 {
        let what = self.text.fill(key, &[("title", title)]);
        self.undo.push(Done { what, back })
    }

    fn note_update(&mut self, base: &Arc<Product>, command: &RawCommand, revision: Revision) {
        if let Some(patch) = patch_of(command) {
            let (back, left) = back_of(base, &patch, revision);
            let title = base.draft.title.to_string();
            self.done("undo.update", &title, Back::One(back, Some(left)));
        }
    }

    /// A command was refused.
    pub(super) fn on_refusal(
        &mut self,
        request: Option<RequestId>,
        problem: &Problem,
    ) -> Result<(), JsValue> {
        let answered =
            request.and_then(|request| Some((request, self.outbox.take_answered(request)?)));
        let Some((request, (purpose, command))) = answered else {
            dom::warn(&problem.message);
            return Ok(());
        };
        kept::save(&self.client, &self.outbox);
        if problem.code == "changed" && base_of(&purpose).is_some() {
            self.stalled.push((request, purpose, command));
            return self.retry_stalled();
        }
        self.not_done(request, purpose, &command, problem)
    }

    /// Commands that were refused since the product had changed: where nobody else touched the same
    /// fields they are given again, for the product as it is now.
    pub(super) fn retry_stalled(&mut self) -> Result<(), JsValue> {
        for (request, purpose, command) in std::mem::take(&mut self.stalled) {
            let (Some(base), Some(patch)) = (base_of(&purpose), patch_of(&command)) else {
                continue;
            };
            let Some(now) = self.mirror.catalog().get(base.id).cloned() else {
                let problem = shared::Reason::NotFound(base.id).tell(&self.text);
                self.not_done(request, purpose, &command, &problem)?;
                continue;
            };
            if Some(now.revision) == if_revision_of(&command) {
                // The change that was in the way has not come yet.
                self.stalled.push((request, purpose, command));
                continue;
            }
            match merge(&base.draft, &patch, &now) {
                Merge::Done => {
                    if self.view.panel.saving() == Some(request) {
                        self.on_form_done(request, now.id)?;
                    }
                }
                Merge::Clean => {
                    let again = update(now.id, &patch, Some(now.revision));
                    let is_form = self.view.panel.saving() == Some(request);
                    let sent = self.send(with_base(purpose, &now), again);
                    if is_form {
                        self.view.panel.wait_for(sent);
                    }
                }
                Merge::Conflict(_) => self.on_conflict(request, purpose, &patch, &now)?,
            }
        }
        Ok(())
    }

    /// Two changed the same: both stand there until somebody decides.
    fn on_conflict(
        &mut self,
        request: RequestId,
        purpose: Purpose,
        patch: &Patch,
        now: &Arc<Product>,
    ) -> Result<(), JsValue> {
        let problem = shared::Reason::Changed(now.id, now.revision).tell(&self.text);
        match purpose {
            Purpose::Cell { base } if self.view.table.editor.product().is_none() => {
                let given = patch.values().zip(now.draft.values());
                let mut given = given.filter_map(|(given, (field, _))| Some((field, given?)));
                let Some((field, value)) = given.next() else {
                    return Ok(());
                };
                let typed = to_input(value, &self.text);
                match Column::from_name(field.name).filter(|column| column.is_editable()) {
                    Some(column) => {
                        self.edit_cell(now.id, column, Some(typed))?;
                        self.view.table.editor.set_base(&base);
                        self.view.table.editor.rebase(now)
                    }
                    None => self.not_saved(now, &problem),
                }
            }
            Purpose::Form { .. } if self.view.panel.saving() == Some(request) => {
                self.view.panel.on_refusal(&problem, self.mirror.catalog())
            }
            Purpose::Undo { what, .. } => {
                self.say_failure("toast.not_undone", &what, &problem.message)
            }
            _ => self.not_saved(now, &problem),
        }
    }

    fn not_saved(&mut self, product: &Arc<Product>, problem: &Problem) -> Result<(), JsValue> {
        let values = [
            ("title", &*product.draft.title),
            ("message", &problem.message),
        ];
        let action = Action::Open(product.id);
        self.view.toasts.show("toast.not_saved", &values, action)
    }

    /// Something can't be done.
    pub(super) fn not_done(
        &mut self,
        request: RequestId,
        purpose: Purpose,
        command: &RawCommand,
        problem: &Problem,
    ) -> Result<(), JsValue> {
        let is_form = self.view.panel.saving() == Some(request);
        let message = problem.message.as_str();
        match purpose {
            Purpose::Add { .. } | Purpose::Form { .. } if is_form => {
                self.view.panel.on_refusal(problem, self.mirror.catalog())
            }
            Purpose::Add { title } => {
                if let RawCommand::Add { draft } = command {
                    self.keep_as_draft(draft);
                }
                self.say_failure("toast.not_added", &title, message)
            }
            Purpose::Form { base } | Purpose::Cell { base } => {
                let title = base.draft.title.to_string();
                self.say_failure("toast.not_saved", &title, message)
            }
            Purpose::Delete { product } => {
                // Somebody else was faster: what was wanted is so.
                if self.mirror.catalog().get(product.id).is_none() && problem.code == "not_found" {
                    return Ok(());
                }
                let title = product.draft.title.to_string();
                self.say_failure("toast.not_deleted", &title, message)
            }
            Purpose::Undo { what, .. } => self.say_failure("toast.not_undone", &what, message),
            Purpose::Kept { what } => self.say_failure("toast.not_saved", &what, message),
        }
    }
}

/// The product that a command was meant for, as it was.
fn base_of(purpose: &Purpose) -> Option<&Arc<Product>> {
    match purpose {
        Purpose::Form { base } | Purpose::Cell { base } => Some(base),
        Purpose::Undo { base, .. } => base.as_ref(),
        Purpose::Add { .. } | Purpose::Delete { .. } | Purpose::Kept { .. } => None,
    }
}

fn with_base(purpose: Purpose, now: &Arc<Product>) -> Purpose {
    match purpose {
        Purpose::Form { .. } => Purpose::Form { base: now.clone() },
        Purpose::Cell { .. } => Purpose::Cell { base: now.clone() },
        Purpose::Undo { what, .. } => Purpose::Undo {
            what,
            base: Some(now.clone()),
        },
        other => other,
    }
}

/// The fields that a command changes.
fn patch_of(command: &RawCommand) -> Option<Patch> {
    match command {
        RawCommand::Update { patch, .. } => patch.clone().patch(dom::nfc).ok(),
        _ => None,
    }
}

fn if_revision_of(command: &RawCommand) -> Option<Revision> {
    match command {
        RawCommand::Update { if_revision, .. } => *if_revision,
        _ => None,
    }
}
