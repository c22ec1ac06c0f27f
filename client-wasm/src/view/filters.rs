//! The search, the tabs and everything else that says which part of the list is shown.

use std::rc::Rc;

use shared::Price;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::format::Format;
use crate::dom;
use crate::event::{Event, Events, FilterEvent, PanelEvent};
use crate::model::drafts::Typed;
use crate::model::index::Index;
use crate::model::query::{Query, Tab};

/// Where the browser keeps which columns are hidden.
const HIDDEN_COLUMNS: &str = "vitrina-hidden-columns";

/// Where it keeps that rows are narrow.
const DENSE: &str = "vitrina-dense";

/// The search, the tabs and what stands beside them.
pub struct Filters {
    format: Rc<Format>,
    bar: Element,
    search: HtmlInputElement,
    tabs: Vec<(Tab, Element, Element)>,
    category: HtmlSelectElement,
    any_category: String,
    price_chip: Element,
    price_menu: HtmlElement,
    prices: [HtmlInputElement; 2],
    price_error: Element,
    sort: HtmlSelectElement,
    clear: Element,
    count: Element,
    draft: Element,
    draft_title: Element,
    /// Adds what was searched for in vain; whoever may change nothing has it not.
    add_sought: Option<Element>,
    exports: Vec<Element>,
    languages: Vec<Element>,
    /// The categories that can be chosen, with how many products each has.
    offered: Vec<(String, usize)>,
}

impl Filters {
    /// Finds their places and listens to them.
    pub fn find(format: Rc<Format>, events: &Events) -> Result<Self, JsValue> {
        let bar: Element = dom::by_id("filters")?;
        let search: HtmlInputElement = dom::by_id("search-text")?;
        let price_menu: HtmlElement = dom::by_id("price-filter")?;
        let mut tabs = Vec::new();
        for tab in Tab::ALL {
            // Where nothing is few there is no tab for it.
            let selector = format!("[data-tab={}]", tab.name());
            let Some(button) = bar.query_selector(&selector)? else {
                continue;
            };
            let count = dom::find(&button, "[data-tab-count]")?;
            tabs.push((tab, button, count));
        }
        let menu: Element = dom::by_id("menu")?;
        let this = Self {
            format,
            category: dom::find(&bar, "[data-category-filter]")?,
            any_category: dom::find::<Element>(&bar, "[data-category-filter] option")?
                .text_content()
                .unwrap_or_default(),
            price_chip: dom::find(&bar, "[data-price-chip]")?,
            prices: [
                dom::find(&price_menu, "[data-min-price]")?,
                dom::find(&price_menu, "[data-max-price]")?,
            ],
            price_error: dom::find(&price_menu, "[data-price-error]")?,
            sort: dom::find(&bar, "[data-sort]")?,
            clear: dom::find(&bar, "[data-clear-filters]")?,
            count: dom::find(&bar, "[data-count]")?,
            draft: dom::find(&bar, "[data-draft]")?,
            draft_title: dom::find(&bar, "[data-draft-continue]")?,
            add_sought: dom::by_id::<Element>("list")?.query_selector("[data-add-sought]")?,
            exports: dom::find_all(&menu, "[data-export]")?,
            languages: dom::find_all(&menu, ".languages a[hreflang]")?,
            offered: Vec::new(),
            bar,
            search,
            tabs,
            price_menu,
        };
        this.listen(events)?;
        listen_to_columns(events)?;
        Ok(this)
    }

    fn listen(&self, events: &Events) -> Result<(), JsValue> {
        let send = |event| Event::Filter(event);
        let (typed, search) = (events.clone(), self.search.clone());
        dom::on(&self.search, "input", move |_| {
            typed.send(send(FilterEvent::Search(search.value())));
        })?;
        let found = events.clone();
        dom::on(&dom::by_id::<Element>("search")?, "submit", move |event| {
            event.prevent_default();
            found.send(send(FilterEvent::Found));
        })?;
        let pressed = events.clone();
        dom::on(&dom::by_id::<Element>("live")?, "click", move |event| {
            let tab = dom::closest(&event, "[data-tab]");
            if let Some(name) = tab.and_then(|tab| tab.get_attribute("data-tab")) {
                let tab = Tab::from_name(&name).unwrap_or_default();
                pressed.send(send(FilterEvent::Tab(tab)));
            } else if dom::closest(&event, "[data-clear-filters]").is_some() {
                pressed.send(send(FilterEvent::Clear));
            } else if dom::closest(&event, "[data-add-sought]").is_some() {
                pressed.send(Event::Panel(PanelEvent::AddSought));
            } else if dom::closest(&event, "[data-draft-continue]").is_some() {
                pressed.send(Event::Panel(PanelEvent::Continue));
            } else if dom::closest(&event, "[data-draft-discard]").is_some() {
                pressed.send(Event::Panel(PanelEvent::Discard));
            }
        })?;
        let (chosen, category) = (events.clone(), self.category.clone());
        dom::on(&self.category, "change", move |_| {
            let name = Some(category.value()).filter(|name| !name.is_empty());
            chosen.send(send(FilterEvent::Category(name)));
        })?;
        let (sorted, sort) = (events.clone(), self.sort.clone());
        dom::on(&self.sort, "change", move |_| {
            sorted.send(send(FilterEvent::Sort(sort.value())));
        })?;
        let (priced, [min, max]) = (events.clone(), self.prices.clone());
        dom::on(&self.price_menu, "submit", move |event| {
            event.prevent_default();
            priced.send(send(FilterEvent::Price(min.value(), max.value())));
        })?;
        let gone = events.clone();
        dom::on(&dom::window()?, "popstate", move |_| {
            gone.send(send(FilterEvent::Address));
        })
    }

