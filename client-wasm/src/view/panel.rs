//! The panel with the form that adds a product or changes one. It knows no socket: it gives what was
//! filled in, and is told what became of it.

mod conflicts;
mod errors;
mod input;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use shared::{Catalog, Draft, FieldRef, Fields, Patch, Product, ProductId, RequestId};
use wasm_bindgen::prelude::*;

use self::input::Input;
use self::places::Places;
use super::format::Format;
use crate::dom;
use crate::event::Events;
use crate::model::drafts::{Subject, Typed};

/// What the form was sent off with.
pub enum Submission {
    /// A new product.
    Add(Fields),
    /// Other fields for a product.
    Update {
        /// The product as the form shows it.
        base: Arc<Product>,
        /// What was changed.
        patch: Patch,
    },
    /// Editing that changed nothing.
    Nothing,
}

/// What the panel shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mode {
    /// Nothing: it is closed.
    #[default]
    Closed,
    /// A new product. The number tells it from others that are not saved yet.
    Add(u64),
    /// This product, as it was when its fields were filled in, or as it became since.
    Edit(Arc<Product>),
}

/// The panel.
pub struct Panel {
    format: Rc<Format>,
    places: Places,
    /// In the form's order.
    inputs: Vec<Input>,
    /// Whether it only shows.
    is_read_only: bool,
    mode: Mode,
    /// Fields in which somebody has typed: only these show what is wrong with them.
    touched: BTreeSet<&'static str>,
    /// What the server said about a field, until something else is typed into it.
    refused: BTreeMap<&'static str, String>,
    /// Fields that somebody else changed, too, to something else.
    conflicts: BTreeSet<&'static str>,
    /// Why something was refused.
    notice: String,
    /// A draft was put back.
    is_draft: bool,
    /// The command that saves what is filled in.
    saving: Option<RequestId>,
    /// Another product is to follow the one that is being added.
    is_next: bool,
}

impl Panel {
    /// Finds the panel's places and listens to them.
    pub fn find(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let places = Places::find(events)?;
        Ok(Self {
            format,
            inputs: Input::find_all(&places.form)?,
            is_read_only: dom::is_read_only()?,
            places,
            mode: Mode::Closed,
            touched: BTreeSet::new(),
            refused: BTreeMap::new(),
            conflicts: BTreeSet::new(),
            notice: String::new(),
            is_draft: false,
            saving: None,
            is_next: false,
        })
    }

    /// What it shows.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// The product that is edited.
    pub fn edits(&self) -> Option<ProductId> {
        match &self.mode {
            Mode::Edit(product) => Some(product.id),
            Mode::Closed | Mode::Add(_) => None,
        }
    }

    /// What is filled in, if anything is.
    pub fn subject(&self) -> Option<Subject> {
        match &self.mode {
            Mode::Closed => None,
            Mode::Add(number) => Some(Subject::New(*number)),
            Mode::Edit(product) => Some(Subject::Product(product.id)),
        }
    }

