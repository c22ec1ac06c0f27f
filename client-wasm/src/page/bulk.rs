//! What is done with many products at once: one batch, undone as one.

use std::sync::Arc;

use gloo_timers::callback::Timeout;
use shared::{Product, RawCommand, Revision};
use wasm_bindgen::prelude::*;

use super::Page;
use crate::dom;
use crate::event::{BatchOutcome, BulkEvent, Event};
use crate::link::batch;
use crate::model::bulk::{Change, commands};
use crate::model::undo::{Back, Done};
use crate::view::Action;

/// A batch on its way, or one whose answer was lost.
pub struct Sent {
    number: u32,
    /// What it is, in the reader's words.
    what: String,
    commands: Vec<RawCommand>,
    /// What takes it back; nothing where it takes something back itself.
    back: Vec<RawCommand>,
    /// With it the batch can be sent again: it is done once.
    key: String,
    is_delete: bool,
    attempts: u32,
    /// Nobody knows whether it was done: it can be sent again, and nothing else before.
    is_lost: bool,
}

/// How often a batch is sent by itself whose answer was lost.
const MAX_ATTEMPTS: u32 = 4;

/// How long is waited before it is sent again, the first time, in milliseconds.
const WAIT_MS: u32 = 500;

impl Page {
    pub(super) fn on_bulk(&mut self, event: BulkEvent) -> Result<(), JsValue> {
        match event {
            BulkEvent::Cleared => self.selection.clear(),
            BulkEvent::All => {
                let order = self.index.order().iter().copied();
                let there: Vec<_> = order.filter(|id| !self.index.is_ghost(*id)).collect();
                self.selection.select_all(&there);
            }
            BulkEvent::Chosen(name) => {
                let products = self.selected();
                self.view.bulk.choose(name, products)?;
            }
            BulkEvent::Typed => self.view.bulk.on_typed(),
            // What is on its way is waited for, so that its end is told.
            BulkEvent::Cancelled if self.view.bulk.is_busy() => {}
            BulkEvent::Cancelled => self.view.bulk.close(),
            BulkEvent::Applied => return self.apply_bulk(),
        }
        Ok(())
    }

    fn apply_bulk(&mut self) -> Result<(), JsValue> {
        if self.batch.as_ref().is_some_and(|sent| sent.is_lost) {
            self.view.bulk.wait();
            return self.try_batch();
        }
        let Some((change, products)) = self.view.bulk.take() else {
            return Ok(());
        };
        let (forth, back) = commands(&change, &products);
        if forth.is_empty() {
            self.view.bulk.close();
            return Ok(());
        }
        if self.batch.is_some() {
            return Ok(());
        }
        self.view.bulk.wait();
        let is_delete = change == Change::Delete;
        if is_delete && let Some(id) = self.view.panel.edits() {
            let is_deleted = products.iter().any(|product| product.id == id);
            if is_deleted {
                self.close_panel_of(id)?;
            }
        }
        let what = self.text.fill_count("undo.bulk", forth.len() as u64);
        self.send_batch(what, forth, back, is_delete)
    }

    /// The selected products as they are now.
    fn selected(&self) -> Vec<Arc<Product>> {
        let catalog = self.mirror.catalog();
        let ids = self.selection.ids().into_iter();
        ids.filter_map(|id| catalog.get(id).cloned()).collect()
    }

    /// Takes back what many commands did, unless another batch is on its way. Tells whether it does.
    pub(super) fn take_back_many(
        &mut self,
        what: &str,
        commands: &[RawCommand],
    ) -> Result<bool, JsValue> {
        if self.batch.is_some() || !self.freshness.is_live() {
            return Ok(false);
        }
        self.send_batch(what.to_owned(), commands.to_vec(), Vec::new(), false)?;
        Ok(true)
    }

    fn send_batch(
        &mut self,
        what: String,
        commands: Vec<RawCommand>,
        back: Vec<RawCommand>,
        is_delete: bool,
    ) -> Result<(), JsValue> {
        self.batches += 1;
        let mut bytes = [0; 16];
        dom::window()?
            .crypto()?
            .get_random_values_with_u8_array(&mut bytes)?;
        self.batch = Some(Sent {
            number: self.batches,
            what,
            commands,
            back,
            key: format!("{:032x}", u128::from_ne_bytes(bytes)),
            is_delete,
            attempts: 0,
            is_lost: false,
        });
        self.try_batch()
    }

    fn try_batch(&mut self) -> Result<(), JsValue> {
        let Some(sent) = &mut self.batch else {
            return Ok(());
        };
        sent.attempts += 1;
        sent.is_lost = false;
        let (events, number) = (self.events.clone(), sent.number);
        batch::send(&sent.commands, &sent.key, move |outcome| {
            events.send(Event::Batch { number, outcome });
        })
    }

    pub(super) fn on_batch(&mut self, number: u32, outcome: BatchOutcome) -> Result<(), JsValue> {
        let Some(sent) = &mut self.batch else {
            return Ok(());
        };
        if sent.number != number {
            return Ok(());
        }
        match outcome {
            BatchOutcome::Again => self.try_batch(),
            BatchOutcome::Lost if sent.attempts < MAX_ATTEMPTS => {
                let wait = WAIT_MS << sent.attempts;
                let (events, outcome) = (self.events.clone(), BatchOutcome::Again);
                let again = move || events.send(Event::Batch { number, outcome });
                Timeout::new(wait, again).forget();
                Ok(())
            }
            BatchOutcome::Lost => {
                sent.is_lost = true;
                sent.attempts = 0;
                let words = self.text.get("bulk.lost").to_owned();
                if sent.back.is_empty() {
                    return self.on_batch_refused(&words);
                }
                self.view.bulk.fail(None, &words);
                Ok(())
            }
            BatchOutcome::Refused { code, message } => {
                let is_changed = matches!(code.as_str(), "changed" | "not_found");
                let words = if is_changed {
                    self.text.get("bulk.changed_meanwhile").to_owned()
                } else {
                    message
                };
                self.on_batch_refused(&words)
            }
            BatchOutcome::Done(revisions) => self.on_batch_done(&revisions),
        }
    }

    fn on_batch_done(&mut self, revisions: &[Revision]) -> Result<(), JsValue> {
        let Some(mut sent) = self.batch.take() else {
            return Ok(());
        };
        if sent.back.is_empty() {
            let words = self.text.fill("undo.done", &[("what", &sent.what)]);
            return self.view.toasts.show_words(&words, Action::None);
        }
        // What takes it back is for the products as it left them.
        for (back, left) in sent.back.iter_mut().zip(revisions) {
            if let RawCommand::Update { if_revision, .. } = back {
                *if_revision = Some(*left);
            }
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

    fn on_batch_refused(&mut self, words: &str) -> Result<(), JsValue> {
        let Some(sent) = self.batch.take() else {
            return Ok(());
        };
        if sent.back.is_empty() {
            self.undo.push(Done {
                what: sent.what.clone(),
                back: Back::Many(sent.commands),
            });
            return self.say_failure("toast.not_undone", &sent.what, words);
        }
        let products = self.selected();
        self.view.bulk.fail(Some(products), words);
        Ok(())
    }
}
