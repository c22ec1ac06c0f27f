//! What is asked of the history, and the query that answers it: the same for every journal.

use std::fmt::Write;

use shared::{PastChange, ProductId, Revision};

use super::parameter::Parameter;
use super::tables::{Cells, Fault};

/// The most bytes of products in one piece of the history, beside its last change: it waits in memory for
/// whoever asked.
const MAX_PIECE_BYTES: usize = 64 * 1024;

/// A piece of the history.
#[derive(Debug)]
pub struct Piece {
    /// The changes, in the order that was asked for. One that can't be read is left out.
    pub changes: Vec<PastChange>,
    /// Whether there are more.
    pub has_more: bool,
    /// The last that was looked at.
    last: Option<Revision>,
    bounds: Bounds,
}

/// Between which revisions the changes of a time are.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    low: i64,
    high: i64,
}

/// A piece that is being read.
pub(super) struct Collector {
    piece: Piece,
    limit: usize,
    looked_at: usize,
    bytes: usize,
}

impl Collector {
    pub(super) fn new(query: &HistoryQuery, bounds: Bounds) -> Self {
        let piece = Piece {
            changes: Vec::new(),
            has_more: false,
            last: None,
            bounds,
        };
        Self {
            piece,
            limit: query.limit,
            looked_at: 0,
            bytes: 0,
        }
    }

    /// Whether there is room for another change: the next is this one.
    pub(super) fn has_room(&mut self, revision: Revision) -> bool {
        if self.looked_at >= self.limit || self.bytes >= MAX_PIECE_BYTES {
            self.piece.has_more = true;
            return false;
        }
        self.looked_at += 1;
        self.piece.last = Some(revision);
        true
    }

    /// Takes it, which was written with so many bytes.
    pub(super) fn push(&mut self, bytes: usize, change: PastChange) {
        self.bytes += bytes;
        self.piece.changes.push(change);
    }

    /// What was read.
    pub(super) fn finish(self) -> Piece {
        self.piece
    }
}

/// From where on changes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The newest first.
    #[default]
    Newest,
    /// Those before this one, the newest first.
    Before(Revision),
    /// Those after this one, the oldest first.
    After(Revision),
}

/// Which changes are asked for.
#[derive(Clone, Debug, Default)]
pub struct HistoryQuery {
    /// Those of this product.
    pub product: Option<ProductId>,
    /// Those that this person gave, or this program.
    pub by: Option<String>,
    /// Those from this moment on, in milliseconds since 1970.
    pub from: Option<u64>,
    /// Those before this moment.
    pub until: Option<u64>,
    /// Where to begin, and in which direction.
    pub place: Place,
    /// The most of them.
    pub limit: usize,
    /// Where they can be, once that was looked up.
    pub bounds: Option<Bounds>,
}

impl HistoryQuery {
    /// Goes on behind a piece; tells where that is, if there is more.
    pub fn go_on(&mut self, piece: &Piece) -> Option<Revision> {
        self.bounds = Some(piece.bounds);
        if let Some(last) = piece.last {
            self.place = match self.place {
                Place::Newest | Place::Before(_) => Place::Before(last),
                Place::After(_) => Place::After(last),
            };
        }
        piece.last.filter(|_| piece.has_more)
    }

    /// Between which revisions they are, where that needs no look.
    pub(super) fn known_bounds(&self) -> Option<Bounds> {
        let has_time = self.from.is_some() || self.until.is_some();
        self.bounds.or((!has_time).then_some(Bounds::ALL))
    }

    /// The statement that looks up between which revisions the changes of the time are, and its
    /// parameters. A clock may have been set back, so that their times are in another order.
    pub(super) fn bounds_sql(&self) -> (String, Vec<Parameter>) {
        let mut parameters = Vec::new();
        // By the index of times: for a plain minimum both databases would go through the changes.
        let mut part = |bound: &str, condition: &str, time: Option<u64>, without: i64| {
            let Some(time) = time else {
                return format!("CAST({without} AS bigint)");
            };
            parameters.push(time.into());
            let number = parameters.len();
            format!("(SELECT {bound}(+revision) FROM changes WHERE at {condition} ${number})")
        };
        let low = part("min", ">=", self.from, 0);
        let high = part("max", "<", self.until, i64::MAX);
        (format!("SELECT {low} AS low, {high} AS high"), parameters)
    }

    /// The statement that reads changes, and its parameters from `$1` on.
    pub(super) fn to_sql(&self, bounds: Bounds) -> (String, Vec<Parameter>) {
        let mut sql = String::from("SELECT * FROM changes WHERE revision > 0");
        let mut parameters = Vec::new();
        let mut add = |condition: &str, value: Parameter| {
            parameters.push(value);
            let number = format!("${}", parameters.len());
            // Writing to a text can't fail.
            let _ = write!(sql, " {}", condition.replace('?', &number));
        };
        if let Some(product) = self.product {
            add("AND product = ?", product.0.into());
        }
        if let Some(by) = &self.by {
            add("AND person = ?", by.as_str().into());
        }
        if let Some(from) = self.from {
            add("AND revision >= ?", bounds.low.into());
            add("AND +at >= ?", from.into());
        }
        if let Some(until) = self.until {
            add("AND revision <= ?", bounds.high.into());
            add("AND +at < ?", until.into());
        }
        let order = match self.place {
            Place::Newest => "DESC",
            Place::Before(revision) => {
                add("AND revision < ?", revision.0.into());
                "DESC"
            }
            Place::After(revision) => {
                add("AND revision > ?", revision.0.into());
                "ASC"
            }
        };
        // One more tells that there are more.
        let limit = (self.limit as u64).saturating_add(1);
        add(&format!("ORDER BY revision {order} LIMIT ?"), limit.into());
        (sql, parameters)
    }
}

impl Bounds {
    /// All changes.
    pub(super) const ALL: Self = Self {
        low: 0,
        high: i64::MAX,
    };

    /// Reads what was looked up: where there is nothing, nothing is between them.
    pub(super) fn read(row: &impl Cells) -> Result<Self, Fault> {
        Ok(Self {
            low: row.integer("low")?.unwrap_or(i64::MAX),
            high: row.integer("high")?.unwrap_or_default(),
        })
    }
}
