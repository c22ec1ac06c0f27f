//! The live page: one queue of events, one copy of the catalog, one touch of the DOM per frame.

mod bulk;
mod commands;
mod history;
mod list;
mod looks;
mod messages;
mod panel;
mod refusals;
mod search;
mod undo;
mod viewer;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use futures_channel::mpsc;
use futures_util::StreamExt;
use gloo_timers::callback::Interval;
use shared::{ClientId, LowStock, Mirror, Patch, ProductId, RequestId, Revision, Role, Said, Text};
use wasm_bindgen::prelude::*;
use web_sys::Element;

use crate::dom;
use crate::event::{Event, Events, Shortcut};
use crate::link::kept;
use crate::link::outbox::Outbox;
use crate::link::socket::{Link, Order, Position};
use crate::link::upload::Upload;
use crate::link::wake;
use crate::link::windows::Windows;
use crate::model::drafts::{Drafts, Subject};
use crate::model::freshness::Freshness;
use crate::model::index::{Index, Moves};
use crate::model::query::Query;
use crate::model::selection::Selection;
use crate::model::undo::Undo;
use crate::model::upload::Progress;
use crate::view::{self, Action, Format, Mark, Mode, UploadOrder, View};

/// After so long without an answer a command is said to wait, in milliseconds.
const LATE_MS: f64 = 3_000.0;

/// How long a changed row stays marked, in milliseconds; `style.css` fades it over a shorter time.
const MARKED_MS: f64 = 2_000.0;

/// How long another server may tell of a page that has left it, in milliseconds.
const LEFT_MS: f64 = 7_000.0;

/// The live page.
pub struct Page {
    events: Events,
    queue: mpsc::UnboundedReceiver<Event>,
    client: ClientId,
    link: Link,
    position: Position,
    mirror: Mirror,
    /// The link offers the mirror's position to go on from, and the server has not answered yet.
    is_offering: bool,
    outbox: Outbox,
    /// What was done to products by changes that have not come yet, and by which revision they will have.
    settling: Vec<(ProductId, Patch, Revision)>,
    /// What the form was filled in for whose commands are under way.
    saving: HashMap<RequestId, Subject>,
    /// Commands that are to be undone as soon as they are done.
    undo_when_done: HashSet<RequestId>,
    index: Index,
    /// Products that have changed since the list was brought up to date.
    dirty: HashSet<ProductId>,
    /// Products that this page asked for: they are shown wherever somebody is.
    expected: HashSet<ProductId>,
    /// What happened to products a moment ago, and until when that is shown.
    marks: HashMap<ProductId, (Mark, f64)>,
    selection: Selection,
    undo: Undo,
    drafts: Drafts,
    /// The batch that is on its way.
    batch: Option<bulk::Sent>,
    /// How many batches there were.
    batches: u32,
    /// The number of the last product that was begun to be filled in.
    last_new: u64,
    /// What had the focus last.
    focused: Option<web_sys::HtmlElement>,
    /// The other windows of this browser.
    windows: Windows,
    /// The products that they have open.
    elsewhere: HashMap<ClientId, ProductId>,
    /// The product that they were told is open here.
    told_open: Option<ProductId>,
    /// The one that the server was told by this connection.
    told_server: Option<ProductId>,
    /// When it connected again, in milliseconds since 1970.
    came_back: f64,
    /// The products that other pages have open, as the server says, each as often as pages do.
    open_there: Vec<ProductId>,
    /// The revision up to which the history was asked for while somebody looks at it.
    told_history: Revision,
    /// Where the panel is a sheet over the page, the browser's way back closes it.
    sheet: Sheet,
    view: View,
    freshness: Freshness,
    /// The file that is on its way.
    upload: Option<Upload>,
    text: Rc<Text>,
    pointer: Pointer,
    /// What whoever looks at it may do.
    role: Role,
    is_printing: bool,
    was_loaded: bool,
    /// What was shown when somebody was last told how much of it there is.
    told_query: Query,
    frame: Frame,
    _seconds: Interval,
}

