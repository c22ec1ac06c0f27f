//! What happened, looked at and put back.

use shared::{Change, PastChanges, ProductId, Revision};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::event::{Event, HistoryEvent};
use crate::link::history;
use crate::link::outbox::Purpose;
use crate::model::history::put_back;
use crate::model::undo::update;

impl Page {
    pub(super) fn on_history(&mut self, event: HistoryEvent) -> Result<(), JsValue> {
        match event {
            HistoryEvent::Opened => self.open_history(None),
            HistoryEvent::Older => {
                let next = self.view.history.history.next;
                next.map_or(Ok(()), |next| self.ask_history(Some(next)).map(drop))
            }
            HistoryEvent::Closed => {
                self.view.history.close();
                Ok(())
            }
            HistoryEvent::PutBack(revision) => self.put_back(revision),
            HistoryEvent::Told {
                opening,
                before,
                told,
            } => {
                self.take_history(opening, before, told);
                Ok(())
            }
        }
    }

    /// Opens the history of a product, or of all.
    pub(super) fn open_history(&mut self, id: Option<ProductId>) -> Result<(), JsValue> {
        let product = id.and_then(|id| self.mirror.catalog().get(id));
        self.view.history.open(product.map(AsRef::as_ref))?;
        self.ask_history(None).map(drop)
    }

    /// Asks the server, unless it is asked already; tells whether it is now.
    fn ask_history(&mut self, before: Option<Revision>) -> Result<bool, JsValue> {
        if !self.view.history.begin_loading() {
            return Ok(false);
        }
        let opening = self.view.history.opening();
        let product = self.view.history.history.product;
        let events = self.events.clone();
        history::ask(product, before, move |told| {
            events.send(Event::History(HistoryEvent::Told {
                opening,
                before,
                told,
            }));
        })?;
        Ok(true)
    }

    fn take_history(
        &mut self,
        opening: u32,
        before: Option<Revision>,
        told: Result<PastChanges, Option<String>>,
    ) {
        let dialog = &mut self.view.history;
        if dialog.opening() != opening {
            // It was opened anew since, maybe about something else.
            return;
        }
        let failure = match told {
            Ok(told) if before.is_some() => {
                dialog.history.add_older(told);
                None
            }
            Ok(told) => {
                dialog.history.add_newest(told);
                None
            }
            Err(words) => Some(words.unwrap_or_else(|| self.text.get("history.away").to_owned())),
        };
        dialog.end_loading(failure);
    }

    /// What happens while somebody looks at the history comes into it.
    pub(super) fn follow_history(&mut self) -> Result<(), JsValue> {
        let dialog = &self.view.history;
        let has_more = self.mirror.catalog().revision() > self.told_history;
        let is_wanted = has_more || dialog.has_failed();
        if dialog.is_open() && is_wanted && self.freshness.is_live() {
            self.view.history.mark_stale();
            let revision = self.mirror.catalog().revision();
            if self.ask_history(None)? {
                self.told_history = revision;
            }
        }
        Ok(())
    }

    /// Undoes one change of long ago, as far as that is not undone already.
    fn put_back(&mut self, revision: Revision) -> Result<(), JsValue> {
        let Some(past) = self.view.history.history.get(revision).cloned() else {
            return Ok(());
        };
        let id = past.change.id();
        let Some(now) = self.mirror.catalog().get(id).cloned() else {
            if let Change::Deleted(_) = past.change {
                self.restore(id)?;
            }
            return Ok(());
        };
        if let Some(patch) = put_back(&past, &now) {
            let values = [("title", &*now.draft.title)];
            let what = self.text.fill("undo.update", &values);
            let command = update(id, &patch, Some(now.revision));
            let base = Some(now);
            self.send(Purpose::Undo { what, base }, command);
        }
        Ok(())
    }
}
