//! What is done with many products at once: one batch, undone as one.

use std::sync::Arc;

use shared::{Product, RawCommand};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::dom;
use crate::event::{BatchOutcome, BulkEvent, Event};
use crate::link::batch;
use crate::model::bulk::{Change, commands};
use crate::model::undo::{Back, Done};
use crate::view::Action;

/// A batch on its way.
pub struct Sent {
    number: u32,
    /// What it is, in the reader's words.
    what: String,
    commands: Vec<RawCommand>,
    /// What takes it back.
    back: Vec<RawCommand>,
    /// With it the batch can be sent again: it is done once.
    key: String,
    /// It takes something back itself.
    is_undo: bool,
    is_delete: bool,
    attempts: u32,
}

/// How often a batch is sent whose answer was lost.
const MAX_ATTEMPTS: u32 = 3;

impl Page {
    pub(super) fn on_bulk(&mut self, event: BulkEvent) -> Result<(), JsValue> {
        match event {
            BulkEvent::Cleared => self.selection.clear(),
            BulkEvent::All => self.selection.select_all(self.index.order()),
            BulkEvent::Chosen(name) => {
                let products = self.selected();
                self.view.bulk.choose(name, products)?;
            }
            BulkEvent::Typed => self.view.bulk.on_typed(),
            BulkEvent::Cancelled => self.view.bulk.close(),
            BulkEvent::Applied => {
                if let Some((change, products)) = self.view.bulk.take() {
                    let (forth, back) = commands(&change, &products);
                    if forth.is_empty() {
                        self.view.bulk.close();
                        return Ok(());
                    }
                    self.view.bulk.wait();
                    let count = forth.len() as u64;
                    let what = self.text.fill_count("undo.bulk", count);
                    self.send_batch(what, forth, back)?;
                    if let Some(sent) = &mut self.batch {
                        sent.is_delete = change == Change::Delete;
                    }
                }
            }
        }
        Ok(())
    }

    /// The selected products as they are now.
    fn selected(&self) -> Vec<Arc<Product>> {
        let catalog = self.mirror.catalog();
        let ids = self.selection.ids().into_iter();
        ids.filter_map(|id| catalog.get(id).cloned()).collect()
    }

    /// Sends many commands, all of which are done or none. Without `back` they take something back
    /// themselves.
    pub(super) fn send_batch(
        &mut self,
        what: String,
        commands: Vec<RawCommand>,
        back: Vec<RawCommand>,
    ) -> Result<(), JsValue> {
        let number = self.batch.as_ref().map_or(0, |sent| sent.number) + 1;
        let mut bytes = [0; 16];
        dom::window()?
            .crypto()?
            .get_random_values_with_u8_array(&mut bytes)?;
        self.batch = Some(Sent {
            number,
            what,
            is_undo: back.is_empty(),
            commands,
            back,
            key: format!("{:032x}", u128::from_ne_bytes(bytes)),
            is_delete: false,
            attempts: 0,
        });
        self.try_batch()
    }

    fn try_batch(&mut self) -> Result<(), JsValue> {
        let Some(sent) = &mut self.batch else {
            return Ok(());
        };
        sent.attempts += 1;
        let (events, number) = (self.events.clone(), sent.number);
        batch::send(&sent.commands, &sent.key, move |outcome| {
            events.send(Event::Batch { number, outcome });
        })
    }

    pub(super) fn on_batch(&mut self, number: u32, outcome: BatchOutcome) -> Result<(), JsValue> {
        let Some(sent) = &self.batch else {
            return Ok(());
        };
        if sent.number != number {
            return Ok(());
        }
        match outcome {
            BatchOutcome::Lost if sent.attempts < MAX_ATTEMPTS => self.try_batch(),
            BatchOutcome::Lost => {
                let words = self.text.get("bulk.lost").to_owned();
                self.on_batch_failed(&words)
            }
            BatchOutcome::Refused { code, message } => {
                let is_changed = matches!(code.as_str(), "changed" | "not_found");
                let words = if is_changed {
                    self.text.get("bulk.changed_meanwhile").to_owned()
                } else {
                    message
                };
                self.on_batch_failed(&words)
            }
            BatchOutcome::Done => self.on_batch_done(),
        }
    }

    fn on_batch_done(&mut self) -> Result<(), JsValue> {
        let Some(sent) = self.batch.take() else {
            return Ok(());
        };
        if sent.is_undo {
            let words = self.text.fill("undo.done", &[("what", &sent.what)]);
            self.view.toasts.show_words(&words, Action::None)?;
            self.view.announcer.say(words);
            return Ok(());
        }
        let count = sent.commands.len() as u64;
        let (what, back) = (sent.what, Back::Many(sent.back));
        let done = self.undo.push(Done { what, back });
        let key = if sent.is_delete {
            "toast.bulk_deleted"
        } else {
            "toast.bulk_done"
        };
        let words = self.text.fill_count(key, count);
        self.view.toasts.show_words(&words, Action::Undo(done))?;
        self.view.bulk.close();
        Ok(())
    }

    fn on_batch_failed(&mut self, words: &str) -> Result<(), JsValue> {
        let sent = self.batch.take();
        if let Some(sent) = sent.filter(|sent| sent.is_undo) {
            return self.say_failure("toast.not_undone", &sent.what, words);
        }
        let products = self.selected();
        self.view.bulk.refresh(products, words);
        Ok(())
    }
}
