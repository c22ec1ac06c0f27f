//! What can be done with what is selected: chosen, looked at, done.

use std::rc::Rc;
use std::sync::Arc;

use shared::number;
use shared::{Price, Product};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlButtonElement, HtmlDialogElement, HtmlInputElement, HtmlSelectElement};

use super::format::Format;
use crate::dom;
use crate::event::{BulkEvent, Event, Events};
use crate::model::bulk::{Calculation, Change, Effect, MAX_PRODUCTS, effect};

/// The most products of which the preview shows what becomes of them.
const MAX_SHOWN: usize = 100;

/// What can be done with what is selected.
pub struct Bulk {
    format: Rc<Format>,
    bar: Element,
    count: Element,
    all: Element,
    dialog: HtmlDialogElement,
    heading: Element,
    input: Element,
    how: HtmlSelectElement,
    value: HtmlInputElement,
    error: Element,
    summary: Element,
    rows: Element,
    notice: Element,
    apply: HtmlButtonElement,
    /// What was chosen, by the name that the page's HTML has for it.
    chosen: Option<String>,
    /// The products that it is about.
    products: Vec<Arc<Product>>,
    is_stale: bool,
    is_busy: bool,
    words: String,
}

impl Bulk {
    /// Finds its places and listens to them.
    pub fn find(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let bar: Element = dom::by_id("selection")?;
        let dialog: HtmlDialogElement = dom::by_id("bulk")?;
        listen(&bar, &dialog, events)?;
        Ok(Self {
            format,
            count: dom::find(&bar, "[data-selection-count]")?,
            all: dom::find(&bar, "[data-selection-all]")?,
            heading: dom::find(&dialog, "[data-bulk-heading]")?,
            input: dom::find(&dialog, "[data-bulk-input]")?,
            how: dom::find(&dialog, "[data-bulk-how]")?,
            value: dom::find(&dialog, "[data-bulk-value]")?,
            error: dom::find(&dialog, "[data-bulk-error]")?,
            summary: dom::find(&dialog, "[data-bulk-summary]")?,
            rows: dom::find(&dialog, "[data-bulk-rows]")?,
            notice: dom::find(&dialog, "[data-bulk-notice]")?,
            apply: dom::find(&dialog, "[data-bulk-apply]")?,
            bar,
            dialog,
            chosen: None,
            products: Vec::new(),
            is_stale: false,
            is_busy: false,
            words: String::new(),
        })
    }

    /// Something was chosen, to be done with these products.
    pub fn choose(&mut self, name: String, products: Vec<Arc<Product>>) -> Result<(), JsValue> {
        let has_value = matches!(name.as_str(), "price" | "stock" | "category");
        dom::show(&self.input, has_value)?;
        dom::show(&self.how, name != "category")?;
        let mode = match name.as_str() {
            "price" => "decimal",
            "stock" => "numeric",
            _ => "text",
        };
        self.value.set_attribute("inputmode", mode)?;
        match name.as_str() {
            "category" => self.value.set_attribute("list", "categories")?,
            _ => self.value.remove_attribute("list")?,
        }
        self.value.set_value("");
        self.how.set_value("set");
        self.words.clear();
        let heading = format!("bulk.{name}_title");
        dom::set_text(&self.heading, self.format.text.get(&heading));
        self.chosen = Some(name);
        self.products = products;
        self.is_stale = true;
        self.is_busy = false;
        self.dialog.show_modal()?;
        if has_value {
            self.value.focus()?;
        }
        Ok(())
    }

    /// Whether something is being done.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// It was not done, or nobody knows, for this reason; maybe since the products are others now.
    pub fn fail(&mut self, products: Option<Vec<Arc<Product>>>, words: &str) {
        if let Some(products) = products {
            self.products = products;
        }
        words.clone_into(&mut self.words);
        self.is_stale = true;
        self.is_busy = false;
    }

    /// Something else was typed or chosen.
    pub fn on_typed(&mut self) {
        self.is_stale = true;
        self.words.clear();
    }

    /// What is to be done, with which products; `None` where it can't be.
    pub fn take(&mut self) -> Option<(Change, Vec<Arc<Product>>)> {
        if self.is_busy {
            return None;
        }
        let change = self.read().ok().flatten()?;
        let impossible = |product: &Arc<Product>| effect(&change, product) == Effect::Impossible;
        if self.products.len() > MAX_PRODUCTS || self.products.iter().any(impossible) {
            return None;
        }
        Some((change, self.products.clone()))
    }