    /// The command that saves what is filled in.
    pub fn saving(&self) -> Option<RequestId> {
        self.saving
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
    pub fn submit(
        &mut self,
        is_next: bool,
        catalog: &Catalog,
    ) -> Result<Option<Submission>, JsValue> {
        if self.saving.is_some() {
            return Ok(None);
        }
        self.notice.clear();
        self.refused.clear();
        self.touched
            .extend(self.inputs.iter().map(|input| input.field.name));
        let reasons = self.check(catalog);
        self.show_errors(&reasons)?;
        if let Some(name) = self.conflicts.first() {
            self.format
                .text
                .get("conflict.open")
                .clone_into(&mut self.notice);
            self.focus(name)?;
            return Ok(None);
        }
        let (true, Ok(draft)) = (reasons.is_empty(), self.fields().draft(dom::nfc)) else {
            self.focus_first_error()?;
            return Ok(None);
        };
        self.is_next = is_next;
        Ok(Some(match &self.mode {
            Mode::Closed | Mode::Add(_) => Submission::Add(Fields::from(&draft)),
            Mode::Edit(base) => match Patch::between(&base.draft, draft) {
                patch if patch == Patch::default() => Submission::Nothing,
                patch => Submission::Update {
                    base: base.clone(),
                    patch,
                },
            },
        }))
    }

    /// What was filled in is on its way, and is waited for.
    pub fn wait_for(&mut self, request: RequestId) {
        self.set_saving(Some(request));
    }

    /// What was sent off is saved, or waits for the connection: room for the next product, of this number,
    /// or the end. Tells whether the panel stays open.
    pub fn on_saved(&mut self, next: u64) -> Result<bool, JsValue> {
        if !(self.is_next && matches!(self.mode, Mode::Add(_))) {
            self.close()?;
            return Ok(false);
        }
        let category = self
            .inputs
            .iter()
            .find(|input| input.field.name == "category");
        let category = category.map(Input::raw).unwrap_or_default();
        self.add(next)?;
        if let Some(input) = self
            .inputs
            .iter()
            .find(|input| input.field.name == "category")
        {
            input.set_raw(&category);
        }
        self.focus("title")?;
        Ok(true)
    }

    /// Opens it to add a product, which has this number until it is saved.
    pub fn add(&mut self, number: u64) -> Result<(), JsValue> {
        self.clear()?;
        self.mode = Mode::Add(number);
        Ok(())
    }

    /// Opens it with a product.
    pub fn edit(&mut self, product: &Arc<Product>) -> Result<(), JsValue> {
        self.clear()?;
        for (input, value) in self.values(&product.draft) {
            input.fill(value, &self.format.text);
        }
        self.mode = Mode::Edit(product.clone());
        self.show_notes()
    }

    /// Opens it to add a product with the same fields; its code is its own.
    pub fn duplicate(&mut self, number: u64) -> Result<(), JsValue> {
        self.set_saving(None);
        self.mode = Mode::Add(number);
        self.conflicts.clear();
        self.notice.clear();
        if let Some(code) = self.inputs.iter().find(|input| input.field.name == "code") {
            code.set_raw("");
        }
        self.show_notes()?;
        self.focus("code")
    }

    /// Puts back what was typed once.
    pub fn restore(&mut self, typed: &Typed) -> Result<(), JsValue> {
        for input in &self.inputs {
            if let Some(raw) = typed.fields.get(input.field.name) {
                input.set_raw(raw);
            }
        }
        self.is_draft = true;
        if let (Mode::Edit(now), Some(base)) = (self.mode.clone(), &typed.base) {
            self.mode = Mode::Edit(Arc::new(base.clone()));
            self.rebase(&now)?;
        }
        self.show_notes()
    }

    /// What is typed and not saved; `None` where there is nothing.
    pub fn typed(&self) -> Option<Typed> {
        let text = &self.format.text;
        let is_other = match &self.mode {
            Mode::Closed => false,
            Mode::Add(_) => {
                let is_given = |input: &Input| {
                    !matches!(input.field.name, "status" | "category") && !input.raw().is_empty()
                };
                self.inputs.iter().any(is_given)
            }
            Mode::Edit(base) => {
                let mut values = self.values(&base.draft);
                values.any(|(input, value)| !input.shows(value, text))
            }
        };
        is_other.then(|| Typed {
            base: match &self.mode {
                Mode::Edit(base) => Some(Product::clone(base)),
                Mode::Closed | Mode::Add(_) => None,
            },
            number: match self.mode {
                Mode::Add(number) => number,
                Mode::Closed | Mode::Edit(_) => 0,
            },
            fields: self
                .inputs
                .iter()
                .map(|input| (input.field.name.to_owned(), input.raw()))
                .collect(),
        })
    }

    /// Fills in a field for whoever fills in the form.
    pub fn begin(&mut self, field: &str, raw: &str) {
        let input = self.inputs.iter().find(|input| input.field.name == field);
        if let Some(input) = input {
            input.set_raw(raw);
        }
    }

    /// The product was deleted elsewhere: what is filled in can be added anew.
    pub fn orphan(&mut self, number: u64) -> Result<(), JsValue> {
        self.mode = Mode::Add(number);
        self.set_saving(None);
        self.conflicts.clear();
        self.format
            .text
            .get("say.gone")
            .clone_into(&mut self.notice);
        self.show_notes()
    }

    /// Closes it.
    pub fn close(&mut self) -> Result<(), JsValue> {
        self.clear()?;
        self.mode = Mode::Closed;
        Ok(())
    }

    /// Whether the focus is in it.
    pub fn has_focus(&self) -> bool {
        let focused = dom::document().ok().and_then(|page| page.active_element());
        focused.is_some_and(|focused| self.places.panel.contains(Some(&focused)))
    }

    /// Goes to the first field.
    pub fn focus_first(&self) -> Result<(), JsValue> {
        self.focus("title")
    }

    /// Shows heading, notice and buttons as they are now.
    pub fn paint(&mut self, categories: &[String]) -> Result<(), JsValue> {
        let has_changed = self.places.paint(&self.mode, &self.format.text)?;
        self.places.paint_notice(&self.notice, self.is_draft)?;
        if self.mode == Mode::Closed && !has_changed {
            return Ok(());
        }
        self.places.paint_categories(categories)?;
        let urls = self
            .inputs
            .iter()
            .find(|input| input.field.name == "thumbnails");
        self.places
            .paint_images(&urls.map(Input::raw).unwrap_or_default())
    }

    fn clear(&mut self) -> Result<(), JsValue> {
        self.set_saving(None);
        self.places.form.reset();
        self.notice.clear();
        self.touched.clear();
        self.refused.clear();
        self.conflicts.clear();
        self.is_draft = false;
        self.is_next = false;
        self.show_errors(&[])?;
        self.show_notes()
    }

    /// Everything that is filled in, as the rules read it.
    fn fields(&self) -> Fields {
        let mut fields = serde_json::Map::new();
        for input in &self.inputs {
            if let Some(value) = input.value(&self.format.text) {
                fields.insert(input.field.name.to_owned(), value);
            }
        }
        Fields::new(fields)
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

    /// Goes to a field.
    pub fn focus(&self, name: &str) -> Result<(), JsValue> {
        match self.inputs.iter().find(|input| input.field.name == name) {
            Some(input) => {
                // What is hidden takes no focus, and what is to be shown is not painted yet.
                dom::show(&self.places.panel, true)?;
                input.element().focus()
            }
            None => Ok(()),
        }
    }

    fn set_saving(&mut self, request: Option<RequestId>) {
        self.saving = request;
        for input in &self.inputs {
            input.set_read_only(request.is_some() || self.is_read_only);
        }
    }
}
