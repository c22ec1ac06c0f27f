//! The live page: one queue of events, one copy of the catalog, one touch of the DOM per frame.

use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::StreamExt;
use gloo_timers::callback::Interval;
use shared::{
    Change, ClientId, Fields, Mirror, Problem, ProductId, RawCommand, Reason, RequestId,
    ServerMessage, Step, Text,
};
use wasm_bindgen::prelude::*;

use crate::dom;
use crate::event::{Event, Events};
use crate::link::outbox::{Outbox, Purpose};
use crate::link::socket::{Link, Order, Position};
use crate::link::upload::Upload;
use crate::link::wake;
use crate::model::freshness::Freshness;
use crate::model::upload::Progress;
use crate::view::{self, Form, Import, List, Mark, Status, Submission, Toasts, UploadOrder, View};

/// The live page.
pub struct Page {
    events: Events,
    queue: mpsc::UnboundedReceiver<Event>,
    link: Link,
    position: Position,
    mirror: Mirror,
    /// The link offers the mirror's position to go on from, and the server has not answered yet.
    is_offering: bool,
    outbox: Outbox,
    view: View,
    freshness: Freshness,
    /// The file that is on its way.
    upload: Option<Upload>,
    text: Rc<Text>,
    frame: Frame,
    _seconds: Interval,
}

/// Asks the browser for one call before the next paint.
struct Frame {
    callback: js_sys::Function,
    is_asked: bool,
}

impl Page {
    /// Finds the page's places, listens, and starts the link.
    pub fn open() -> Result<Self, JsValue> {
        let (events, queue) = Events::new();
        let text: web_sys::Element = dom::by_id("text")?;
        let text = Text::from_json(&text.text_content().unwrap_or_default())
            .map_err(|error| error.to_string())?;
        let text = Rc::new(text);
        let view = View {
            list: List::find(text.clone(), &events)?,
            form: Form::find(text.clone(), &events)?,
            import: Import::find(text.clone(), &events)?,
            status: Status::find(text.clone())?,
            toasts: Toasts::find(text.clone(), events.clone())?,
        };
        wake::listen(&events)?;
        let position = Position::default();
        let link = Link::start(client_id()?, position.clone(), events.clone());
        let (on_frame, on_second) = (events.clone(), events.clone());
        let callback = Closure::<dyn FnMut()>::new(move || on_frame.send(Event::Frame));
        let frame = Frame {
            callback: callback.into_js_value().unchecked_into(),
            is_asked: false,
        };
        Ok(Self {
            events,
            queue,
            link,
            position,
            mirror: Mirror::default(),
            is_offering: false,
            outbox: Outbox::default(),
            view,
            freshness: Freshness::default(),
            upload: None,
            text,
            frame,
            _seconds: Interval::new(1_000, move || on_second.send(Event::Second)),
        })
    }

