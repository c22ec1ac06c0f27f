//! The parts of the panel beside its fields.

use shared::Text;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlFormElement, KeyboardEvent};

use super::Mode;
use crate::dom;
use crate::event::{Event, Events, PanelEvent};
use crate::view::keys::is_composing;

/// The most categories that are offered.
const MAX_CATEGORIES: usize = 100;

/// The parts of the panel beside its fields.
pub struct Places {
    /// The panel.
    pub panel: HtmlElement,
    /// The form.
    pub form: HtmlFormElement,
    heading: Element,
    notice: Element,
    draft_note: Element,
    submit: HtmlButtonElement,
    next: Element,
    duplicate: Element,
    delete: Element,
    history: Element,
    walk: [Element; 2],
    chips: Element,
    options: Element,
    images: Element,
    /// What lies behind the sheet and can't be reached while it is there.
    behind: Vec<Element>,
    /// The categories that are offered.
    offered: Vec<String>,
    /// The addresses whose images are shown.
    shown_images: Vec<String>,
}

impl Places {
    /// Finds them and listens to them.
    pub fn find(events: &Events) -> Result<Self, JsValue> {
        let panel: HtmlElement = dom::by_id("panel")?;
        let form: HtmlFormElement = dom::by_id("form")?;
        listen(&panel, &form, events)?;
        Ok(Self {
            heading: dom::find(&form, "[data-form-heading]")?,
            notice: dom::find(&form, "[data-form-notice]")?,
            draft_note: dom::find(&form, "[data-draft-note]")?,
            submit: dom::find(&form, "[data-form-submit]")?,
            next: dom::find(&form, "[data-form-next]")?,
            duplicate: dom::find(&form, "[data-form-duplicate]")?,
            delete: dom::find(&form, "[data-form-delete]")?,
            history: dom::find(&form, "[data-form-history]")?,
            walk: [
                dom::find(&form, "[data-panel-previous]")?,
                dom::find(&form, "[data-panel-next]")?,
            ],
            chips: dom::find(&form, "[data-category-chips]")?,
            options: dom::by_id("categories")?,
            images: dom::find(&form, "[data-images]")?,
            panel,
            form,
            behind: behind()?,
            offered: Vec::new(),
            shown_images: Vec::new(),
        })
    }

    /// Shows what the form is for. Tells whether that is another thing than before.
    pub fn paint(&self, mode: &Mode, text: &Text) -> Result<bool, JsValue> {
        let (name, heading, submit) = match mode {
            Mode::Closed => ("", String::new(), ""),
            Mode::Add(_) => ("add", text.get("form.add_title").to_owned(), "form.add"),
            Mode::Edit(product) => {
                let title = product.draft.title.to_string();
                ("edit", title, "form.save")
            }
        };
        let has_changed = self.panel.get_attribute("data-mode").as_deref() != Some(name);
        dom::set_attribute(&self.panel, "data-mode", name)?;
        dom::show(&self.panel, *mode != Mode::Closed)?;
        self.paint_sheet(*mode != Mode::Closed && dom::is_phone()?)?;
        if *mode == Mode::Closed {
            return Ok(has_changed);
        }
        dom::set_text(&self.heading, &heading);
        dom::set_text(&self.submit, text.get(submit));
        let is_edit = matches!(mode, Mode::Edit(_));
        dom::show(&self.next, !is_edit)?;
        let [previous, next] = &self.walk;
        for element in [&self.duplicate, &self.history, &self.delete, previous, next] {
            dom::show(element, is_edit)?;
        }
        Ok(has_changed)
    }

    /// On a phone the panel is a dialog over the page.
    fn paint_sheet(&self, is_sheet: bool) -> Result<(), JsValue> {
        if self.panel.has_attribute("aria-modal") == is_sheet {
            return Ok(());
        }
        for element in &self.behind {
            element.toggle_attribute_with_force("inert", is_sheet)?;
        }
        if is_sheet {
            self.panel.set_attribute("role", "dialog")?;
            self.panel.set_attribute("aria-modal", "true")
        } else {
            self.panel.remove_attribute("role")?;
            self.panel.remove_attribute("aria-modal")
        }
    }

    /// Shows why something was refused, and whether a draft was put back.
    pub fn paint_notice(&self, notice: &str, is_draft: bool) -> Result<(), JsValue> {
        dom::set_text(&self.notice, notice);
        dom::show(&self.notice, !notice.is_empty())?;
        dom::show(&self.draft_note, is_draft)
    }

