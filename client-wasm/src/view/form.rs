//! The form that adds a product or edits one. It knows no socket: it gives what was filled in, and
//! is told what became of it.

mod input;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use shared::{
    Catalog, Draft, FieldReason, FieldRef, Fields, Patch, Problem, Product, ProductId, Revision,
    Rule, Text,
};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlFormElement, KeyboardEvent};

use self::input::Input;
use crate::dom;
use crate::event::{Event, Events};

/// The `keyCode` of every key that an input method takes.
const COMPOSING_KEY_CODE: u32 = 229;

/// What the form was sent off with.
pub enum Submission {
    /// A new product.
    Add(Fields),
    /// Other fields for a product.
    Update {
        /// Which.
        id: ProductId,
        /// What was changed.
        patch: Fields,
        /// The product's revision as the form shows it.
        revision: Revision,
    },
    /// Editing that changed nothing.
    Nothing,
}

/// What the line over the fields says.
#[derive(Default, PartialEq)]
enum Notice {
    #[default]
    None,
    /// Why something was refused.
    Problem(String),
    /// What is waited for.
    Waiting,
}

/// The form.
pub struct Form {
    text: Rc<Text>,
    element: HtmlFormElement,
    heading: Element,
    notice_place: Element,
    more: Element,
    submit: HtmlButtonElement,
    cancel: HtmlElement,
    /// In the form's order.
    inputs: Vec<Input>,
    /// Fields in which somebody has typed: only these show what is wrong with them.
    touched: BTreeSet<&'static str>,
    /// What the server said about a field, until something else is typed into it.
    refused: BTreeMap<&'static str, String>,
    notice: Notice,
    /// The product as it was when its fields were filled in.
    editing: Option<Arc<Product>>,
    is_saving: bool,
}

impl Form {
    /// Finds the form's places and listens to them.
    pub fn find(text: Rc<Text>, events: &Events) -> Result<Self, JsValue> {
        let form: HtmlFormElement = dom::by_id("form")?;
        let cancel: HtmlElement = dom::find(&form, "[data-form-cancel]")?;
        listen(&form, &cancel, events)?;
        Ok(Self {
            text,
            heading: dom::find(&form, "[data-form-heading]")?,
            notice_place: dom::find(&form, "[data-form-notice]")?,
            more: dom::find(&form, "[data-form-more]")?,
            submit: dom::find(&form, "[data-form-submit]")?,
            cancel,
            inputs: Input::find_all(&form)?,
            element: form,
            touched: BTreeSet::new(),
            refused: BTreeMap::new(),
            notice: Notice::None,
            editing: None,
            is_saving: false,
        })
    }

    /// The product that is edited.
    pub fn edits(&self) -> Option<ProductId> {
        self.editing.as_ref().map(|product| product.id)
    }

    /// Something was typed into a field: shows what is wrong with it, or no longer is.
    pub fn on_typed(&mut self, field: &str, catalog: &Catalog) -> Result<(), JsValue> {
        let Some(name) = self.name(field) else {
            return Ok(());
        };
        self.touched.insert(name);
        self.refused.remove(name);
        self.show_errors(&self.check(catalog))
    }

    /// Takes what was filled in, if it keeps the rules; else shows what doesn't.
    pub fn submit(&mut self, catalog: &Catalog) -> Result<Option<Submission>, JsValue> {
        if self.is_saving {
            return Ok(None);
        }
        self.notice = Notice::None;
        self.refused.clear();
        self.touched
            .extend(self.inputs.iter().map(|input| input.field.name));
        let reasons = self.check(catalog);
        self.show_errors(&reasons)?;
        let (true, Ok(draft)) = (reasons.is_empty(), self.fields().draft(dom::nfc)) else {
            self.focus_first_error()?;
            return Ok(None);
        };
        let submission = match &self.editing {
            None => Submission::Add(Fields::from(&draft)),
            Some(product) => match Patch::between(&product.draft, draft) {
                patch if patch == Patch::default() => Submission::Nothing,
                patch => Submission::Update {
                    id: product.id,
                    patch: Fields::from(&patch),
                    revision: product.revision,
                },
            },
        };
        self.set_saving(!matches!(submission, Submission::Nothing));
        Ok(Some(submission))
    }

    /// What was sent off is saved: room for the next.
    pub fn on_saved(&mut self) -> Result<(), JsValue> {
        self.clear()?;
        self.focus("title")
    }

    /// What was sent off was refused: it stays, with what is wrong.
    pub fn on_refusal(&mut self, problem: &Problem, catalog: &Catalog) -> Result<(), JsValue> {
        self.set_saving(false);
        self.notice = Notice::Problem(problem.message.clone());
        for field in &problem.fields {
            if let Some(name) = self.name(&field.field) {
                self.refused.insert(name, field.message.clone());
            }
        }
        if let Some(now) = self.edits().and_then(|id| catalog.get(id)) {
            self.rebase(now);
        }
        self.show_errors(&self.check(catalog))?;
        self.focus_first_error()
    }

    /// Fills the form with a product, unless it is waiting for an answer.
    pub fn edit(&mut self, product: &Arc<Product>) -> Result<bool, JsValue> {
        if self.is_saving {
            return Ok(false);
        }
        self.clear()?;
        for (input, value) in self.values(&product.draft) {
            input.fill(value, &self.text);
        }
        self.editing = Some(product.clone());
        self.element.scroll_into_view();
        self.focus("title")?;
        Ok(true)
    }

    /// The edited product changed elsewhere: fields in which nothing else was typed follow.
    pub fn rebase(&mut self, now: &Arc<Product>) {
        let Some(before) = self.editing.replace(now.clone()) else {
            return;
        };
        let inputs = self.values(&before.draft).zip(self.values(&now.draft));
        for ((input, before), (_, now)) in inputs {
            if input.shows(before, &self.text) {
                input.fill(now, &self.text);
            }
        }
    }

