//! Everything that can happen to the page, in one queue.

use futures_channel::mpsc;
use shared::{ClientId, PastChanges, ProductId, RequestId, Revision};
use web_sys::File;

use crate::model::query::{SortKey, Tab};
use crate::model::upload::Progress;

/// Everything that can happen.
pub enum Event {
    /// The link tries to connect.
    Connecting,
    /// The link has no connection.
    Lost {
        /// How many attempts in a row have failed.
        failures: u32,
    },
    /// The server closed the connection to whoever may not do what they could before.
    SentAway,
    /// A frame came.
    Message(String),
    /// Somebody looks at the page again, or the network returned.
    Wake,
    /// Somebody went to another page; they may come back to this one.
    Left,
    /// The browser has a network now, or has none.
    Network(bool),
    /// Another window of this browser has this product open now, or none.
    Window {
        /// The other window.
        client: ClientId,
        /// The product.
        open: Option<ProductId>,
    },
    /// Another window wants to be told which product is open here.
    WindowAsks,
    /// The browser is about to paint.
    Frame,
    /// A second went by.
    Second,
    /// Something was done with the list.
    Table(TableEvent),
    /// Something was done with the panel.
    Panel(PanelEvent),
    /// Something else is to be shown.
    Filter(FilterEvent),
    /// Something was done with what is selected.
    Bulk(BulkEvent),
    /// There is an answer to a batch.
    Batch {
        /// The batch's number.
        number: u32,
        /// What came of it.
        outcome: BatchOutcome,
    },
    /// What was done last is undone, or what has this number.
    Undo(Option<u32>),
    /// A product is looked at.
    Open(ProductId),
    /// A toast was closed, or its time is over.
    ToastClosed(u32),
    /// A command that waits is not to be sent.
    WaitingCancelled(RequestId),
    /// A key that works everywhere was pressed.
    Shortcut(Shortcut),
    /// The page is about to be printed, or was.
    Printing(bool),
    /// Something was done with the import's dialog.
    Import(ImportEvent),
    /// Something was done with what happened.
    History(HistoryEvent),
    /// There is a report about an upload.
    Upload {
        /// The upload's number.
        number: u32,
        /// The report.
        progress: Progress,
    },
}

/// The end of the queue where events are put.
#[derive(Clone)]
pub struct Events(mpsc::UnboundedSender<Event>);

impl Events {
    /// An empty queue, and where its events are taken.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, queue) = mpsc::unbounded();
        (Self(sender), queue)
    }

    /// Puts an event at the end of the queue.
    pub fn send(&self, event: Event) {
        // The page takes events as long as it lives.
        let _ = self.0.unbounded_send(event);
    }
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Whether the product is selected.
    Select,
    /// Its image.
    Image,
    /// Its title and description.
    Title,
    /// Its code.
    Code,
    /// Its category.
    Category,
    /// Its price.
    Price,
    /// Its stock.
    Stock,
    /// Whether it is on sale.
    Status,
    /// What can be done with it.
    Menu,
}

impl Column {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Select,
        Self::Image,
        Self::Title,
        Self::Code,
        Self::Category,
        Self::Price,
        Self::Stock,
        Self::Status,
        Self::Menu,
    ];

    /// What the page's HTML calls it; for those that can be changed in place, the field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Image => "image",
            Self::Title => "title",
            Self::Code => "code",
            Self::Category => "category",
            Self::Price => "price",
            Self::Stock => "stock",
            Self::Status => "status",
            Self::Menu => "menu",
        }
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// Whether it is changed in place.
    pub fn is_editable(self) -> bool {
        matches!(
            self,
            Self::Title | Self::Category | Self::Price | Self::Stock
        )
    }
}

/// What somebody does with the list.
pub enum TableEvent {
    /// It was scrolled.
    Scrolled,
    /// It has another size.
    Resized,
    /// The pointer came over it, or left.
    Pointer(bool),
    /// The focus came into a cell, or left the list.
    Focus(Option<(ProductId, Column)>),
    /// Something of a product was pressed.
    Press(ProductId, Press),
    /// What can be done with a product is asked for, at this place of the window.
    Menu(ProductId, (f64, f64)),
    /// The head of a column was pressed.
    Sort(SortKey),
    /// What waits is to be shown.
    Pill,
    /// A key was pressed in it.
    Key(GridKey),
    /// Something was typed into the cell that is changed.
    Typed,
    /// What was typed there is to be saved; then on in this direction.
    Commit(After),
    /// What was typed there is given up.
    Abandon,
    /// What somebody else wrote there stays.
    Theirs,
    /// What was typed there is to stand.
    Mine,
}