    /// Offers the categories that are in use.
    pub fn paint_categories(&mut self, categories: &[String]) -> Result<(), JsValue> {
        let categories = &categories[..categories.len().min(MAX_CATEGORIES)];
        if self.offered == categories {
            return Ok(());
        }
        self.offered = categories.to_vec();
        let page = dom::document()?;
        self.options.set_text_content(None);
        self.chips.set_text_content(None);
        for name in categories {
            let option = page.create_element("option")?;
            option.set_attribute("value", name)?;
            self.options.append_child(&option)?;
            let chip = page.create_element("button")?;
            chip.set_attribute("type", "button")?;
            chip.set_attribute("data-category-chip", name)?;
            chip.set_class_name("chip");
            chip.set_text_content(Some(name));
            self.chips.append_child(&chip)?;
        }
        Ok(())
    }

    /// Shows the images at these addresses, one a line.
    pub fn paint_images(&mut self, lines: &str) -> Result<(), JsValue> {
        let is_address = |line: &&str| line.starts_with('/') || line.starts_with("http");
        let lines = lines.lines().map(str::trim).filter(is_address);
        let urls: Vec<String> = lines.take(10).map(str::to_owned).collect();
        if self.shown_images == urls {
            return Ok(());
        }
        self.images.set_text_content(None);
        let page = dom::document()?;
        for url in &urls {
            let image = page.create_element("img")?;
            for (name, value) in [
                ("alt", ""),
                ("width", "64"),
                ("height", "64"),
                ("referrerpolicy", "no-referrer"),
                ("src", url),
            ] {
                image.set_attribute(name, value)?;
            }
            self.images.append_child(&image)?;
        }
        self.shown_images = urls;
        Ok(())
    }
}

fn behind() -> Result<Vec<Element>, JsValue> {
    let page = dom::document()?.document_element();
    let page = page.ok_or("the page has no elements")?;
    dom::find_all(&page, ".live-bar, #filters, #selection, #list")
}

fn listen(panel: &HtmlElement, form: &HtmlFormElement, events: &Events) -> Result<(), JsValue> {
    let typed = events.clone();
    dom::on(form, "input", move |event| {
        let field = dom::closest(&event, "[name]");
        if let Some(name) = field.and_then(|field| field.get_attribute("name")) {
            typed.send(Event::Panel(PanelEvent::Typed(name)));
        }
    })?;
    let submitted = events.clone();
    dom::on(form, "submit", move |event| {
        event.prevent_default();
        let by: Option<&web_sys::SubmitEvent> = event.dyn_ref();
        let by: Option<Element> = by.and_then(|event| Some(event.submitter()?.into()));
        let is_next = by.is_some_and(|button| button.has_attribute("data-form-next"));
        submitted.send(Event::Panel(PanelEvent::Submitted { is_next }));
    })?;
    dom::on(form, "keydown", |event| {
        let event: KeyboardEvent = event.unchecked_into();
        if event.key() == "Enter" && is_composing(&event) {
            event.prevent_default();
        }
    })?;
    let closed = events.clone();
    let scrim: Element = dom::find(&dom::by_id::<Element>("live")?, "[data-scrim]")?;
    dom::on(&scrim, "click", move |_| {
        closed.send(Event::Panel(PanelEvent::Closed));
    })?;
    let pressed = events.clone();
    dom::on(panel, "click", move |event| {
        if let Some(panel_event) = on_click(&event) {
            pressed.send(Event::Panel(panel_event));
        }
    })
}

fn on_click(event: &web_sys::Event) -> Option<PanelEvent> {
    let button = dom::closest(event, "button")?;
    let has = |name: &str| button.has_attribute(name);
    let value = |name: &str| button.get_attribute(name);
    if let Some(field) = value("data-use-theirs") {
        return Some(PanelEvent::Theirs(field));
    }
    if let Some(field) = value("data-keep-mine") {
        return Some(PanelEvent::Mine(field));
    }
    if let Some(name) = value("data-category-chip") {
        return Some(PanelEvent::Category(name));
    }
    Some(match () {
        () if has("data-form-cancel") => PanelEvent::Closed,
        () if has("data-form-duplicate") => PanelEvent::Duplicate,
        () if has("data-form-delete") => PanelEvent::Delete,
        () if has("data-form-history") => PanelEvent::History,
        () if has("data-panel-previous") => PanelEvent::Walk(-1),
        () if has("data-panel-next") => PanelEvent::Walk(1),
        () if has("data-draft-drop") => PanelEvent::Discard,
        () => return None,
    })
}