    /// Takes one event after the other, as long as the page lives.
    pub async fn run(mut self) {
        while let Some(event) = self.queue.next().await {
            if let Err(error) = self.take(event) {
                web_sys::console::error_1(&error);
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<(), JsValue> {
        match event {
            Event::Connecting => {
                self.is_offering = self.mirror.position().is_some();
                self.freshness.connecting();
            }
            Event::Lost { failures } => {
                self.mirror.interrupt();
                self.outbox.lost();
                self.freshness.lost(failures, dom::now());
            }
            Event::Message(text) => self.take_message(&text)?,
            Event::Wake => self.link.order(Order::Wake),
            Event::Left => self.link.order(Order::Restart),
            Event::Frame => return self.paint(),
            Event::Second if self.freshness.is_live() => return Ok(()),
            Event::Second => {}
            Event::MarksSeen(rows) => return view::unmark(&rows),
            Event::Typed(field) => self.view.form.on_typed(&field, self.mirror.catalog())?,
            Event::Submitted => self.submit()?,
            Event::Escaped if self.view.form.edits().is_none() => return Ok(()),
            Event::Cancelled | Event::Escaped => self.stop_editing()?,
            Event::Edit(id) => self.edit(id)?,
            Event::Delete(id) => self.delete(id)?,
            Event::Undo(toast) => self.undo(toast),
            Event::ToastClosed(toast) => self.view.toasts.close(toast),
            Event::Import(event) => {
                if let Some(order) = self.view.import.take(event) {
                    self.send_file(order)?;
                }
            }
            Event::Upload { number, progress } => self.view.import.on_progress(number, progress),
        }
        self.ask_for_frame()
    }

    fn send_file(&mut self, order: UploadOrder) -> Result<(), JsValue> {
        // One that is still on its way is stopped.
        self.upload = None;
        if let UploadOrder::Send {
            file,
            on_duplicate,
            is_dry_run,
            number,
        } = order
        {
            let events = self.events.clone();
            let tell = move |progress| events.send(Event::Upload { number, progress });
            match Upload::start(&file, on_duplicate, is_dry_run, tell) {
                Ok(upload) => self.upload = Some(upload),
                Err(error) => {
                    self.view
                        .import
                        .on_progress(number, Progress::Ended(Err(None)));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn ask_for_frame(&mut self) -> Result<(), JsValue> {
        if !self.frame.is_asked {
            self.frame.is_asked = true;
            dom::window()?.request_animation_frame(&self.frame.callback)?;
        }
        Ok(())
    }

    /// Everything that is shown is brought up to date here, and nowhere else.
    fn paint(&mut self) -> Result<(), JsValue> {
        self.frame.is_asked = false;
        let is_loaded = self.freshness.was_live();
        let has_more = self.view.list.paint(self.mirror.catalog(), is_loaded)?;
        self.freshness.waiting = self.outbox.len();
        self.view.status.paint(&self.freshness, dom::now())?;
        self.view.form.paint(self.freshness.is_live())?;
        self.view.import.paint()?;
        if has_more {
            self.ask_for_frame()?;
        }
        Ok(())
    }

    fn take_message(&mut self, text: &str) -> Result<(), JsValue> {
        let message: ServerMessage = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => {
                // A newer server may say more than this client knows.
                dom::warn(&format!("can't read a message: {error}"));
                return Ok(());
            }
        };
        match &message {
            ServerMessage::Done { request, .. } => self.on_done(*request)?,
            ServerMessage::Refused { request, problem } => self.on_refusal(*request, problem)?,
            ServerMessage::Pulse {
                viewers, writable, ..
            } => {
                self.freshness.viewers = *viewers;
                self.freshness.is_writable = *writable;
            }
            ServerMessage::Closing { retry_after_ms } => {
                let wait = Duration::from_millis((*retry_after_ms).into());
                self.link.order(Order::ComeBackAfter(wait));
            }
            ServerMessage::Snapshot { .. } | ServerMessage::Changes { .. } => {}
        }
        let is_pulse = matches!(message, ServerMessage::Pulse { .. });
        match self.mirror.take(message) {
            Step::Loading { part, parts } => self.freshness.loading(part, parts),
            Step::Replaced => {
                if std::mem::take(&mut self.is_offering) {
                    self.forget_history()?;
                }
                self.view.list.on_snapshot(self.mirror.catalog());
                self.freshness.catching_up();
                self.edited_product_may_be_gone()?;
            }
            Step::Changed(changes) => {
                self.is_offering = false;
                self.on_changes(&changes)?;
            }
            Step::Disagreed => self.start_over()?,
            Step::Agreed => self.is_offering = false,
            Step::Nothing => {}
        }
        *self.position.borrow_mut() = self.mirror.position();
        if is_pulse && self.mirror.position().is_some() {
            self.freshness.live(dom::now());
            self.send_waiting();
        }
        Ok(())
    }

    /// The copy is wrong although every message was applied: say so, and load it anew.
    fn start_over(&mut self) -> Result<(), JsValue> {
        dom::warn("this page's list differs from the server's; loading it anew");
        self.mirror = Mirror::default();
        self.freshness.catching_up();
        self.link.order(Order::Restart);
        self.forget_history()
    }

    fn on_changes(&mut self, changes: &[Change]) -> Result<(), JsValue> {
        for change in changes {
            let mark = match change {
                // Nobody has seen the list before: the changes complete a snapshot.
                _ if !self.freshness.was_live() => None,
                Change::Added(_) => Some(Mark::Added),
                Change::Updated(_) => Some(Mark::Updated),
                Change::Deleted(_) => Some(Mark::Deleted),
            };
            self.view.list.on_change(change.id(), mark);
            if let Change::Updated(product) = change
                && self.view.form.edits() == Some(product.id)
            {
                self.view.form.rebase(product);
            }
        }
        self.edited_product_may_be_gone()
    }

    fn edited_product_may_be_gone(&mut self) -> Result<(), JsValue> {
        if let Some(id) = self.view.form.edits()
            && self.mirror.catalog().get(id).is_none()
        {
            self.view.list.set_editing(None)?;
            self.view.form.orphan();
        }
        Ok(())
    }

    fn submit(&mut self) -> Result<(), JsValue> {
        let Some(submission) = self.view.form.submit(self.mirror.catalog())? else {
            return Ok(());
        };
        match submission {
            Submission::Add(draft) => self.send(Purpose::Form, RawCommand::Add { draft }),
            Submission::Update {
                id,
                patch,
                revision,
            } => {
                let if_revision = Some(revision);
                let update = RawCommand::Update {
                    id,
                    patch,
                    if_revision,
                };
                self.send(Purpose::Form, update);
            }
            Submission::Nothing => return self.stop_editing(),
        }
        Ok(())
    }

    fn edit(&mut self, id: ProductId) -> Result<(), JsValue> {
        if let Some(product) = self.mirror.catalog().get(id)
            && self.view.form.edit(product)?
        {
            self.view.list.set_editing(Some(id))?;
        }
        Ok(())
    }

    fn stop_editing(&mut self) -> Result<(), JsValue> {
        self.view.list.set_editing(None)?;
        self.view.form.clear()
    }

    fn delete(&mut self, id: ProductId) -> Result<(), JsValue> {
        let Some(product) = self.mirror.catalog().get(id) else {
            return Ok(());
        };
        if !self.view.list.set_leaving(id, true)? {
            return Ok(());
        }
        let purpose = Purpose::Delete {
            id,
            title: product.draft.title.to_string(),
            fields: Fields::from(&product.draft),
        };
        let if_revision = None;
        self.send(purpose, RawCommand::Delete { id, if_revision });
        Ok(())
    }

    fn undo(&mut self, toast: u32) {
        if let Some((title, draft)) = self.view.toasts.take_undo(toast) {
            self.send(Purpose::Restore { title }, RawCommand::Add { draft });
        }
    }

    fn send(&mut self, purpose: Purpose, command: RawCommand) {
        self.outbox.put(purpose, command);
        if self.freshness.is_live() {
            self.send_waiting();
        }
    }

    fn send_waiting(&mut self) {
        for frame in self.outbox.take_unsent() {
            self.link.order(Order::Send(frame));
        }
    }

    fn on_done(&mut self, request: RequestId) -> Result<(), JsValue> {
        match self.outbox.take_answered(request) {
            Some(Purpose::Form) => {
                self.view.list.set_editing(None)?;
                self.view.form.on_saved()
            }
            Some(Purpose::Delete { title, fields, .. }) => {
                self.view.toasts.show_deleted(&title, fields)
            }
            Some(Purpose::Restore { .. }) | None => Ok(()),
        }
    }

    fn on_refusal(&mut self, request: Option<RequestId>, problem: &Problem) -> Result<(), JsValue> {
        let Some(purpose) = request.and_then(|request| self.outbox.take_answered(request)) else {
            dom::warn(&problem.message);
            return Ok(());
        };
        self.not_done(purpose, problem)
    }

    fn not_done(&mut self, purpose: Purpose, problem: &Problem) -> Result<(), JsValue> {
        let message = problem.message.as_str();
        match purpose {
            Purpose::Form => self.view.form.on_refusal(problem, self.mirror.catalog()),
            Purpose::Delete { id, title, .. } => {
                self.view.list.set_leaving(id, false)?;
                // Somebody else was faster: what was wanted is so.
                if self.mirror.catalog().get(id).is_none() {
                    return Ok(());
                }
                self.view
                    .toasts
                    .show_failure("toast.not_deleted", &title, message)
            }
            Purpose::Restore { title } => {
                self.view
                    .toasts
                    .show_failure("toast.not_restored", &title, message)
            }
        }
    }

    /// The server's catalog has another history than this page knew, or is another catalog: what
    /// was to be done with products of the old one is refused, for in the new one their ids may
    /// be others'.
    fn forget_history(&mut self) -> Result<(), JsValue> {
        if self.view.form.edits().is_some() {
            self.view.list.set_editing(None)?;
            self.view.form.orphan();
        }
        for (id, purpose) in self.outbox.take_by_id() {
            let mut problem = Reason::NotFound(id).tell(&self.text);
            self.text
                .get("toast.other_list")
                .clone_into(&mut problem.message);
            self.not_done(purpose, &problem)?;
        }
        Ok(())
    }
}

/// A name for this client that no other has.
fn client_id() -> Result<ClientId, JsValue> {
    let mut bytes = [0; 16];
    dom::window()?
        .crypto()?
        .get_random_values_with_u8_array(&mut bytes)?;
    let name = u128::from_ne_bytes(bytes);
    Ok(ClientId(format!("{name:032x}").into()))
}