    /// It is being done.
    pub fn wait(&mut self) {
        self.is_busy = true;
        self.words.clear();
    }

    /// It was done, or is not to be.
    pub fn close(&mut self) {
        self.chosen = None;
        self.products.clear();
        self.is_busy = false;
        self.dialog.close();
    }

    /// What was chosen, or why it can't be: nothing where nothing was typed yet.
    fn read(&self) -> Result<Option<Change>, String> {
        let Some(chosen) = &self.chosen else {
            return Ok(None);
        };
        let typed = self.value.value();
        let typed = typed.trim();
        Ok(Some(match chosen.as_str() {
            "delete" => Change::Delete,
            "on_sale" => Change::Status(true),
            "off_sale" => Change::Status(false),
            _ if typed.is_empty() => return Ok(None),
            "category" => {
                let name = dom::nfc(typed);
                let mut fields = serde_json::Map::new();
                fields.insert("category".to_owned(), name.into());
                let patch = shared::Fields::new(fields).patch(dom::nfc);
                let patch = patch.map_err(|reason| {
                    let fields = reason.fields();
                    let told = fields.first().map(|field| field.tell(&self.format.text));
                    told.map(|told| told.message).unwrap_or_default()
                })?;
                Change::Category(patch.category.unwrap_or_default())
            }
            "price" => Change::Price(self.calculation(typed)?),
            _ => Change::Stock(self.calculation(typed)?),
        }))
    }

    fn calculation(&self, typed: &str) -> Result<Calculation, String> {
        let is_minus = typed.starts_with(['-', '−']);
        let digits = typed
            .trim_start_matches(['-', '−', '+'])
            .trim_end_matches('%')
            .trim();
        let is_stock = self.chosen.as_deref() == Some("stock");
        let is_percent = self.how.value() == "percent" || typed.ends_with('%');
        let tell = |rule: shared::Rule| {
            let reason = shared::FieldReason::new("value", rule);
            reason.tell(&self.format.text).message
        };
        let hundredths = if is_stock && !is_percent {
            let grouping = number::Grouping::new(&self.format.text);
            let read = number::read_whole(digits, grouping)
                .map_err(|error| tell(shared::PriceError::from(error).into()))?;
            let count = read
                .to_json()
                .as_u64()
                .and_then(|count| i64::try_from(count).ok());
            let count = count.ok_or_else(|| tell(shared::Rule::NotWhole))?;
            count.saturating_mul(100)
        } else {
            let price = Price::parse(digits).map_err(|error| tell(error.into()))?;
            i64::try_from(price.cents()).unwrap_or(i64::MAX)
        };
        let signed = if is_minus { -hundredths } else { hundredths };
        match self.how.value().as_str() {
            _ if is_percent => Ok(Calculation::Percent(signed)),
            "add" => Ok(Calculation::Add(signed)),
            _ if is_minus => Err(tell(shared::Rule::Negative)),
            _ => Ok(Calculation::Set(signed)),
        }
    }

    /// Shows what is selected and what would come of it.
    pub fn paint(&mut self, selected: usize, shown: usize, is_live: bool) -> Result<(), JsValue> {
        let text = self.format.text.clone();
        dom::show(&self.bar, selected > 0)?;
        if selected > 0 {
            let words = text.fill_count("bulk.selected", selected as u64);
            dom::set_text(&self.count, &words);
            dom::show(&self.all, shown > selected)?;
            let words = text.fill_count("bulk.all", shown as u64);
            dom::set_text(&self.all, &words);
        }
        if self.chosen.is_none() {
            return Ok(());
        }
        let read = self.read();
        let change = read.as_ref().ok().cloned().flatten();
        let effects = self.products.iter().map(|product| {
            let effect = change.as_ref().map(|change| effect(change, product));
            effect.unwrap_or(Effect::None)
        });
        let effects: Vec<Effect> = effects.collect();
        let count = |wanted: fn(&Effect) -> bool| effects.iter().filter(|e| wanted(e)).count();
        let changing = count(|effect| matches!(effect, Effect::Patch(_) | Effect::Delete));
        let impossible = count(|effect| *effect == Effect::Impossible);
        let error = match &read {
            Err(message) => message.clone(),
            Ok(_) if impossible > 0 => {
                let reason = shared::FieldReason::new("value", shared::Rule::Negative);
                reason.tell(&text).message
            }
            Ok(_) if self.products.len() > MAX_PRODUCTS => {
                text.fill_count("bulk.too_many", MAX_PRODUCTS as u64)
            }
            Ok(_) => String::new(),
        };
        dom::set_text(&self.error, &error);
        let summary = match (&change, changing) {
            (None, _) => String::new(),
            (Some(_), 0) => text.get("bulk.nothing").to_owned(),
            (Some(_), changing) => text.fill_count("bulk.changes", changing as u64),
        };
        dom::set_text(&self.summary, &summary);
        let is_delete = change == Some(Change::Delete);
        let key = if is_delete {
            "bulk.apply_delete"
        } else {
            "bulk.apply"
        };
        dom::set_text(&self.apply, &text.fill_count(key, changing as u64));
        let can_apply = changing > 0 && error.is_empty() && is_live && !self.is_busy;
        self.apply.set_disabled(!can_apply);
        let notice = if is_live {
            &self.words
        } else {
            text.get("bulk.offline")
        };
        dom::set_text(&self.notice, notice);
        dom::show(&self.notice, !notice.is_empty())?;
        if std::mem::take(&mut self.is_stale) {
            self.paint_rows(&effects)?;
        }
        Ok(())
    }