/// What of a product was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// A cell.
    Cell(Column),
    /// Its box to select it, maybe with all since the last.
    Select {
        /// All since the last.
        is_range: bool,
    },
    /// One less.
    Less,
    /// One more.
    More,
    /// On sale or not.
    Switch,
    /// Away with it.
    Delete,
    /// Back with it.
    Restore,
    /// All of it is to be seen.
    Open,
    /// Another like it is to be added.
    Duplicate,
    /// What happened to it is to be seen.
    History,
}

/// Where to go on after a cell was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// To the cell below.
    Down,
    /// To the next cell that can be changed, and on with changing.
    Right,
    /// To the one before.
    Left,
    /// Nowhere: somebody pressed elsewhere.
    Nowhere,
}

/// A key in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridKey {
    /// So many cells to the right and so many rows down.
    Move(i32, i32),
    /// So many screens down.
    Page(i32),
    /// To the first cell of the row, or the last.
    Edge(bool),
    /// To the first row, or the last.
    End(bool),
    /// Change the cell, or open the product.
    Edit,
    /// Change the cell to what begins with this character.
    Type(char),
    /// Select the product.
    Select,
    /// Open the product.
    Open,
    /// Delete it.
    Delete,
    /// So many more of the product.
    Step(i32),
    /// Leave it.
    Escape,
}

/// What somebody does with the panel.
pub enum PanelEvent {
    /// A product is to be added.
    Add,
    /// One is to be added that has what was searched for, since no product has it.
    AddSought,
    /// Something was typed into the form's field of this name.
    Typed(String),
    /// The form was sent off; is another product to follow?
    Submitted {
        /// Another product is to follow.
        is_next: bool,
    },
    /// It was closed.
    Closed,
    /// The product after or before the one that is shown is to be shown.
    Walk(i32),
    /// A product with the same fields is to be added.
    Duplicate,
    /// The product is to be deleted.
    Delete,
    /// What happened to the product is looked at.
    History,
    /// What somebody else wrote into this field stays.
    Theirs(String),
    /// What was typed into this field is to stand.
    Mine(String),
    /// A category was chosen among those in use.
    Category(String),
    /// A draft that was left is gone on with.
    Continue,
    /// A draft that was left is thrown away.
    Discard,
}

/// What is to be shown instead.
pub enum FilterEvent {
    /// What is searched for was changed.
    Search(String),
    /// What is searched for was confirmed: the one product that it finds is opened.
    Found,
    /// A camera has read these codes: the product that has one of them is opened.
    Scanned(Vec<String>),
    /// Another tab.
    Tab(Tab),
    /// Another category, or any.
    Category(Option<String>),
    /// Other prices, as they were typed.
    Price(String, String),
    /// Another order.
    Sort(String),
    /// Everything.
    Clear,
    /// The address is another: somebody went back or forth.
    Address,
    /// Which columns are shown, or how high rows are.
    Columns,
}

/// What somebody does with what is selected.
pub enum BulkEvent {
    /// Nothing is to be selected.
    Cleared,
    /// Everything that is shown is to be selected.
    All,
    /// A change was chosen, by the name that the page's HTML has for it.
    Chosen(String),
    /// How, or to what, was changed.
    Typed,
    /// It is to be done.
    Applied,
    /// It is not to be done.
    Cancelled,
}

/// What came of a batch.
pub enum BatchOutcome {
    /// All of it was done; these are the revisions of the products as each command left them.
    Done(Vec<Revision>),
    /// Nothing was done, for this reason, with this code.
    Refused {
        /// The reason's code.
        code: String,
        /// In words.
        message: String,
    },
    /// The connection was lost before there was an answer.
    Lost,
    /// It is time to send it again.
    Again,
}

/// A key that works everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortcut {
    /// To the search.
    Search,
    /// Add a product.
    Add,
    /// The next row, or the one before.
    Walk(i32),
    /// The sheet of keys.
    Help,
    /// Undo.
    Undo,
    /// Close what is open.
    Escape,
}

/// What somebody does with the dialog that imports a file.
pub enum ImportEvent {
    /// It is opened.
    Opened,
    /// A file was chosen or dropped.
    Picked(File),
    /// Somebody chose what happens to codes that are taken.
    Chosen,
    /// The import of the file that was looked at was started.
    Started,
    /// It is closed, or what is under way is stopped.
    Closed,
}

/// What somebody does with what happened, and what the server tells of it.
pub enum HistoryEvent {
    /// That of all products is looked at.
    Opened,
    /// What was before is asked for.
    Older,
    /// It is closed.
    Closed,
    /// What this change changed is to be as it was.
    PutBack(Revision),
    /// There is an answer.
    Told {
        /// For which opening of the dialog it was asked.
        opening: u32,
        /// Before which change was asked for; `None` for the newest.
        before: Option<Revision>,
        /// What came, or why nothing did, where the server said so.
        told: Result<PastChanges, Option<String>>,
    },
}