    /// Goes to the search.
    pub fn focus_search(&self) -> Result<(), JsValue> {
        self.search.focus()?;
        self.search.select();
        Ok(())
    }

    /// Reads prices as they were typed; where one can't be read it says why.
    pub fn read_prices(&self, typed: [&str; 2]) -> Option<[Option<Price>; 2]> {
        let mut prices = [None, None];
        for (price, typed) in prices.iter_mut().zip(typed) {
            if typed.trim().is_empty() {
                continue;
            }
            match Price::parse(typed.trim()) {
                Ok(read) => *price = Some(read),
                Err(error) => {
                    let rule = shared::Rule::from(error);
                    let reason = shared::FieldReason::new("price", rule);
                    let message = reason.tell(&self.format.text).message;
                    dom::set_text(&self.price_error, &message);
                    return None;
                }
            }
        }
        dom::set_text(&self.price_error, "");
        // It is open only where it was just sent off.
        let _ = self.price_menu.hide_popover();
        Some(prices)
    }

    /// Fills in what is shown, where that came from elsewhere.
    pub fn fill(&self, query: &Query) {
        if self.search.value() != query.search {
            self.search.set_value(&query.search);
        }
        let decimal = self.format.text.get("number.decimal");
        let write = |price: Option<Price>| {
            let text = price.map(|price| price.to_string().replace('.', decimal));
            text.unwrap_or_default()
        };
        self.prices[0].set_value(&write(query.min_price));
        self.prices[1].set_value(&write(query.max_price));
    }

    /// Shows what is shown, and how much of everything there is.
    pub fn paint(
        &mut self,
        index: &Index,
        is_loaded: bool,
        draft: Option<&Typed>,
    ) -> Result<(), JsValue> {
        let query = index.query().clone();
        let text = self.format.text.clone();
        for (tab, button, count) in &self.tabs {
            let is_pressed = (*tab == query.tab).to_string();
            dom::set_attribute(button, "aria-pressed", &is_pressed)?;
            let number = text.number(index.count(*tab) as u64);
            dom::set_text(count, if is_loaded { &number } else { "" });
        }
        self.paint_categories(index, &query)?;
        let price = |key, price: Option<Price>| Some((key, self.format.price(price?)));
        let words = match (price("min", query.min_price), price("max", query.max_price)) {
            (None, None) => text.get("form.price").to_owned(),
            (Some((key, price)), None) | (None, Some((key, price))) => {
                text.fill(&format!("filter.{key}"), &[(key, &price)])
            }
            (Some((_, min)), Some((_, max))) => {
                text.fill("filter.price", &[("min", &min), ("max", &max)])
            }
        };
        dom::set_text(&self.price_chip, &words);
        let has_price = query.min_price.is_some() || query.max_price.is_some();
        dom::set_class(&self.price_chip, "is-set", has_price)?;
        if self.sort.value() != query.sort.name() {
            self.sort.set_value(&query.sort.name());
        }
        dom::show(&self.clear, query.is_filtering())?;
        self.paint_count(index, is_loaded);
        dom::show(&self.draft, draft.is_some())?;
        if let Some(draft) = draft {
            let title = Some(draft.title()).filter(|title| !title.is_empty());
            let title = title.unwrap_or(text.get("draft.untitled"));
            let words = text.fill("draft.continue", &[("title", title)]);
            dom::set_text(&self.draft_title, &words);
        }
        self.paint_add_sought(&query)?;
        self.paint_links(&query)
    }

    fn paint_add_sought(&self, query: &Query) -> Result<(), JsValue> {
        let Some(button) = &self.add_sought else {
            return Ok(());
        };
        let sought = query.search.trim();
        let is_offered = !sought.is_empty() && query.is_search_alone();
        if is_offered {
            let values = [("sought", sought)];
            dom::set_text(button, &self.format.text.fill("filter.add_sought", &values));
        }
        dom::show(button, is_offered)
    }