/// Whether the browser's history has an entry for the sheet.
#[derive(Default)]
struct Sheet {
    is_pushed: bool,
}

/// Where the pointer is.
#[derive(Default)]
struct Pointer {
    /// It is over the list.
    is_over: bool,
    /// When the list moved under it, in milliseconds since 1970.
    startled: f64,
}

/// Asks the browser for one call before the next paint.
struct Frame {
    callback: js_sys::Function,
    is_asked: bool,
}

impl Page {
    /// Finds the page's places, listens, and starts the link.
    pub async fn open() -> Result<Self, JsValue> {
        let (events, queue) = Events::new();
        let text: Element = dom::by_id("text")?;
        let text = Text::from_json(&text.text_content().unwrap_or_default())
            .map_err(|error| error.to_string())?;
        let text = Rc::new(text);
        let root = dom::document()?.document_element();
        let language = root.and_then(|root| root.get_attribute("lang"));
        let grid: Element = dom::by_id("grid")?;
        let currency = grid.get_attribute("data-currency");
        let low_stock = grid.get_attribute("data-low-stock");
        let low_stock = low_stock.and_then(|low| low.parse().ok());
        let low_stock = low_stock.map_or_else(LowStock::default, LowStock);
        let language = language.unwrap_or_default();
        let role = if dom::is_read_only()? {
            Role::Viewer
        } else {
            Role::Editor
        };
        let format = Rc::new(Format::new(
            text.clone(),
            &language,
            currency.as_deref(),
            low_stock,
        )?);
        let mut view = View::find(&text, &format, &events)?;
        let (hidden, is_dense) = view::columns();
        view.table.set_columns(&hidden, is_dense)?;
        wake::listen(&events)?;
        let position = Position::default();
        let (client, outbox) = kept::take().await?;
        let link = Link::start(client.clone(), position.clone(), events.clone());
        let (client_name, window_events) = (client.clone(), events.clone());
        let (on_frame, on_second) = (events.clone(), events.clone());
        let callback = Closure::<dyn FnMut()>::new(move || on_frame.send(Event::Frame));
        let frame = Frame {
            callback: callback.into_js_value().unchecked_into(),
            is_asked: false,
        };
        let mut page = Self {
            events,
            queue,
            client,
            link,
            position,
            mirror: Mirror::default(),
            is_offering: false,
            outbox,
            settling: Vec::new(),
            saving: HashMap::new(),
            undo_when_done: HashSet::new(),
            index: Index::new(dom::nfkd, low_stock),
            dirty: HashSet::new(),
            expected: HashSet::new(),
            marks: HashMap::new(),
            selection: Selection::default(),
            undo: Undo::default(),
            drafts: Drafts::default(),
            batch: None,
            batches: 0,
            last_new: 0,
            focused: None,
            windows: Windows::start(client_name, &window_events)?,
            elsewhere: HashMap::new(),
            told_open: None,
            told_server: None,
            came_back: f64::NEG_INFINITY,
            open_there: Vec::new(),
            told_history: Revision(0),
            sheet: Sheet::default(),
            view,
            freshness: Freshness::default(),
            upload: None,
            text,
            pointer: Pointer::default(),
            role,
            is_printing: false,
            was_loaded: false,
            told_query: Query::default(),
            frame,
            _seconds: Interval::new(1_000, move || on_second.send(Event::Second)),
        };
        page.read_address()?;
        if role >= Role::Editor {
            page.read_drafts();
        }
        Ok(page)
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
        let Some(event) = self.allowed(event) else {
            return Ok(());
        };
        self.finish_search_for(&event);
        match event {
            Event::Connecting => {
                if self.freshness.was_live() {
                    self.came_back = dom::now();
                }
                self.is_offering = self.mirror.position().is_some();
                self.freshness.connecting();
                self.told_server = None;
                self.open_there.clear();
            }
            Event::Lost { failures } => self.on_lost(failures)?,
            Event::SentAway => {
                // The page that is loaded then knows who is there and what they may do, or asks. What was
                // typed and what waits is kept.
                dom::window()?.location().reload()?;
            }
            Event::Message(text) => self.take_message(&text)?,
            Event::Wake => {
                kept::hold_name();
                self.link.order(Order::Wake);
            }
            Event::Window { client, open } => match open {
                Some(id) => drop(self.elsewhere.insert(client, id)),
                None => drop(self.elsewhere.remove(&client)),
            },
            Event::WindowAsks => self.windows.tell(self.told_open),
            Event::Left => {
                self.windows.tell(None);
                self.told_open = None;
                kept::leave_name(&self.client, &self.outbox);
                self.link.order(Order::Restart);
            }
            Event::Network(has_network) => {
                self.freshness.set_network(has_network, dom::now());
                // Whether the server can be reached is found out by trying.
                self.link.order(Order::Restart);
            }
            Event::Frame => return self.paint(),
            Event::Second => {
                self.view.toasts.expire(dom::now())?;
                self.follow_history()?;
            }
            Event::History(event) => self.on_history(event)?,
            Event::Table(event) => self.on_table(&event)?,
            Event::Panel(event) => self.on_panel(event)?,
            Event::Filter(event) => self.on_filter(event)?,
            Event::Bulk(event) => self.on_bulk(event)?,
            Event::Batch { number, outcome } => self.on_batch(number, outcome)?,
            Event::Undo(number) => self.undo(number)?,
            Event::Open(id) => self.open_product(id, true)?,
            Event::ToastClosed(toast) => self.view.toasts.close(toast),
            Event::WaitingCancelled(request) => self.cancel(request)?,
            Event::Shortcut(shortcut) => self.on_shortcut(shortcut)?,
            Event::Printing(is_printing) => {
                self.is_printing = is_printing;
                // What is printed is what is there when this returns.
                return self.paint();
            }
            Event::Import(event) => {
                if let Some(order) = self.view.import.take(event) {
                    self.send_file(order)?;
                }
            }
            Event::Upload { number, progress } => self.view.import.on_progress(number, progress),
        }
        // A window that nobody sees paints no more, and has to tell all the same.
        self.tell_windows();
        self.ask_for_frame()
    }

