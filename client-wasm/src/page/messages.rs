//! What the server says.

use std::sync::Arc;
use std::time::Duration;

use shared::{Catalog, Change, Product, ProductId, Reason, Revision, ServerMessage, Step};
use wasm_bindgen::prelude::*;

use super::{MARKED_MS, Page};
use crate::dom;
use crate::link::kept;
use crate::link::outbox::id_of;
use crate::link::socket::Order;
use crate::model::drafts::Subject;
use crate::model::query::Sort;
use crate::view::Mark;

impl Page {
    pub(super) fn on_lost(&mut self, failures: u32) -> Result<(), JsValue> {
        self.mirror.interrupt();
        self.outbox.lost();
        self.freshness.lost(failures, dom::now());
        // What the form sent off is kept among what waits; nobody has to stay with it.
        if self.view.panel.saving().is_some() {
            self.end_form()?;
        }
        Ok(())
    }

    pub(super) fn take_message(&mut self, text: &str) -> Result<(), JsValue> {
        let message: ServerMessage = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => {
                // A newer server may say more than this client knows.
                dom::warn(&format!("can't read a message: {error}"));
                return Ok(());
            }
        };
        match &message {
            ServerMessage::Done {
                request,
                revision,
                id,
            } => self.on_done(*request, *id, *revision)?,
            ServerMessage::Refused { request, problem } => self.on_refusal(*request, problem)?,
            ServerMessage::Pulse {
                viewers,
                writable,
                open,
                ..
            } => {
                self.freshness.viewers = *viewers;
                self.freshness.is_writable = *writable;
                self.open_there.clone_from(open);
                // This page is one of those that have it open.
                self.take_away_own();
            }
            ServerMessage::Closing { retry_after_ms } => {
                let wait = Duration::from_millis((*retry_after_ms).into());
                self.link.order(Order::ComeBackAfter(wait));
            }
            ServerMessage::Snapshot { .. } | ServerMessage::Changes { .. } => {}
        }
        let is_pulse = matches!(message, ServerMessage::Pulse { .. });
        match self.mirror.take(message) {
            Step::Loading { part, parts } => {
                self.show_first(part);
                self.freshness.loading(part, parts);
            }
            Step::Replaced => self.on_replaced()?,
            Step::Changed(changes) => {
                self.is_offering = false;
                self.on_changes(&changes)?;
            }
            Step::Disagreed => self.start_over()?,
            Step::Agreed => self.is_offering = false,
            Step::Nothing => {}
        }
        *self.position.borrow_mut() = self.mirror.position();
        if is_pulse && self.mirror.position().is_some() {
            self.freshness.live(dom::now());
            self.send_waiting();
        }
        Ok(())
    }

    /// The newest products come first: where these are what is looked at, they are shown at once.
    fn show_first(&mut self, part: u32) {
        let is_first = part == 1 && !self.freshness.was_live();
        if is_first && self.index.query().sort == Sort::default() {
            let first = self.mirror.coming().iter().cloned();
            self.index.replace(&Catalog::new(Revision(0), first));
            self.view.table.measure_anew();
        }
    }

    fn on_replaced(&mut self) -> Result<(), JsValue> {
        if std::mem::take(&mut self.is_offering) && !self.goes_on() {
            self.forget_history()?;
        }
        self.dirty.clear();
        self.marks.clear();
        self.index.replace(self.mirror.catalog());
        self.view.table.measure_anew();
        let catalog = self.mirror.catalog();
        self.selection.retain(|id| catalog.get(id).is_some());
        self.freshness.catching_up();
        self.forget_settled();
        let open = [self.view.panel.edits(), self.view.table.editor.product()];
        for product in open.into_iter().flatten() {
            if let Some(product) = self.mirror.catalog().get(product).cloned() {
                self.rebase(&product)?;
            }
        }
        self.retry_stalled()?;
        self.open_products_may_be_gone()
    }

    /// Whether the list that came whole may be what became of the one that this page knew, after much
    /// happened: nothing in it says otherwise.
    fn goes_on(&self) -> bool {
        let (before, now) = (self.position.borrow().clone(), self.mirror.position());
        let is_later = before.zip(now).is_some_and(|(before, now)| {
            before.catalog == now.catalog && before.revision <= now.revision
        });
        let agrees = |now: &Arc<Product>| {
            self.index.get(now.id).is_none_or(|before| {
                let is_later = before.revision < now.revision || before == now;
                is_later && before.draft.code == now.draft.code
            })
        };
        is_later && self.mirror.catalog().products().all(agrees)
    }

    /// A product is another now: what is open of it follows, or asks.
    fn rebase(&mut self, product: &Arc<Product>) -> Result<(), JsValue> {
        if self.view.panel.edits() == Some(product.id) && self.view.panel.saving().is_none() {
            self.view.panel.rebase(product)?;
            self.keep_typed();
        }
        if self.view.table.editor.product() == Some(product.id) {
            self.view.table.editor.rebase(product)?;
        }
        Ok(())
    }

    /// The copy is wrong although every message was applied: say so, and load it anew.
    fn start_over(&mut self) -> Result<(), JsValue> {
        dom::warn("this page's list differs from the server's; loading it anew");
        self.mirror = shared::Mirror::default();
        self.freshness.catching_up();
        self.link.order(Order::Restart);
        self.forget_history()
    }

    fn on_changes(&mut self, changes: &[Change]) -> Result<(), JsValue> {
        let now = dom::now();
        // Before that nobody has seen the list: the changes complete a snapshot.
        let is_seen = self.freshness.was_live();
        for change in changes {
            let id = change.id();
            self.dirty.insert(id);
            let (mark, key, title) = match change {
                Change::Added(product) => (
                    Some(Mark::Added),
                    "say.added",
                    product.draft.title.to_string(),
                ),
                Change::Updated(product) => (
                    Some(Mark::Updated),
                    "say.updated",
                    product.draft.title.to_string(),
                ),
                Change::Deleted(_) => {
                    let product = self.index.get(id);
                    let title = product.map(|product| product.draft.title.to_string());
                    (None, "say.deleted", title.unwrap_or_default())
                }
            };
            if !is_seen {
                continue;
            }
            self.view.announcer.on_change(key, &title, now);
            match mark {
                // Added and changed before it was painted: it is still new.
                Some(Mark::Updated)
                    if self.marks.get(&id).is_some_and(|(m, _)| *m == Mark::Added) => {}
                Some(mark) => drop(self.marks.insert(id, (mark, now + MARKED_MS))),
                None => self.selection.retain(|other| other != id),
            }
            if let Change::Updated(product) = change {
                self.rebase(product)?;
            }
        }
        self.forget_settled();
        self.retry_stalled()?;
        self.open_products_may_be_gone()
    }

    /// What was done is in the list once its change has come.
    fn forget_settled(&mut self) {
        let revision = self.mirror.catalog().revision();
        self.settling.retain(|(_, _, done)| *done > revision);
    }

    /// Somebody else deleted what is being changed: it is said, and nothing that was typed is lost.
    fn open_products_may_be_gone(&mut self) -> Result<(), JsValue> {
        let catalog = self.mirror.catalog();
        let gone = |id: Option<ProductId>| id.filter(|id| catalog.get(*id).is_none());
        let in_panel = gone(self.view.panel.edits());
        let in_cell = gone(self.view.table.editor.product());
        if let Some(id) = in_panel {
            self.change_drafts(|drafts| drafts.remove(Subject::Product(id)));
            let number = self.next_new();
            self.view.panel.orphan(number)?;
            self.keep_typed();
        }
        if let Some(id) = in_cell {
            let title = self
                .index
                .get(id)
                .map(|product| product.draft.title.to_string());
            let title = title.unwrap_or_default();
            if let Some((base, field, typed)) = self.view.table.editor.typed() {
                let base = base.clone();
                self.keep_cell(&base, field, typed);
            }
            self.view.table.editor.close();
            let message = Reason::NotFound(id).tell(&self.text).message;
            self.say_failure("toast.not_saved", &title, &message)?;
        }
        Ok(())
    }

    /// The server's catalog has another history than this page knew, or is another catalog: what
    /// was to be done with products of the old one is refused, for in the new one their ids may
    /// be others'.
    fn forget_history(&mut self) -> Result<(), JsValue> {
        if self.view.panel.edits().is_some() {
            let number = self.next_new();
            self.view.panel.orphan(number)?;
        }
        self.view.table.editor.close();
        self.selection.clear();
        self.settling.clear();
        let mut next = self.next_new();
        self.change_drafts(|drafts| {
            drafts.forget(
                |_| true,
                || {
                    next += 1;
                    next
                },
            );
        });
        self.last_new = next;
        let by_id = self.outbox.iter().filter_map(|pending| {
            let message = &pending.message;
            Some((message.request, id_of(&message.command)?))
        });
        for (request, id) in by_id.collect::<Vec<_>>() {
            let Some((purpose, command)) = self.outbox.take_answered(request) else {
                continue;
            };
            let mut problem = Reason::NotFound(id).tell(&self.text);
            problem.code.clear();
            self.text
                .get("toast.other_list")
                .clone_into(&mut problem.message);
            self.not_done(request, purpose, &command, &problem)?;
        }
        self.undo.clear();
        kept::save(&self.client, &self.outbox);
        Ok(())
    }
}
