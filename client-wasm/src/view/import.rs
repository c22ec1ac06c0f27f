//! The dialog that imports a file: first it shows what would come of it, then it does it.

mod columns;
mod drops;

use std::rc::Rc;

use shared::{ImportColumn, ImportMessage, OnDuplicate, Problem, Text, Totals};
use wasm_bindgen::prelude::*;
use web_sys::{
    Element, File, HtmlButtonElement, HtmlDialogElement, HtmlInputElement, HtmlProgressElement,
    HtmlSelectElement,
};

use crate::dom;
use crate::event::{Event, Events, ImportEvent};
use crate::model::upload::Progress;

use columns::Columns;

/// What the dialog wants done with a file. Whatever is on its way already is stopped.
pub enum UploadOrder {
    /// Send it.
    Send {
        /// The file.
        file: File,
        /// What is done with codes that are taken.
        on_duplicate: OnDuplicate,
        /// Which fields its columns are, as the import's parameter has it.
        columns: String,
        /// Whether the server only tells what would come of it.
        is_dry_run: bool,
        /// The upload's number, which its reports carry: some of an earlier one may still be in
        /// the queue.
        number: u32,
    },
    /// Send nothing.
    Stop,
}

/// How far the import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// There is no file.
    #[default]
    Choosing,
    /// The server looks what would come of the file.
    Checking,
    /// The server has told.
    Ready,
    /// The file is imported.
    Importing,
    /// The import has ended.
    Done,
}

/// What is known about the file.
#[derive(Default)]
struct Findings {
    totals: Totals,
    /// Rows that were refused, by their lines.
    refused: Vec<(u64, Problem)>,
    /// Why it ended early.
    failure: Option<String>,
    /// Names of columns that the server doesn't know.
    unknown: Vec<String>,
    /// What columns were taken for, where that is not plain.
    columns: Vec<ImportColumn>,
    is_finished: bool,
}

/// The dialog.
pub struct Import {
    text: Rc<Text>,
    dialog: HtmlDialogElement,
    places: Places,
    phase: Phase,
    file: Option<File>,
    findings: Findings,
    columns: Columns,
    /// The part of the file that the server has read at least, from 0 to 1.
    read: f64,
    /// How many rows the file has, known once it was looked at.
    rows: u64,
    /// The number of the upload that counts.
    number: u32,
    is_open: bool,
    /// Whether the list of refused rows is other than the one that is shown.
    is_stale: bool,
}

/// The parts of the dialog.
struct Places {
    picker: HtmlInputElement,
    drop: Element,
    body: Element,
    name: Element,
    on_duplicate: HtmlSelectElement,
    progress: HtmlProgressElement,
    summary: Element,
    notice: Element,
    refused: Element,
    more: Element,
    start: HtmlButtonElement,
    close: Element,
}

impl Import {
    /// Finds the dialog's places and listens to them.
    pub fn find(text: Rc<Text>, events: &Events) -> Result<Self, JsValue> {
        let dialog: HtmlDialogElement = dom::by_id("import")?;
        let places = Places {
            picker: dom::find(&dialog, "[data-import-file]")?,
            drop: dom::find(&dialog, "[data-import-drop]")?,
            body: dom::find(&dialog, "[data-import-body]")?,
            name: dom::find(&dialog, "[data-import-name]")?,
            on_duplicate: dom::find(&dialog, "[data-import-on-duplicate]")?,
            progress: dom::find(&dialog, "[data-import-progress]")?,
            summary: dom::find(&dialog, "[data-import-summary]")?,
            notice: dom::find(&dialog, "[data-import-notice]")?,
            refused: dom::find(&dialog, "[data-import-refused]")?,
            more: dom::find(&dialog, "[data-import-more]")?,
            start: dom::find(&dialog, "[data-import-start]")?,
            close: dom::find(&dialog, "[data-import-close]")?,
        };
        let columns = Columns::find(&dialog, events)?;
        listen(&dialog, &places, events)?;
        drops::listen(events)?;
        Ok(Self {
            text,
            dialog,
            places,
            phase: Phase::default(),
            file: None,
            findings: Findings::default(),
            columns,
            read: 0.0,
            rows: 0,
            number: 0,
            is_open: false,
            is_stale: false,
        })
    }