    fn on_shortcut(&mut self, shortcut: Shortcut) -> Result<(), JsValue> {
        match shortcut {
            Shortcut::Search => self.view.filters.focus_search(),
            Shortcut::Add => self.open_add(),
            Shortcut::Walk(steps) => self.walk(steps),
            Shortcut::Help => view::show_shortcuts(),
            Shortcut::Undo => self.undo(None),
            Shortcut::Escape if *self.view.panel.mode() != Mode::Closed => self.close_panel(),
            Shortcut::Escape => {
                self.selection.clear();
                Ok(())
            }
        }
    }

    fn send_file(&mut self, order: UploadOrder) -> Result<(), JsValue> {
        // One that is still on its way is stopped.
        self.upload = None;
        if let UploadOrder::Send {
            file,
            on_duplicate,
            columns,
            is_dry_run,
            number,
        } = order
        {
            let events = self.events.clone();
            let tell = move |progress| events.send(Event::Upload { number, progress });
            match Upload::start(&file, on_duplicate, &columns, is_dry_run, tell) {
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
        let now = dom::now();
        let is_loaded = self.freshness.was_live();
        self.marks.retain(|_, (_, until)| *until > now);
        self.settle(now);
        self.seek()?;
        self.leave_gone_cell()?;
        self.paint_list(now, is_loaded)?;
        let is_live = self.freshness.is_live() && self.freshness.is_writable;
        self.freshness.waiting = if is_live {
            self.outbox.len_before(now - LATE_MS)
        } else {
            self.outbox.len()
        };
        self.view.status.paint(&self.freshness, now)?;
        let waiting = self.waiting_words(now);
        self.view.status.paint_waiting(waiting)?;
        let draft = self.drafts.latest(self.view.panel.subject());
        self.view.filters.paint(&self.index, is_loaded, draft)?;
        let categories = self.index.categories();
        let categories: Vec<String> = categories.map(|(name, _)| name.to_owned()).collect();
        self.view.panel.paint(&categories)?;
        if !self.index.is_searching() {
            let shown = self.index.order().len();
            self.view.bulk.paint(self.selection.len(), shown, is_live)?;
        }
        self.view.filters.show(self.selection.is_empty())?;
        view::paint_undo(self.undo.last())?;
        self.view.import.paint()?;
        self.view.history.paint(self.mirror.catalog())?;
        if is_loaded && !self.was_loaded {
            self.was_loaded = true;
            let count = self.text.product_count(self.mirror.catalog().len());
            let words = self.text.fill("say.loaded", &[("count", &count)]);
            self.view.announcer.say(words);
            self.welcome()?;
        }
        self.view.announcer.paint(now);
        self.mind_focus()
    }

    /// What had the focus may be gone: then the list has it.
    fn mind_focus(&mut self) -> Result<(), JsValue> {
        let is_seen = |element: &web_sys::HtmlElement| element.offset_width() > 0;
        if dom::has_no_focus()
            && let Some(focused) = self.focused.take()
            && !is_seen(&focused)
        {
            self.view.table.focus_list()?;
        }
        let active = dom::document()?.active_element();
        let active = active.and_then(|active| active.dyn_into::<web_sys::HtmlElement>().ok());
        self.focused = active.filter(is_seen).or(self.focused.take());
        Ok(())
    }

    fn tell_windows(&mut self) {
        let open = self.view.panel.edits();
        let open = open.or(self.view.table.editor.product());
        if open != self.told_open {
            self.windows.tell(open);
            self.told_open = open;
        }
        if open != self.told_server && self.freshness.is_live() && self.role >= Role::Editor {
            self.link.order(Order::Send(Said::Open(open).encode()));
            self.told_server = open;
        }
    }

    /// Takes what is open here out of what the server says is open. A server that this page has left says it, too,
    /// until it finds out.
    fn take_away_own(&mut self) {
        let mut own = if dom::now() - self.came_back < LEFT_MS {
            2
        } else {
            1
        };
        self.open_there.retain(|id| {
            let is_own = own > 0 && Some(*id) == self.told_server;
            own -= u32::from(is_own);
            !is_own
        });
    }

    /// Into an empty list somebody wants to put something.
    fn welcome(&mut self) -> Result<(), JsValue> {
        let is_wide = dom::width()? >= WIDE_PX;
        let is_closed = *self.view.panel.mode() == Mode::Closed && self.drafts.is_empty();
        if self.mirror.catalog().is_empty() && is_wide && is_closed {
            let number = self.next_new();
            self.view.panel.add(number)?;
            self.ask_for_frame()?;
        }
        Ok(())
    }

    /// Whether the list may move now: not while somebody is at it.
    fn moves(&self) -> Moves {
        let table = &self.view.table;
        let is_still = self.is_hand_over()
            || table.window().top > 0.0
            || table.has_focus()
            || table.editor.product().is_some();
        if is_still { Moves::Not } else { Moves::Freely }
    }

    /// Whether somebody is about to press something in the list: a pointer that has rested for a while is
    /// nobody's hand.
    fn is_hand_over(&self) -> bool {
        let since = dom::now() - self.view.table.pointer_moved();
        self.pointer.is_over && since < REST_MS
    }

    fn say_failure(&mut self, key: &str, title: &str, message: &str) -> Result<(), JsValue> {
        let values = [("title", title), ("message", message)];
        self.view.toasts.show(key, &values, Action::None)
    }
}

/// After so long without a move a pointer over the list is nobody's hand, in milliseconds.
const REST_MS: f64 = 8_000.0;

/// So soon after the list moved under the pointer what is pressed was meant for another row, in
/// milliseconds.
const STARTLED_MS: f64 = 400.0;

/// From this width on, in CSS pixels, the panel has a place beside the list.
const WIDE_PX: f64 = 960.0;
