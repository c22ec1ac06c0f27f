//! Taking back what was done.

use shared::{ProductId, RawCommand};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::link::outbox::Purpose;
use crate::model::undo::{Back, Done};

impl Page {
    /// Undoes what was done last, or what has this number.
    pub(super) fn undo(&mut self, number: Option<u32>) -> Result<(), JsValue> {
        // What has no answer yet was done after all that has.
        if number.is_none() && self.undo_pending()? {
            return Ok(());
        }
        let Some(number) = number.or_else(|| self.undo.newest()) else {
            let words = self.text.get("undo.nothing").to_owned();
            self.view.announcer.say(words);
            return Ok(());
        };
        self.view.toasts.close_undo(number);
        // It may have been undone by the keyboard already.
        match self.undo.take(number) {
            Some(done) => self.take_back(done),
            None => Ok(()),
        }
    }

    /// Undoes what has no answer yet: it is not sent, or undone as soon as it is done. Tells whether there
    /// was anything.
    fn undo_pending(&mut self) -> Result<bool, JsValue> {
        let newest = self.outbox.iter().rev().find(|pending| {
            let is_undo = matches!(pending.purpose, Purpose::Undo { .. });
            !is_undo && !self.undo_when_done.contains(&pending.message.request)
        });
        let Some(pending) = newest else {
            return Ok(false);
        };
        let request = pending.message.request;
        if pending.was_sent {
            self.undo_when_done.insert(request);
        } else {
            self.cancel(request)?;
        }
        Ok(true)
    }

    fn take_back(&mut self, Done { what, back }: Done) -> Result<(), JsValue> {
        match back {
            Back::One(command, base) => {
                self.send(Purpose::Undo { what, base }, command);
                Ok(())
            }
            Back::Many(commands) => {
                if self.take_back_many(&what, &commands)? {
                    return Ok(());
                }
                let message = self.text.get("bulk.offline").to_owned();
                self.say_failure("toast.not_undone", &what, &message)?;
                let back = Back::Many(commands);
                self.undo.push(Done { what, back });
                Ok(())
            }
        }
    }

    /// Brings a product back that was deleted, by whomever.
    pub(super) fn restore(&mut self, id: ProductId) -> Result<(), JsValue> {
        // It may be what this page did.
        let own = RawCommand::Restore { id };
        if let Some(number) = self.undo.number_of(&own) {
            return self.undo(Some(number));
        }
        let product = self.index.get(id);
        let title = product.map(|product| product.draft.title.to_string());
        let title = title.unwrap_or_default();
        let what = self.text.fill("undo.delete", &[("title", &title)]);
        let base = None;
        self.send(Purpose::Undo { what, base }, RawCommand::Restore { id });
        Ok(())
    }
}
