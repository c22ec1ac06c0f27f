//! Which part of the list is shown, and the address that says so.

use shared::ProductId;
use wasm_bindgen::prelude::*;
use web_sys::UrlSearchParams;

use super::Page;
use crate::dom;
use crate::event::{Column, Event, FilterEvent, TableEvent};
use crate::model::query::{Query, Sort};
use crate::view;

/// The part of a frame for looking through the list, in milliseconds.
const SEEK_MS: f64 = 6.0;

impl Page {
    pub(super) fn on_filter(&mut self, event: FilterEvent) -> Result<(), JsValue> {
        let mut query = self.index.query().clone();
        match event {
            FilterEvent::Search(search) => query.search = search,
            FilterEvent::Found => {
                if self.open_found()? {
                    // It is ready for the next code of a scanner.
                    self.view.filters.focus_search()?;
                }
                return Ok(());
            }
            FilterEvent::Scanned(codes) => return self.on_scanned(&codes),
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
        if query == *self.index.query() {
            return Ok(());
        }
        self.told_query = query.clone();
        self.index.set_query(query);
        self.finish_where_somebody_is();
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
        self.finish_where_somebody_is();
        let mut top = 0.0;
        if window.top > 0.0 {
            let place = anchor.and_then(|id| self.index.position(id));
            top = place.map_or(0.0, |place| window.keep(first, place));
        }
        self.view.table.scroll_to(top);
        self.write_address()
    }

    /// Goes on with a search for a part of a frame, and makes words ready to be searched while nobody searches.
    pub(super) fn seek(&mut self) -> Result<(), JsValue> {
        let clock = dom::window()?.performance();
        let clock = clock.ok_or("the browser has no clock")?;
        let end = clock.now() + SEEK_MS;
        let has_time = || clock.now() < end;
        self.index.seek(has_time);
        if self.index.is_searching() {
            return self.ask_for_frame();
        }
        if self.told_query != *self.index.query() {
            self.told_query = self.index.query().clone();
            let count = self.text.number(self.index.order().len() as u64);
            let words = self.text.fill("say.found", &[("count", &count)]);
            self.view.announcer.say(words);
        }
        if self.was_loaded && self.index.prepare(has_time) {
            self.ask_for_frame()?;
        }
        Ok(())
    }

    /// A place that is scrolled to, a focused row and a cell that is changed are in what is found at once.
    fn finish_where_somebody_is(&mut self) {
        let table = &self.view.table;
        let is_there =
            table.window().top > 0.0 || table.has_focus() || table.editor.product().is_some();
        if is_there {
            self.index.finish();
        }
    }

    /// Whoever acts on the list acts on all of it.
    pub(super) fn finish_search_for(&mut self, event: &Event) {
        if let Event::Table(TableEvent::Press(..) | TableEvent::Key(_) | TableEvent::Commit(_))
        | Event::Panel(_)
        | Event::Bulk(_)
        | Event::Shortcut(_)
        | Event::Printing(_) = event
        {
            self.index.finish();
        }
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

    /// A camera has read these codes. One that no product has is searched for alone.
    fn on_scanned(&mut self, codes: &[String]) -> Result<(), JsValue> {
        let known = codes
            .iter()
            .find_map(|code| Some((code, self.with_code(code)?)));
        let Some(code) = known.map(|(code, _)| code).or(codes.first()) else {
            return Ok(());
        };
        let query = Query {
            search: code.clone(),
            sort: self.index.query().sort,
            ..Query::default()
        };
        self.view.filters.fill(&query);
        self.show_query(query)?;
        match known {
            Some((_, id)) => self.open_product(id, false),
            None => Ok(()),
        }
    }

    fn with_code(&self, code: &str) -> Option<ProductId> {
        let code = dom::nfc(code.trim());
        let product = self.mirror.catalog().with_code(&code)?;
        Some(product.id)
    }

    /// The search was confirmed: opens the product that has this code, or is the only one found; else goes
    /// to the list. Tells whether one was opened.
    fn open_found(&mut self) -> Result<bool, JsValue> {
        self.index.finish();
        let with_code = self.with_code(&self.index.query().search);
        let only = match self.index.order() {
            [only] => Some(*only),
            _ => None,
        };
        match (with_code.or(only), self.index.order().first()) {
            (Some(id), _) => {
                self.open_product(id, false)?;
                Ok(true)
            }
            (None, Some(first)) => {
                let first = *first;
                self.view.table.go_to(first, Column::Title, &self.index);
                Ok(false)
            }
            (None, None) => Ok(false),
        }
    }
}
