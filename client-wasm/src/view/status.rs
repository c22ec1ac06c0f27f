//! The status line: how fresh the list is, honestly.

use std::rc::Rc;

use shared::Text;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlProgressElement};

use crate::dom;
use crate::model::freshness::{Freshness, Phase};

/// The status line.
pub struct Status {
    text: Rc<Text>,
    line: Element,
    label: Element,
    detail: Element,
    progress: HtmlProgressElement,
    /// Says that the server was asked by another name than the address has: some proxy's doing.
    other_host: Element,
    is_other_host: bool,
}

impl Status {
    /// Finds the line's places.
    pub fn find(text: Rc<Text>) -> Result<Self, JsValue> {
        let line: Element = dom::by_id("status")?;
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
        dom::show(&self.progress, percent.is_some())?;
        self.progress.set_value(shown.into());
        Ok(())
    }

    fn detail_text(&self, freshness: &Freshness, now: f64) -> String {
        let mut details = Vec::new();
        match freshness.phase {
            Phase::Live if freshness.viewers == 1 => {
                details.push(self.text.get("status.viewers_one").to_owned());
            }
            Phase::Live if freshness.viewers > 1 => {
                details.push(
                    self.text
                        .fill_count("status.viewers", freshness.viewers as u64),
                );
            }
            Phase::Reconnecting | Phase::Offline => {
                details.extend(self.last_in_step(freshness, now));
            }
            _ => {}
        }
        // While live an answer comes at once: a number that flashes up would only unsettle.
        let is_answered = freshness.is_live() && freshness.is_writable;
        if freshness.waiting > 0 && !is_answered {
            details.push(
                self.text
                    .fill_count("status.waiting", freshness.waiting as u64),
            );
        }
        details.join(" · ")
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