    /// The edited product was deleted elsewhere: what was filled in can be added anew.
    pub fn orphan(&mut self) {
        self.editing = None;
        self.set_saving(false);
        self.notice = Notice::Problem(self.text.get("say.gone").to_owned());
    }

    /// Empties the form, to add.
    pub fn clear(&mut self) -> Result<(), JsValue> {
        self.set_saving(false);
        self.element.reset();
        self.editing = None;
        self.notice = Notice::None;
        self.touched.clear();
        self.refused.clear();
        self.show_errors(&[])
    }

    /// Shows heading, notice and buttons as they are now.
    pub fn paint(&mut self, is_live: bool) -> Result<(), JsValue> {
        // While live the answer comes at once: buttons that flicker would only unsettle.
        let is_waiting = self.is_saving && !is_live;
        match (&self.notice, is_waiting) {
            (Notice::None, true) => self.notice = Notice::Waiting,
            (Notice::Waiting, false) => self.notice = Notice::None,
            _ => {}
        }
        let (heading, submit) = match (&self.editing, is_waiting) {
            (None, false) => ("form.add_title", "form.add"),
            (None, true) => ("form.add_title", "form.saving"),
            (Some(_), false) => ("form.edit_title", "form.save"),
            (Some(_), true) => ("form.edit_title", "form.saving"),
        };
        dom::set_text(&self.heading, self.text.get(heading));
        dom::set_text(&self.submit, self.text.get(submit));
        self.submit.set_disabled(is_waiting);
        dom::show(&self.cancel, self.editing.is_some() && !is_waiting)?;
        let notice = match &self.notice {
            Notice::None => "",
            Notice::Problem(message) => message,
            Notice::Waiting => self.text.get("form.waiting"),
        };
        dom::set_text(&self.notice_place, notice);
        let classes = self.notice_place.class_list();
        classes.toggle_with_force("is-calm", self.notice == Notice::Waiting)?;
        dom::show(&self.notice_place, !notice.is_empty())
    }

    /// Everything that is filled in, as the rules read it.
    fn fields(&self) -> Fields {
        let mut fields = serde_json::Map::new();
        for input in &self.inputs {
            if let Some(value) = input.value(&self.text) {
                fields.insert(input.field.name.to_owned(), value);
            }
        }
        Fields::new(fields)
    }

    /// What the rules say, and whether the code is free as far as this page knows.
    fn check(&self, catalog: &Catalog) -> Vec<FieldReason> {
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

    fn show_errors(&self, reasons: &[FieldReason]) -> Result<(), JsValue> {
        for input in &self.inputs {
            let name = input.field.name;
            let broken = reasons.iter().find(|reason| reason.field == name);
            let message = match (self.refused.get(name), broken) {
                (Some(refused), _) => refused.clone(),
                (None, Some(reason)) if self.touched.contains(name) => {
                    reason.tell(&self.text).message
                }
                _ => String::new(),
            };
            input.set_error(&message)?;
        }
        Ok(())
    }

    fn focus_first_error(&self) -> Result<(), JsValue> {
        match self.inputs.iter().find(|input| input.has_error()) {
            Some(input) => self.focus(input.field.name),
            None => Ok(()),
        }
    }

    /// The field of this name, if it can be filled in.
    fn name(&self, name: &str) -> Option<&'static str> {
        let mut fields = self.inputs.iter().map(|input| input.field);
        fields
            .find(|field| field.name == name)
            .map(|field| field.name)
    }

    /// Each input with the value that a draft has for it.
    fn values<'a>(&'a self, draft: &'a Draft) -> impl Iterator<Item = (&'a Input, FieldRef<'a>)> {
        draft.values().filter_map(|(field, value)| {
            let mut inputs = self.inputs.iter();
            Some((inputs.find(|input| input.field == field)?, value))
        })
    }

    fn focus(&self, name: &str) -> Result<(), JsValue> {
        let Some(input) = self.inputs.iter().find(|input| input.field.name == name) else {
            return Ok(());
        };
        if self.more.contains(Some(input.element())) {
            self.more.set_attribute("open", "")?;
        }
        input.element().focus()
    }

    fn set_saving(&mut self, is_saving: bool) {
        self.is_saving = is_saving;
        for input in &self.inputs {
            input.set_read_only(is_saving);
        }
    }
}

fn listen(form: &HtmlFormElement, cancel: &HtmlElement, events: &Events) -> Result<(), JsValue> {
    let (typed, submitted) = (events.clone(), events.clone());
    let (cancelled, escaped) = (events.clone(), events.clone());
    dom::on(form, "input", move |event| {
        let field: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(name) = field.and_then(|field| field.get_attribute("name")) {
            typed.send(Event::Typed(name));
        }
    })?;
    dom::on(form, "submit", move |event| {
        event.prevent_default();
        submitted.send(Event::Submitted);
    })?;
    dom::on(cancel, "click", move |_| cancelled.send(Event::Cancelled))?;
    dom::on(form, "keydown", move |event| {
        let event: KeyboardEvent = event.unchecked_into();
        // While a word is composed from several keys, these keys end the composition and no more;
        // browsers that don't say so give the code 229 (UI Events section 5.6.1).
        let is_composing = event.is_composing() || event.key_code() == COMPOSING_KEY_CODE;
        match event.key().as_str() {
            "Enter" if is_composing => event.prevent_default(),
            "Escape" if !is_composing => escaped.send(Event::Escaped),
            _ => {}
        }
    })
}
