//! Commands on their way, and what comes of them.

use std::sync::Arc;

use shared::{Product, ProductId, RawCommand, RequestId, Revision, Text};
use wasm_bindgen::prelude::*;

use super::refusals::patch_of;
use super::{LATE_MS, Page};
use crate::dom;
use crate::link::kept;
use crate::link::outbox::{Pending, Purpose, id_of};
use crate::link::socket::Order;
use crate::model::undo::{Back, Done, back_of};
use crate::view::Action;

/// What a command does, in the reader's words.
fn words(command: &RawCommand, product: Option<&Product>, text: &Text) -> String {
    let title = match (command, product) {
        (RawCommand::Add { draft }, _) => {
            let title = draft.values.get("title").and_then(|title| title.as_str());
            title.unwrap_or_default().to_owned()
        }
        (_, Some(product)) => product.draft.title.to_string(),
        (command, None) => id_of(command).map(|id| id.to_string()).unwrap_or_default(),
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

    /// A command that was never sent is not to be; one that was can't be taken back.
    pub(super) fn cancel(&mut self, request: RequestId) -> Result<(), JsValue> {
        let pending = self.outbox.get(request);
        let Some(pending) = pending.filter(|pending| !pending.was_sent) else {
            return Ok(());
        };
        let what = self.words(pending);
        self.outbox.take_answered(request);
        kept::save(&self.client, &self.outbox);
        let values = [("what", what.as_str())];
        self.view
            .toasts
            .show("waiting.cancelled", &values, Action::None)
    }

    fn words(&self, pending: &Pending) -> String {
        let command = &pending.message.command;
        let product = id_of(command).and_then(|id| self.mirror.catalog().get(id));
        let product = product.or(pending.purpose.base());
        words(command, product.map(AsRef::as_ref), &self.text)
    }

    /// What waits for so long that it is said: its number, in words, and whether it can be cancelled.
    pub(super) fn waiting_words(&self, now: f64) -> Vec<(RequestId, String, bool)> {
        if self.freshness.is_live() && self.outbox.len_before(now - LATE_MS) == 0 {
            return Vec::new();
        }
        let waiting = self.outbox.iter();
        waiting
            .map(|pending| {
                let request = pending.message.request;
                (request, self.words(pending), !pending.was_sent)
            })
            .collect()
    }

    pub(super) fn delete(&mut self, id: ProductId) -> Result<(), JsValue> {
        let Some(product) = self.mirror.catalog().get(id).cloned() else {
            return Ok(());
        };
        if self.is_doomed(id) {
            return Ok(());
        }
        self.close_panel_of(id)?;
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
        // Until its change comes the product is shown as it was left.
        if let Some(patch) = patch_of(&command)
            && self.mirror.catalog().revision() < revision
        {
            self.settling.push((id, patch, revision));
        }
        let done = match purpose {
            Purpose::Add { title } => {
                self.expected.insert(id);
                let if_revision = None;
                let back = Back::One(RawCommand::Delete { id, if_revision }, None);
                let done = self.done("undo.add", &title, back);
                let values = [("title", title.as_str())];
                self.view
                    .toasts
                    .show("form.added", &values, Action::Undo(done))?;
                self.on_form_done(request)?;
                Some(done)
            }
            Purpose::Form { base } => {
                let done = self.note_update(&base, &command, revision);
                self.on_form_done(request)?;
                done
            }
            Purpose::Cell { base } | Purpose::Step { base, .. } => {
                self.note_update(&base, &command, revision)
            }
            Purpose::Delete { product } => {
                let title = product.draft.title.to_string();
                let back = Back::One(RawCommand::Restore { id }, None);
                let done = self.done("undo.delete", &title, back);
                let values = [("title", title.as_str())];
                let action = Action::Undo(done);
                self.view.toasts.show("toast.deleted", &values, action)?;
                Some(done)
            }
            Purpose::Undo { what, .. } => {
                if matches!(command, RawCommand::Restore { .. }) {
                    self.expected.insert(id);
                }
                let words = self.text.fill("undo.done", &[("what", &what)]);
                self.view.announcer.say(words);
                None
            }
        };
        // Somebody pressed Ctrl+Z before there was an answer.
        if self.undo_when_done.remove(&request)
            && let Some(done) = done
        {
            return self.undo(Some(done));
        }
        Ok(())
    }

    fn done(&mut self, key: &str, title: &str, back: Back) -> u32 {
        let what = self.text.fill(key, &[("title", title)]);
        self.undo.push(Done { what, back })
    }

    fn note_update(
        &mut self,
        base: &Arc<Product>,
        command: &RawCommand,
        revision: Revision,
    ) -> Option<u32> {
        let patch = patch_of(command)?;
        let (back, left) = back_of(base, &patch, revision);
        let title = base.draft.title.to_string();
        Some(self.done("undo.update", &title, Back::One(back, Some(left))))
    }
}
