//! Commands that were refused: merged where that is possible, shown where it is not.

use std::sync::Arc;

use shared::{Patch, Problem, Product, ProductId, RawCommand, Reason, RequestId, Revision};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::dom;
use crate::event::Column;
use crate::link::kept;
use crate::link::outbox::{Purpose, id_of};
use crate::model::field_text::to_input;
use crate::model::merge::{Merge, merge};
use crate::model::undo::{Back, Done, update};
use crate::view::Action;

impl Page {
    /// A command was refused.
    pub(super) fn on_refusal(
        &mut self,
        request: Option<RequestId>,
        problem: &Problem,
    ) -> Result<(), JsValue> {
        let Some(request) = request.filter(|request| self.outbox.get(*request).is_some()) else {
            dom::warn(&problem.message);
            return Ok(());
        };
        self.undo_when_done.remove(&request);
        let pending = self.outbox.get(request);
        let is_update = pending.is_some_and(|pending| patch_of(&pending.message.command).is_some());
        if problem.code == "changed" && is_update {
            self.outbox.stall(request);
            return self.retry_stalled();
        }
        let Some((purpose, command)) = self.outbox.take_answered(request) else {
            return Ok(());
        };
        kept::save(&self.client, &self.outbox);
        self.not_done(request, purpose, &command, problem)
    }

    /// Commands that were refused since the product had changed: where nobody else touched the same
    /// fields they are given again, for the product as it is now.
    pub(super) fn retry_stalled(&mut self) -> Result<(), JsValue> {
        for request in self.outbox.stalled() {
            let Some(pending) = self.outbox.get(request) else {
                continue;
            };
            let command = &pending.message.command;
            let now = id_of(command)
                .and_then(|id| self.mirror.catalog().get(id))
                .cloned();
            if let Some(now) = &now
                && Some(now.revision) == if_revision_of(command)
            {
                // The change that was in the way has not come yet.
                continue;
            }
            let Some((purpose, command)) = self.outbox.take_answered(request) else {
                continue;
            };
            if let Some(now) = now {
                self.retry(request, purpose, &command, &now)?;
            } else {
                let id = id_of(&command).unwrap_or_default();
                let problem = Reason::NotFound(id).tell(&self.text);
                self.not_done(request, purpose, &command, &problem)?;
            }
            kept::save(&self.client, &self.outbox);
        }
        Ok(())
    }

    fn retry(
        &mut self,
        request: RequestId,
        purpose: Purpose,
        command: &RawCommand,
        now: &Arc<Product>,
    ) -> Result<(), JsValue> {
        if let Purpose::Step { by, .. } = purpose {
            self.step_from(now, by);
            return Ok(());
        }
        let (Some(base), Some(patch)) = (purpose.base(), patch_of(command)) else {
            return Ok(());
        };
        match merge(&base.draft, &patch, now) {
            Merge::Done => self.on_form_done(request),
            Merge::Clean => {
                let again = update(now.id, &patch, Some(now.revision));
                let is_form = self.view.panel.saving() == Some(request);
                let subject = self.saving.remove(&request);
                let sent = self.send(with_base(purpose, now), again);
                if let Some(subject) = subject {
                    self.saving.insert(sent, subject);
                }
                if is_form {
                    self.view.panel.wait_for(sent);
                }
                Ok(())
            }
            Merge::Conflict(_) => self.on_conflict(request, purpose, &patch, now),
        }
    }

    /// Two changed the same: both stand there until somebody decides.
    fn on_conflict(
        &mut self,
        request: RequestId,
        purpose: Purpose,
        patch: &Patch,
        now: &Arc<Product>,
    ) -> Result<(), JsValue> {
        let problem = Reason::Changed(now.id, now.revision).tell(&self.text);
        match purpose {
            Purpose::Cell { base } if self.can_ask_in(now.id) => {
                let given = patch.values().zip(now.draft.values());
                let mut given = given.filter_map(|(given, (field, _))| Some((field, given?)));
                let Some((field, value)) = given.next() else {
                    return Ok(());
                };
                let typed = to_input(value, &self.text);
                let column = Column::from_name(field.name);
                let column = column.filter(|column| column.is_editable());
                if let Some(column) = column
                    && self.edit_cell(now.id, column, Some(typed))?
                {
                    self.view.table.editor.set_base(&base);
                    return self.view.table.editor.rebase(now);
                }
                self.keep_edit(&base, patch);
                self.not_saved(now, &problem)
            }
            Purpose::Form { .. } if self.view.panel.saving() == Some(request) => {
                self.view.panel.on_refusal(&problem, self.mirror.catalog())
            }
            Purpose::Cell { base } | Purpose::Form { base } => {
                self.keep_edit(&base, patch);
                self.not_saved(now, &problem)
            }
            Purpose::Undo { what, .. } => {
                self.say_failure("toast.not_undone", &what, &problem.message)
            }
            Purpose::Add { .. } | Purpose::Step { .. } | Purpose::Delete { .. } => Ok(()),
        }
    }

    /// Whether a cell of a product can be opened to ask about it: nobody is typing elsewhere, and the row
    /// can be seen.
    fn can_ask_in(&self, id: ProductId) -> bool {
        let table = &self.view.table;
        table.editor.product().is_none()
            && table.visible(&self.index).contains(&id)
            && (table.has_focus() || dom::has_no_focus())
    }

    fn not_saved(&mut self, product: &Arc<Product>, problem: &Problem) -> Result<(), JsValue> {
        let values = [
            ("title", &*product.draft.title),
            ("message", &problem.message),
        ];
        let action = Action::Open(product.id);
        self.view.toasts.show("toast.not_saved", &values, action)
    }

    /// Something can't be done: what was typed for it is kept.
    pub(super) fn not_done(
        &mut self,
        request: RequestId,
        purpose: Purpose,
        command: &RawCommand,
        problem: &Problem,
    ) -> Result<(), JsValue> {
        let is_form = self.view.panel.saving() == Some(request);
        self.saving.remove(&request);
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
                if let Some(patch) = patch_of(command) {
                    self.keep_edit(&base, &patch);
                }
                let title = base.draft.title.to_string();
                self.say_failure("toast.not_saved", &title, message)
            }
            Purpose::Step { base, .. } => {
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
            Purpose::Undo { what, base } => {
                // It can be undone again once what is in the way is gone.
                let back = Back::One(command.clone(), base);
                self.undo.push(Done {
                    what: what.clone(),
                    back,
                });
                self.say_failure("toast.not_undone", &what, message)
            }
        }
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
pub(super) fn patch_of(command: &RawCommand) -> Option<Patch> {
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