    /// Takes what somebody did, and returns what is to be done with the file.
    pub fn take(&mut self, event: ImportEvent) -> Option<UploadOrder> {
        let is_busy = self.phase == Phase::Importing;
        match event {
            ImportEvent::Opened => {
                self.is_open = true;
                None
            }
            ImportEvent::Picked(_) if is_busy => None,
            ImportEvent::Picked(file) => {
                self.is_open = true;
                self.columns.clear();
                let refused = refusal(&file.name());
                self.file = Some(file);
                if let Some(key) = refused {
                    // Sent, it would only be refused in other words.
                    self.number += 1;
                    self.findings = Findings::default();
                    self.phase = Phase::Ready;
                    self.findings.failure = Some(self.text.get(key).to_owned());
                    return Some(UploadOrder::Stop);
                }
                self.send(Phase::Checking)
            }
            ImportEvent::Chosen if matches!(self.phase, Phase::Checking | Phase::Ready) => {
                self.send(Phase::Checking)
            }
            ImportEvent::Started if self.phase == Phase::Ready => self.send(Phase::Importing),
            ImportEvent::Chosen | ImportEvent::Started => None,
            ImportEvent::Closed if is_busy => {
                self.number += 1;
                self.end(Some(self.text.get("import.stopped").to_owned()));
                Some(UploadOrder::Stop)
            }
            ImportEvent::Closed => {
                self.clear();
                Some(UploadOrder::Stop)
            }
        }
    }

    /// Takes what became of an upload.
    pub fn on_progress(&mut self, number: u32, progress: Progress) {
        if number != self.number {
            return;
        }
        match progress {
            Progress::Read(part) => self.read = part,
            Progress::Told(message) => self.on_message(message),
            Progress::Ended(Ok(())) if self.findings.is_finished => self.end(None),
            Progress::Ended(result) => {
                let lost = || self.text.get("import.lost").to_owned();
                let words = result.err().flatten();
                let words = words.or_else(|| self.findings.failure.take());
                self.end(Some(words.unwrap_or_else(lost)));
            }
        }
    }

    fn on_message(&mut self, message: ImportMessage) {
        match message {
            ImportMessage::Progress(totals) => self.findings.totals = totals,
            ImportMessage::RowRefused { line, problem } => {
                self.findings.refused.push((line, problem));
                self.is_stale = true;
            }
            ImportMessage::Finished { totals, .. } => {
                self.findings.totals = totals;
                self.findings.is_finished = true;
            }
            ImportMessage::Columns { columns } => self.findings.columns = columns,
            ImportMessage::Failed { line, problem } => {
                let unknown = problem
                    .fields
                    .iter()
                    .filter(|field| field.code == "unknown");
                self.findings.unknown = unknown.map(|field| field.field.clone()).collect();
                self.findings.failure = Some(self.row_words(line, &problem));
            }
        }
    }

    fn end(&mut self, failure: Option<String>) {
        self.findings.failure = failure;
        self.phase = match self.phase {
            Phase::Importing => Phase::Done,
            _ => Phase::Ready,
        };
    }

    /// Has the file sent, to be looked at or to be imported.
    fn send(&mut self, phase: Phase) -> Option<UploadOrder> {
        let file = self.file.clone()?;
        self.number += 1;
        self.rows = self.findings.totals.rows;
        self.findings = Findings::default();
        self.is_stale = true;
        self.read = 0.0;
        self.phase = phase;
        Some(UploadOrder::Send {
            file,
            on_duplicate: self.places.on_duplicate.value().parse().unwrap_or_default(),
            columns: self.columns.to_parameter(),
            is_dry_run: phase == Phase::Checking,
            number: self.number,
        })
    }

    fn clear(&mut self) {
        self.number += 1;
        self.file = None;
        self.findings = Findings::default();
        self.phase = Phase::Choosing;
        self.is_open = false;
        self.is_stale = true;
        self.places.picker.set_value("");
        // To change products that are there is something to choose each time.
        self.places
            .on_duplicate
            .set_value(OnDuplicate::default().into());
    }

    /// Shows how far it is.
    pub fn paint(&mut self) -> Result<(), JsValue> {
        if self.is_open != self.dialog.open() {
            if self.is_open {
                self.dialog.show_modal()?;
            } else {
                self.dialog.close();
            }
        }
        if !self.is_open {
            return Ok(());
        }
        let places = &self.places;
        let is_choosing = self.phase == Phase::Choosing;
        let is_moving = matches!(self.phase, Phase::Checking | Phase::Importing);
        dom::show(&places.drop, is_choosing)?;
        dom::show(&places.body, !is_choosing)?;
        let name = self.file.as_ref().map(File::name).unwrap_or_default();
        dom::set_text(&places.name, &name);
        let can_choose = matches!(self.phase, Phase::Checking | Phase::Ready);
        places.on_duplicate.set_disabled(!can_choose);
        dom::show(&places.progress, is_moving)?;
        match self.part() {
            Some(part) => places.progress.set_value(part),
            None => places.progress.remove_attribute("value")?,
        }
        dom::set_text(&places.summary, &self.summary());
        self.columns.paint(&self.findings.unknown, &self.text)?;
        self.columns
            .paint_known(&self.findings.columns, &self.text)?;
        let is_unknown = !self.findings.unknown.is_empty();
        let failure = self.findings.failure.as_deref();
        // What is to be said of columns says enough.
        let failure = failure.filter(|_| !is_moving && !is_unknown);
        dom::set_text(&places.notice, failure.unwrap_or_default());
        dom::show(&places.notice, failure.is_some())?;
        self.paint_buttons()?;
        if std::mem::take(&mut self.is_stale) {
            self.paint_refused()?;
        }
        let hidden = self.findings.totals.refused - self.shown_refused();
        let more = self.text.fill_count("import.more", hidden);
        dom::set_text(&self.places.more, &more);
        dom::show(&self.places.more, hidden > 0)
    }

