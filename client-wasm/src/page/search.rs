//! Which part of the list is shown, and the address that says so.

use wasm_bindgen::prelude::*;
use web_sys::UrlSearchParams;

use super::Page;
use crate::dom;
use crate::event::{Column, FilterEvent};
use crate::model::query::{Query, Sort};
use crate::view;

impl Page {
    pub(super) fn on_filter(&mut self, event: FilterEvent) -> Result<(), JsValue> {
        let mut query = self.index.query().clone();
        match event {
            FilterEvent::Search(search) => query.search = search,
            FilterEvent::Found => return self.open_found(),
            FilterEvent::Tab(tab) => query.tab = tab,
            FilterEvent::Category(category) => query.category = category,
            FilterEvent::Price(min, max) => match self.view.filters.read_prices([&min, &max]) {
                Some([min, max]) => (query.min_price, query.max_price) = (min, max),
                None => return Ok(()),
            },
            FilterEvent::Sort(name) => query.sort = Sort::from_name(&name).unwrap_or_default(),
            FilterEvent::Clear => {
                query = Query {
                    sort: query.sort,
                    ..Query::default()
                };
            }
            // The way back from a sheet leads to the page that it is on.
            FilterEvent::Address if self.sheet.is_pushed => {
                self.sheet.is_pushed = false;
                return self.close_panel();
            }
            FilterEvent::Address => return self.read_address(),
            FilterEvent::Columns => {
                let (hidden, is_dense) = view::columns();
                return self.view.table.set_columns(&hidden, is_dense);
            }
        }
        self.view.filters.fill(&query);
        self.show_query(query)
    }

    /// Shows what the page's address says.
    pub(super) fn read_address(&mut self) -> Result<(), JsValue> {
        let search = dom::window()?.location().search()?;
        let parameters = UrlSearchParams::new_with_str(&search)?;
        let mut pairs = Vec::new();
        for name in [
            "q",
            "category",
            "status",
            "stock",
            "min_price",
            "max_price",
            "sort",
        ] {
            pairs.extend(parameters.get(name).map(|value| (name.to_owned(), value)));
        }
        let query = Query::from_parameters(pairs);
        self.view.filters.fill(&query);
        self.index.set_query(query);
        Ok(())
    }

    /// Shows something else. What stood at the top of what could be seen stays there, where it is shown
    /// still.
    pub(super) fn show_query(&mut self, query: Query) -> Result<(), JsValue> {
        if query == *self.index.query() {
            return Ok(());
        }
        let window = self.view.table.window();
        let first = window.visible(self.index.order().len()).start;
        let anchor = self.index.order().get(first).copied();
        self.index.set_query(query);
        let place = anchor.and_then(|id| self.index.position(id));
        let top = match place {
            Some(place) if window.top > 0.0 => window.keep(first, place),
            _ => 0.0,
        };
        self.view.table.scroll_to(top);
        let count = self.text.number(self.index.order().len() as u64);
        let words = self.text.fill("say.found", &[("count", &count)]);
        self.view.announcer.say(words);
        self.write_address()
    }

    fn write_address(&self) -> Result<(), JsValue> {
        let window = dom::window()?;
        let parameters = UrlSearchParams::new()?;
        for (name, value) in self.index.query().to_parameters() {
            parameters.append(name, &value);
        }
        let query = String::from(parameters.to_string());
        let path = window.location().pathname()?;
        let address = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let history = window.history()?;
        history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
    }

    /// The search was confirmed: opens the product that has this code, or is the only one found, and
    /// is ready for the next code of a scanner; else goes to the list.
    fn open_found(&mut self) -> Result<(), JsValue> {
        let code = dom::nfc(self.index.query().search.trim());
        let with_code = self
            .mirror
            .catalog()
            .with_code(&code)
            .map(|product| product.id);
        let only = match self.index.order() {
            [only] => Some(*only),
            _ => None,
        };
        match (with_code.or(only), self.index.order().first()) {
            (Some(id), _) => {
                self.open_product(id, false)?;
                self.view.filters.focus_search()
            }
            (None, Some(first)) => {
                let first = *first;
                self.view.table.go_to(first, Column::Title, &self.index);
                Ok(())
            }
            (None, None) => Ok(()),
        }
    }
}
