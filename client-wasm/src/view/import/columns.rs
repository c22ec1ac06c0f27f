//! Columns of a file whose names are not known: a person says what each is.

use std::collections::BTreeMap;

use shared::{Draft, ImportColumn, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlSelectElement};

use crate::dom;
use crate::event::{Event, Events, ImportEvent};

/// What is said of the columns.
pub struct Columns {
    place: Element,
    list: Element,
    known: Element,
    /// A select for each name that is not known.
    selects: BTreeMap<String, HtmlSelectElement>,
    events: Events,
}

impl Columns {
    /// Finds their place.
    pub fn find(dialog: &Element, events: &Events) -> Result<Self, JsValue> {
        Ok(Self {
            place: dom::find(dialog, "[data-import-columns]")?,
            list: dom::find(dialog, "[data-import-column-list]")?,
            known: dom::find(dialog, "[data-import-known]")?,
            selects: BTreeMap::new(),
            events: events.clone(),
        })
    }

    /// Forgets what was said: another file has other columns.
    pub fn clear(&mut self) {
        self.selects.clear();
        self.list.set_text_content(None);
    }

    /// What was said, as the import's parameter has it; empty where nothing was.
    pub fn to_parameter(&self) -> String {
        let mut said = serde_json::Map::new();
        for (name, select) in &self.selects {
            let field = Some(select.value()).filter(|field| !field.is_empty());
            said.insert(name.clone(), field.into());
        }
        if said.is_empty() {
            return String::new();
        }
        serde_json::Value::Object(said).to_string()
    }

    /// Asks about names that are not known; each begins as one that is left out.
    pub fn paint(&mut self, unknown: &[String], text: &Text) -> Result<(), JsValue> {
        let page = dom::document()?;
        let mut is_new = false;
        for name in unknown {
            if self.selects.contains_key(name) {
                continue;
            }
            is_new = true;
            let label = page.create_element("label")?;
            label.set_text_content(Some(name));
            let select: HtmlSelectElement = page.create_element("select")?.unchecked_into();
            let option = |value: &str, words: &str| -> Result<(), JsValue> {
                let option = page.create_element("option")?;
                option.set_attribute("value", value)?;
                option.set_text_content(Some(words));
                select.append_child(&option)?;
                Ok(())
            };
            option("", text.get("import.leave_out"))?;
            for field in Draft::FIELDS {
                option(field.name, text.get(&format!("form.{}", field.name)))?;
            }
            let events = self.events.clone();
            dom::on(&select, "change", move |_| {
                events.send(Event::Import(ImportEvent::Chosen));
            })?;
            label.append_child(&select)?;
            self.list.append_child(&label)?;
            self.selects.insert(name.clone(), select);
        }
        dom::show(&self.place, !self.selects.is_empty())?;
        if is_new {
            // What is left out unless somebody says otherwise can be looked at without a word.
            self.events.send(Event::Import(ImportEvent::Chosen));
        }
        Ok(())
    }

    /// Says what columns were taken for, where that is not plain.
    pub fn paint_known(&self, columns: &[ImportColumn], text: &Text) -> Result<(), JsValue> {
        let word = |field: &str| text.get(&format!("form.{field}")).to_owned();
        let known = columns.iter().filter_map(|column| {
            let field = column.field.as_ref()?;
            (!column.name.eq_ignore_ascii_case(field))
                .then(|| format!("{} = {}", column.name, word(field)))
        });
        let known: Vec<String> = known.collect();
        let left_out = columns.iter().filter(|column| column.field.is_none());
        let left_out: Vec<&str> = left_out.map(|column| column.name.as_str()).collect();
        let mut words = known.join(" · ");
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            if !words.is_empty() {
                words.push_str(". ");
            }
            words.push_str(&text.fill("import.left_out", &[("names", &names)]));
        }
        dom::set_text(&self.known, &words);
        dom::show(&self.known, !words.is_empty())
    }
}
