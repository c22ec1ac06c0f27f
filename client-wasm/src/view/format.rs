//! Prices as the reader's language and the shop's currency have them.

use std::rc::Rc;

use js_sys::{Array, Function, Intl, Object, Reflect};
use shared::{Draft, Field, FieldRef, LowStock, Price, Text};
use wasm_bindgen::prelude::*;

use crate::model::field_text;

/// How values are written.
pub struct Format {
    /// The reader's words.
    pub text: Rc<Text>,
    /// Up to which stock there are few left.
    pub low_stock: LowStock,
    /// Writes an amount with the shop's currency, where it has one.
    currency: Option<Function>,
    /// Writes a moment.
    moment: Function,
}

impl Format {
    /// For a reader of this language (BCP 47), in a shop with this currency (ISO 4217), if any.
    pub fn new(
        text: Rc<Text>,
        language: &str,
        currency: Option<&str>,
        low_stock: LowStock,
    ) -> Result<Self, JsValue> {
        let currency = currency.filter(|code| !code.is_empty()).map(|code| {
            let options = Object::new();
            Reflect::set(&options, &"style".into(), &"currency".into())?;
            Reflect::set(&options, &"currency".into(), &code.into())?;
            Reflect::set(&options, &"minimumFractionDigits".into(), &2.into())?;
            Reflect::set(&options, &"maximumFractionDigits".into(), &2.into())?;
            let locales = Array::of1(&language.into());
            Ok::<_, JsValue>(Intl::NumberFormat::new(&locales, &options).format())
        });
        Ok(Self {
            text,
            low_stock,
            currency: currency.transpose()?,
            moment: moments(language)?,
        })
    }

    /// A price.
    pub fn price(&self, price: Price) -> String {
        let plain = || self.text.price(price);
        let Some(currency) = &self.currency else {
            return plain();
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 10^11, below 2^53")]
        let amount = price.cents() as f64 / 100.0;
        let written = currency.call1(&JsValue::UNDEFINED, &amount.into());
        written
            .ok()
            .and_then(|text| text.as_string())
            .unwrap_or_else(plain)
    }

    /// A moment that RFC 3339 writes, in the reader's time.
    pub fn moment(&self, at: &str) -> String {
        let written = self
            .moment
            .call1(&JsValue::UNDEFINED, &js_sys::Date::new(&at.into()));
        let written = written.ok().and_then(|text| text.as_string());
        written.unwrap_or_else(|| at.to_owned())
    }

    /// A value as the list shows it; `None` where it shows no text for it.
    pub fn shown(&self, value: FieldRef<'_>) -> Option<String> {
        match value {
            FieldRef::Price(price) => Some(self.price(price)),
            value => field_text::to_list(value, &self.text),
        }
    }

    /// A value in words, whatever kind it is of.
    pub fn words(&self, value: FieldRef<'_>) -> String {
        match value {
            FieldRef::Flag(true) => self.text.get("bulk.yes").to_owned(),
            FieldRef::Flag(false) => self.text.get("bulk.no").to_owned(),
            FieldRef::Urls(urls) => urls.join(", "),
            value => self.shown(value).unwrap_or_default(),
        }
    }

    /// What a product has in a field, in words.
    pub fn field(&self, draft: &Draft, field: &Field) -> String {
        let mut values = draft.values();
        let value = values.find(|(other, _)| *other == field);
        value
            .map(|(_, value)| self.words(value))
            .unwrap_or_default()
    }
}

/// What writes a moment in a language.
fn moments(language: &str) -> Result<Function, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"dateStyle".into(), &"medium".into())?;
    Reflect::set(&options, &"timeStyle".into(), &"medium".into())?;
    let locales = Array::of1(&language.into());
    Ok(Intl::DateTimeFormat::new(&locales, &options).format())
}
