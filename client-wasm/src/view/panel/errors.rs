//! What is wrong with what is filled in, as the rules say and as the server does.

use shared::{Catalog, FieldReason, Problem, Rule};
use wasm_bindgen::prelude::*;

use super::Panel;
use crate::dom;

impl Panel {
    /// What was sent off was refused: it stays, with what is wrong.
    pub fn on_refusal(&mut self, problem: &Problem, catalog: &Catalog) -> Result<(), JsValue> {
        self.set_saving(None);
        self.notice.clone_from(&problem.message);
        for field in &problem.fields {
            if let Some(name) = self.name(&field.field) {
                self.refused.insert(name, field.message.clone());
            }
        }
        if let Some(now) = self.edits().and_then(|id| catalog.get(id)) {
            self.rebase(now)?;
        }
        self.show_errors(&self.check(catalog))?;
        self.focus_first_error()
    }

    /// What the rules say, and whether the code is free as far as this page knows.
    pub(super) fn check(&self, catalog: &Catalog) -> Vec<FieldReason> {
        let fields = self.fields();
        let code = fields.values.get("code").and_then(|code| code.as_str());
        let owner = catalog.with_code(dom::nfc(code.unwrap_or_default()).trim());
        let is_taken = owner.is_some_and(|owner| Some(owner.id) != self.edits());
        let mut reasons = match fields.draft(dom::nfc) {
            Ok(_) => Vec::new(),
            Err(reason) => reason.fields(),
        };
        if is_taken {
            reasons.push(FieldReason::new("code", Rule::Taken));
        }
        reasons
    }

    pub(super) fn show_errors(&self, reasons: &[FieldReason]) -> Result<(), JsValue> {
        for input in &self.inputs {
            let name = input.field.name;
            let broken = reasons.iter().find(|reason| reason.field == name);
            let message = match (self.refused.get(name), broken) {
                (Some(refused), _) => refused.clone(),
                (None, Some(reason)) if self.touched.contains(name) => {
                    reason.tell(&self.format.text).message
                }
                _ => String::new(),
            };
            input.set_error(&message)?;
            input.show_echo(&self.format.text);
        }
        Ok(())
    }

    pub(super) fn focus_first_error(&self) -> Result<(), JsValue> {
        match self.inputs.iter().find(|input| input.has_error()) {
            Some(input) => self.focus(input.field.name),
            None => Ok(()),
        }
    }
}