    fn paint_rows(&self, effects: &[Effect]) -> Result<(), JsValue> {
        let page = dom::document()?;
        self.rows.set_text_content(None);
        let changing = self.products.iter().zip(effects);
        let changing = changing.filter(|(_, effect)| **effect != Effect::None);
        for (product, effect) in changing.clone().take(MAX_SHOWN) {
            let row = page.create_element("tr")?;
            let cell = |tag: &str, words: &str| -> Result<Element, JsValue> {
                let cell = page.create_element("td")?;
                let inner = page.create_element(tag)?;
                inner.set_text_content(Some(words));
                cell.append_child(&inner)?;
                Ok(cell)
            };
            row.append_child(&*cell("bdi", &product.draft.title)?)?;
            let (before, after) = self.words_of(product, effect);
            row.append_child(&*cell("del", &before)?)?;
            row.append_child(&*cell("ins", &after)?)?;
            self.rows.append_child(&row)?;
        }
        let more = changing.count().saturating_sub(MAX_SHOWN);
        if more > 0 {
            let row = page.create_element("tr")?;
            let cell = page.create_element("td")?;
            let words = self.format.text.fill_count("bulk.more", more as u64);
            cell.set_text_content(Some(&words));
            row.append_child(&cell)?;
            self.rows.append_child(&row)?;
        }
        Ok(())
    }

    /// What a product has before and after.
    fn words_of(&self, product: &Product, effect: &Effect) -> (String, String) {
        let Effect::Patch(patch) = effect else {
            let price = self.format.price(product.draft.price);
            let after = match effect {
                Effect::Impossible => "?",
                _ => "",
            };
            return (price, after.to_owned());
        };
        let given = patch.values().zip(product.draft.values());
        let mut given = given.filter_map(|(given, (_, before))| Some((given?, before)));
        given
            .next()
            .map_or_else(Default::default, |(after, before)| {
                (self.format.words(before), self.format.words(after))
            })
    }
}

fn listen(bar: &Element, dialog: &HtmlDialogElement, events: &Events) -> Result<(), JsValue> {
    let pressed = events.clone();
    dom::on(bar, "click", move |event| {
        let Some(button) = dom::closest(&event, "button") else {
            return;
        };
        let bulk_event = if button.has_attribute("data-selection-clear") {
            BulkEvent::Cleared
        } else if button.has_attribute("data-selection-all") {
            BulkEvent::All
        } else if let Some(name) = button.get_attribute("data-bulk") {
            BulkEvent::Chosen(name)
        } else {
            return;
        };
        pressed.send(Event::Bulk(bulk_event));
    })?;
    let on = |target: &Element, kind, bulk_event: fn() -> BulkEvent| {
        let events = events.clone();
        dom::on(target, kind, move |event| {
            if event.type_() != "input" && event.type_() != "change" {
                event.prevent_default();
            }
            events.send(Event::Bulk(bulk_event()));
        })
    };
    on(dialog, "input", || BulkEvent::Typed)?;
    on(dialog, "change", || BulkEvent::Typed)?;
    on(dialog, "cancel", || BulkEvent::Cancelled)?;
    on(dialog, "submit", || BulkEvent::Applied)?;
    let cancel: Element = dom::find(dialog, "[data-bulk-cancel]")?;
    on(&cancel, "click", || BulkEvent::Cancelled)
}
