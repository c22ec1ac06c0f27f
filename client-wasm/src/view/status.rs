//! The status line: how fresh the list is, honestly.

use std::rc::Rc;

use shared::Text;
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlProgressElement};

use crate::dom;

/// Failed attempts after which the page calls itself offline.
const OFFLINE_AFTER: u32 = 3;

/// What the connection is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Connecting,
    Loading {
        percent: u32,
    },
    CatchingUp,
    Live,
    Reconnecting,
    Offline,
}

/// What is known about the page's freshness.
#[derive(Debug, Default)]
pub struct State {
    phase: Phase,
    /// When the page was last in step, in milliseconds since 1970.
    last_in_step: Option<f64>,
    failures: u32,
    /// How many live pages there are.
    pub viewers: usize,
    /// Commands without an answer.
    pub waiting: usize,
}

impl State {
    /// Whether the page shows what the server has.
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Whether it ever did.
    pub fn was_live(&self) -> bool {
        self.last_in_step.is_some()
    }

    /// A connection is being made.
    pub fn connecting(&mut self) {
        self.phase = match self.last_in_step {
            Some(_) if self.failures >= OFFLINE_AFTER => Phase::Offline,
            Some(_) => Phase::Reconnecting,
            None if self.failures > 0 => Phase::Offline,
            None => Phase::Connecting,
        };
    }

    /// The connection was lost, after so many failed attempts in a row.
    pub fn lost(&mut self, failures: u32) {
        if self.is_live() {
            self.last_in_step = Some(js_sys::Date::now());
        }
        self.failures = failures;
        self.connecting();
    }

    /// A part of the list came.
    pub fn loading(&mut self, part: u32, parts: u32) {
        let percent = part * 100 / parts.max(1);
        self.phase = Phase::Loading { percent };
    }

    /// The list is there; whether it is the newest is not known yet.
    pub fn catching_up(&mut self) {
        self.phase = Phase::CatchingUp;
    }

    /// The page shows what the server has.
    pub fn live(&mut self) {
        self.phase = Phase::Live;
        self.failures = 0;
        self.last_in_step = Some(js_sys::Date::now());
    }
}

/// The status line.
pub struct Status {
    text: Rc<Text>,
    line: Element,
    label: Element,
    detail: Element,
    progress: HtmlProgressElement,
}

impl Status {
    /// Finds the line's places.
    pub fn find(text: Rc<Text>) -> Result<Self, JsValue> {
        let line: Element = dom::by_id("status")?;
        Ok(Self {
            text,
            label: dom::find(&line, "[data-status-text]")?,
            detail: dom::find(&line, "[data-status-detail]")?,
            progress: dom::find(&line, "[data-status-progress]")?,
            line,
        })
    }

    /// Shows the state.
    pub fn paint(&self, state: &State) -> Result<(), JsValue> {
        let (name, key) = match state.phase {
            Phase::Connecting => ("connecting", "status.connecting"),
            Phase::Loading { .. } => ("loading", "status.loading"),
            Phase::CatchingUp => ("catching-up", "status.catching_up"),
            Phase::Live => ("live", "status.live"),
            Phase::Reconnecting => ("reconnecting", "status.reconnecting"),
            Phase::Offline => ("offline", "status.offline"),
        };
        if self.line.get_attribute("data-state").as_deref() != Some(name) {
            self.line.set_attribute("data-state", name)?;
        }
        let percent = match state.phase {
            Phase::Loading { percent } => Some(percent),
            _ => None,
        };
        let shown = percent.unwrap_or_default();
        let label = self.text.fill(key, &[("percent", &shown.to_string())]);
        dom::set_text(&self.label, &label);
        dom::set_text(&self.detail, &self.detail_text(state));
        dom::show(&self.progress, percent.is_some())?;
        self.progress.set_value(shown.into());
        Ok(())
    }

    fn detail_text(&self, state: &State) -> String {
        let mut details = Vec::new();
        match state.phase {
            Phase::Live if state.viewers == 1 => {
                details.push(self.text.get("status.viewers_one").to_owned());
            }
            Phase::Live if state.viewers > 1 => {
                details.push(self.text.counted("status.viewers", state.viewers as u64));
            }
            Phase::Reconnecting | Phase::Offline => details.extend(self.last_in_step(state)),
            _ => {}
        }
        // While live an answer comes at once: a number that flashes up would only unsettle.
        if state.waiting > 0 && !state.is_live() {
            details.push(self.text.counted("status.waiting", state.waiting as u64));
        }
        details.join(" · ")
    }

    fn last_in_step(&self, state: &State) -> Option<String> {
        let milliseconds = (js_sys::Date::now() - state.last_in_step?).max(0.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and centuries fit"
        )]
        let seconds = (milliseconds / 1000.0) as u64;
        Some(if seconds < 120 {
            self.text.counted("status.last_seconds", seconds)
        } else {
            self.text.counted("status.last_minutes", seconds / 60)
        })
    }
}
