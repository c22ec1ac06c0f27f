//! The status line: how fresh the list is, honestly.

use std::rc::Rc;

use shared::{RequestId, Text};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlProgressElement, HtmlTemplateElement};

use crate::dom;
use crate::event::{Event, Events};
use crate::model::freshness::{Freshness, Phase};

/// The status line.
pub struct Status {
    text: Rc<Text>,
    line: Element,
    label: Element,
    detail: Element,
    progress: HtmlProgressElement,
    long: Element,
    waiting_place: Element,
    waiting_list: Element,
    waiting_template: HtmlTemplateElement,
    /// What waits to be sent, in words.
    waiting: Vec<(RequestId, String, bool)>,
    events: Events,
    /// Says that the server was asked by another name than the address has: some proxy's doing.
    other_host: Element,
    is_other_host: bool,
}

impl Status {
    /// Finds the line's places.
    pub fn find(text: Rc<Text>, events: Events) -> Result<Self, JsValue> {
        let line: Element = dom::by_id("status")?;
        let details: Element = dom::by_id("status-details")?;
        let other_host: Element = dom::by_id("other-host")?;
        let asked = other_host.get_attribute("data-host").unwrap_or_default();
        // Some proxies write the port that the scheme has anyway.
        let asked = asked.trim_end_matches(":80").trim_end_matches(":443");
        let host = dom::window()?.location().host()?;
        Ok(Self {
            text,
            label: dom::find(&line, "[data-status-text]")?,
            detail: dom::find(&line, "[data-status-detail]")?,
            progress: dom::find(&line, "[data-status-progress]")?,
            long: dom::find(&details, "[data-status-long]")?,
            waiting_place: dom::find(&details, "[data-waiting]")?,
            waiting_list: dom::find(&details, "[data-waiting-list]")?,
            waiting_template: dom::by_id("waiting-template")?,
            waiting: Vec::new(),
            events,
            line,
            is_other_host: !asked.eq_ignore_ascii_case(&host),
            other_host,
        })
    }

    /// Shows how fresh the list is at this time.
    pub fn paint(&self, freshness: &Freshness, now: f64) -> Result<(), JsValue> {
        let (name, key) = match freshness.phase {
            Phase::Connecting => ("connecting", "status.connecting"),
            Phase::Loading { .. } => ("loading", "status.loading"),
            Phase::CatchingUp => ("catching-up", "status.catching_up"),
            Phase::Live if !freshness.is_writable => ("read-only", "status.read_only"),
            Phase::Live => ("live", "status.live"),
            Phase::Reconnecting => ("reconnecting", "status.reconnecting"),
            Phase::Offline => ("offline", "status.offline"),
        };
        if self.line.get_attribute("data-state").as_deref() != Some(name) {
            self.line.set_attribute("data-state", name)?;
        }
        let percent = match freshness.phase {
            Phase::Loading { percent } => Some(percent),
            _ => None,
        };
        let shown = percent.unwrap_or_default();
        let label = self.text.fill(key, &[("percent", &shown.to_string())]);
        let is_kept_out = freshness.phase == Phase::Offline && !freshness.was_live();
        dom::show(&self.other_host, is_kept_out && self.is_other_host)?;
        dom::set_text(&self.label, &label);
        dom::set_text(&self.detail, &self.detail_text(freshness, now));
        dom::set_text(&self.long, &self.long_text(freshness));
        dom::show(&self.progress, percent.is_some())?;
        self.progress.set_value(shown.into());
        Ok(())
    }

    fn detail_text(&self, freshness: &Freshness, now: f64) -> String {
        let mut details = Vec::new();
        match freshness.phase {
            Phase::Live if freshness.viewers > 0 => {
                details.push(
                    self.text
                        .fill_count("status.here", freshness.viewers as u64),
                );
            }
            Phase::Reconnecting | Phase::Offline => {
                details.extend(self.last_in_step(freshness, now));
            }
            _ => {}
        }
        if freshness.waiting > 0 {
            let waiting = freshness.waiting as u64;
            details.push(self.text.fill_count("status.waiting", waiting));
        }
        details.join(" · ")
    }

    /// What the state means for whoever looks at it.
    fn long_text(&self, freshness: &Freshness) -> String {
        let mut words = Vec::new();
        if !freshness.has_network() {
            words.push(self.text.get("status.no_network"));
        }
        words.push(match freshness.phase {
            Phase::Live if !freshness.is_writable => self.text.get("status.long_read_only"),
            Phase::Live => self.text.get("status.long_live"),
            _ => self.text.get("status.long_away"),
        });
        words.join(" ")
    }

    /// Shows what waits for its answer: where it was never sent with a button that takes it back.
    pub fn paint_waiting(
        &mut self,
        waiting: Vec<(RequestId, String, bool)>,
    ) -> Result<(), JsValue> {
        if self.waiting == waiting {
            return Ok(());
        }
        self.waiting_list.set_text_content(None);
        for (request, words, can_cancel) in &waiting {
            let item = dom::copy_of(&self.waiting_template)?;
            dom::set_text(&dom::find(&item, "[data-waiting-text]")?, words);
            let cancel: Element = dom::find(&item, "[data-waiting-cancel]")?;
            dom::show(&cancel, *can_cancel)?;
            let (events, request) = (self.events.clone(), *request);
            dom::on(&cancel, "click", move |_| {
                events.send(Event::WaitingCancelled(request));
            })?;
            self.waiting_list.append_child(&item)?;
        }
        dom::show(&self.waiting_place, !waiting.is_empty())?;
        self.waiting = waiting;
        Ok(())
    }

    fn last_in_step(&self, freshness: &Freshness, now: f64) -> Option<String> {
        let seconds = freshness.seconds_out_of_step(now)?;
        Some(if seconds < 120 {
            self.text.fill_count("status.last_seconds", seconds)
        } else {
            self.text.fill_count("status.last_minutes", seconds / 60)
        })
    }
}
