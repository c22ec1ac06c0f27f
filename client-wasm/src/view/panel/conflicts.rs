//! Fields that two people change at a time.

use std::sync::Arc;

use shared::Product;
use wasm_bindgen::prelude::*;

use super::{Mode, Panel};

impl Panel {
    /// The product changed elsewhere: fields in which nothing else was typed follow; where both wrote
    /// something else, both stand there until somebody decides.
    pub fn rebase(&mut self, now: &Arc<Product>) -> Result<(), JsValue> {
        let Mode::Edit(before) = std::mem::take(&mut self.mode) else {
            return Ok(());
        };
        let text = &self.format.text;
        let mut conflicts = Vec::new();
        let inputs = self.values(&before.draft).zip(self.values(&now.draft));
        for ((input, before), (_, now)) in inputs {
            if before == now || input.shows(now, text) {
                continue;
            }
            if input.shows(before, text) {
                input.fill(now, text);
            } else {
                conflicts.push(input.field.name);
            }
        }
        self.conflicts.extend(conflicts);
        self.mode = Mode::Edit(now.clone());
        self.show_notes()
    }

    /// Decides about a field: what somebody else wrote stays, or what was typed.
    pub fn decide(&mut self, field: &str, is_theirs: bool) -> Result<(), JsValue> {
        let Some(name) = self.name(field) else {
            return Ok(());
        };
        self.conflicts.remove(name);
        if self.conflicts.is_empty() {
            self.notice.clear();
        }
        if let (true, Mode::Edit(now)) = (is_theirs, &self.mode) {
            for (input, value) in self.values(&now.draft) {
                if input.field.name == name {
                    input.fill(value, &self.format.text);
                }
            }
        }
        self.show_notes()?;
        self.focus(name)
    }

    /// Shows what somebody else wrote where that is to be decided about.
    pub(super) fn show_notes(&self) -> Result<(), JsValue> {
        for input in &self.inputs {
            let words = match &self.mode {
                Mode::Edit(now) if self.conflicts.contains(input.field.name) => {
                    let value = self.format.field(&now.draft, input.field);
                    Some(self.format.text.fill("conflict.now", &[("value", &value)]))
                }
                _ => None,
            };
            input.set_conflict(words.as_deref())?;
            input.show_echo(&self.format.text);
        }
        Ok(())
    }
}