    fn paint_count(&self, index: &Index, is_loaded: bool) {
        if index.is_searching() {
            return;
        }
        let all = index.count(Tab::All);
        let shown = index.order().len();
        let text = &self.format.text;
        let words = if !is_loaded {
            String::new()
        } else if index.query().is_filtering() {
            let number = |count: usize| text.number(count as u64);
            let values = [("count", &*number(shown)), ("all", &*number(all))];
            text.fill("filter.count", &values)
        } else {
            text.product_count(all)
        };
        dom::set_text(&self.count, &words);
    }

    fn paint_categories(&mut self, index: &Index, query: &Query) -> Result<(), JsValue> {
        let categories = index.categories();
        let mut categories: Vec<(String, usize)> = categories
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        // One that is asked for stays, also where no product has it.
        if let Some(asked) = &query.category
            && !categories.iter().any(|(name, _)| name == asked)
        {
            categories.push((asked.clone(), 0));
        }
        // One that somebody chooses from stays as it is until they have.
        let active = dom::document()?.active_element();
        let is_in_use = active.as_ref() == Some(self.category.as_ref());
        if self.offered != categories && !is_in_use {
            let page = dom::document()?;
            self.category.set_text_content(None);
            let option = |value: &str, words: &str| -> Result<(), JsValue> {
                let option = page.create_element("option")?;
                option.set_attribute("value", value)?;
                option.set_text_content(Some(words));
                self.category.append_child(&option)?;
                Ok(())
            };
            option("", &self.any_category)?;
            for (name, count) in &categories {
                let count = self.format.text.number(*count as u64);
                let values = [("category", name.as_str()), ("count", &*count)];
                option(name, &self.format.text.fill("filter.category", &values))?;
            }
            self.offered = categories;
        }
        let chosen = query.category.as_deref().unwrap_or_default();
        if self.category.value() != chosen {
            self.category.set_value(chosen);
        }
        dom::set_class(&self.category, "is-set", query.category.is_some())
    }

    /// What is exported is what is shown, and in another language it is the same.
    fn paint_links(&self, query: &Query) -> Result<(), JsValue> {
        let parameters = web_sys::UrlSearchParams::new()?;
        for (name, value) in query.to_parameters() {
            parameters.append(name, &value);
        }
        for link in &self.languages {
            parameters.set("lang", &link.get_attribute("hreflang").unwrap_or_default());
            let query = String::from(parameters.to_string());
            dom::set_attribute(link, "href", &format!("?{query}"))?;
        }
        parameters.delete("lang");
        for link in &self.exports {
            let format = link.get_attribute("data-export").unwrap_or_default();
            parameters.set("format", &format);
            if format == "csv" {
                parameters.set("bom", "true");
            } else {
                parameters.delete("bom");
            }
            let query = String::from(parameters.to_string());
            dom::set_attribute(link, "href", &format!("api/products/export?{query}"))?;
        }
        Ok(())
    }

    /// Shows the filters, or makes room for what can be done with what is selected.
    pub fn show(&self, is_shown: bool) -> Result<(), JsValue> {
        dom::show(&self.bar, is_shown)
    }
}

/// The columns that are hidden, and whether rows are narrow, as the browser keeps it.
pub fn columns() -> (Vec<String>, bool) {
    let hidden = dom::stored(HIDDEN_COLUMNS).unwrap_or_default();
    let hidden = hidden.split_whitespace().map(str::to_owned).collect();
    (hidden, dom::stored(DENSE).is_some())
}

fn listen_to_columns(events: &Events) -> Result<(), JsValue> {
    let menu: Element = dom::by_id("columns")?;
    let (hidden, is_dense) = columns();
    for (input, name) in column_boxes(&menu)? {
        input.set_checked(match &name {
            Some(name) => !hidden.contains(name),
            None => is_dense,
        });
    }
    let events = events.clone();
    let place = menu.clone();
    dom::on(&menu, "change", move |_| {
        let boxes = column_boxes(&place).unwrap_or_default();
        let hidden: Vec<String> = boxes
            .iter()
            .filter(|(input, name)| name.is_some() && !input.checked())
            .filter_map(|(_, name)| name.clone())
            .collect();
        let is_dense = boxes
            .iter()
            .any(|(input, name)| name.is_none() && input.checked());
        let hidden = Some(hidden.join(" ")).filter(|hidden| !hidden.is_empty());
        dom::store(HIDDEN_COLUMNS, hidden.as_deref());
        dom::store(DENSE, is_dense.then_some("yes"));
        events.send(Event::Filter(FilterEvent::Columns));
    })
}

/// The boxes of the columns with their names; the one without a name is for narrow rows.
fn column_boxes(menu: &Element) -> Result<Vec<(HtmlInputElement, Option<String>)>, JsValue> {
    let boxes: Vec<HtmlInputElement> = dom::find_all(menu, "input")?;
    Ok(boxes
        .into_iter()
        .map(|input| {
            let name = input.get_attribute("data-column");
            (input, name)
        })
        .collect())
}
