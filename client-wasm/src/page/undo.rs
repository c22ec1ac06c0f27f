//! Taking back what was done.

use shared::{ProductId, RawCommand};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::link::outbox::Purpose;
use crate::model::undo::{Back, Done};

impl Page {
    /// Undoes what was done last, or what has this number.
    pub(super) fn undo(&mut self, number: Option<u32>) -> Result<(), JsValue> {
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

    fn take_back(&mut self, Done { what, back }: Done) -> Result<(), JsValue> {
        match back {
            Back::One(command, base) => {
                self.send(Purpose::Undo { what, base }, command);
                Ok(())
            }
            Back::Many(commands) => self.send_batch(what, commands, Vec::new()),
        }
    }

    /// Brings a product back that was deleted, by whomever.
    pub(super) fn restore(&mut self, id: ProductId) -> Result<(), JsValue> {
        // It may be what this page did.
        let own = RawCommand::Restore { id };
        if let Some(number) = self.undo.number_of(&own) {
            return self.undo(Some(number));
        }
        let title = self
            .index
            .get(id)
            .map(|product| product.draft.title.to_string());
        let title = title.unwrap_or_default();
        let what = self.text.fill("undo.delete", &[("title", &title)]);
        let base = None;
        self.send(Purpose::Undo { what, base }, RawCommand::Restore { id });
        Ok(())
    }
}