    /// The part that is done, from 0 to 1; `None` where that can't be known.
    fn part(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let of_rows = self.findings.totals.rows as f64 / self.rows.max(1) as f64;
        match self.phase {
            Phase::Importing => Some(of_rows.min(1.0).max(self.read)),
            _ => (self.read > 0.0).then_some(self.read),
        }
    }

    fn paint_buttons(&self) -> Result<(), JsValue> {
        let Places { start, close, .. } = &self.places;
        let Totals { added, updated, .. } = self.findings.totals;
        let count = added + updated;
        let can_start = self.phase == Phase::Ready && self.findings.is_finished && count > 0;
        dom::show(start, self.phase == Phase::Ready)?;
        start.set_disabled(!can_start);
        dom::set_text(start, &self.text.fill_count("import.start", count));
        let key = match self.phase {
            Phase::Importing => "import.stop",
            Phase::Done => "import.close",
            _ => "import.cancel",
        };
        dom::set_text(close, self.text.get(key));
        Ok(())
    }

    /// The refused rows that are told of, which are no more than were refused.
    fn shown_refused(&self) -> u64 {
        let shown = self.findings.refused.len() as u64;
        shown.min(self.findings.totals.refused)
    }

    fn paint_refused(&self) -> Result<(), JsValue> {
        let place = &self.places.refused;
        place.set_text_content(None);
        let document = dom::document()?;
        for (line, problem) in &self.findings.refused {
            let item = document.create_element("li")?;
            item.set_text_content(Some(&self.row_words(*line, problem)));
            place.append_child(&item)?;
        }
        dom::show(place, !self.findings.refused.is_empty())
    }

    /// What is wrong with a row, in one line.
    fn row_words(&self, line: u64, problem: &Problem) -> String {
        let (line, message) = (self.text.number(line), problem.in_one_line());
        let values = [("line", line.as_str()), ("message", message.as_str())];
        self.text.fill("import.row", &values)
    }

    /// What was found or done so far, in numbers.
    fn summary(&self) -> String {
        let Totals {
            added,
            updated,
            skipped,
            refused,
            ..
        } = self.findings.totals;
        let is_import = matches!(self.phase, Phase::Importing | Phase::Done);
        let (new, changed, problems) = if is_import {
            ("import.added", "import.updated", "import.not_imported")
        } else {
            ("import.new", "import.changed", "import.with_problems")
        };
        let parts: Vec<String> = [
            (new, added),
            (changed, updated),
            ("import.unchanged", skipped),
            (problems, refused),
        ]
        .into_iter()
        .filter(|(key, count)| *count > 0 || *key == new)
        .map(|(key, count)| self.text.fill_count(key, count))
        .collect();
        match self.phase {
            Phase::Choosing => String::new(),
            // How much was done before nobody can say: the rest of the answer never came.
            Phase::Done if self.findings.failure.is_some() => String::new(),
            Phase::Checking if self.findings.totals.rows == 0 => {
                self.text.get("import.checking").to_owned()
            }
            _ => parts.join(" · "),
        }
    }
}

/// What is to be said of a file that is no list, by its name.
fn refusal(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let (_, end) = name.rsplit_once('.')?;
    match end {
        "xlsx" | "xls" | "xlsm" | "ods" | "numbers" => Some("import.spreadsheet"),
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "svg" | "avif" | "heic" => Some("import.picture"),
        "pdf" | "doc" | "docx" | "zip" => Some("import.other"),
        _ => None,
    }
}

fn listen(dialog: &Element, places: &Places, events: &Events) -> Result<(), JsValue> {
    let on = |target: &Element, kind, event: fn() -> ImportEvent| {
        let events = events.clone();
        dom::on(target, kind, move |_| events.send(Event::Import(event())))
    };
    on(&dom::by_id("open-import")?, "click", || ImportEvent::Opened)?;
    on(&places.on_duplicate, "change", || ImportEvent::Chosen)?;
    on(&places.start, "click", || ImportEvent::Started)?;
    on(&places.close, "click", || ImportEvent::Closed)?;
    let (closed, chosen) = (events.clone(), events.clone());
    // The Escape key: what is under way is stopped first.
    dom::on(dialog, "cancel", move |event| {
        event.prevent_default();
        closed.send(Event::Import(ImportEvent::Closed));
    })?;
    let picker = places.picker.clone();
    dom::on(&places.picker, "change", move |_| {
        if let Some(file) = picker.files().and_then(|files| files.get(0)) {
            chosen.send(Event::Import(ImportEvent::Picked(file)));
        }
    })
}
