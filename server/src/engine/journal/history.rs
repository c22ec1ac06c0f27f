//! What is asked of the history, and the query that answers it: the same for every journal.

use std::fmt::Write;

use shared::{PastChange, ProductId, Revision};

/// The most bytes of products in one piece of the history, beside its last change: it waits in memory for
/// whoever asked.
const MAX_PIECE_BYTES: usize = 64 * 1024;

/// A piece of the history.
#[derive(Debug, Default)]
pub struct Piece {
    /// The changes, in the order that was asked for.
    pub changes: Vec<PastChange>,
    /// Whether there were more than go into one piece.
    pub is_cut: bool,
}

/// A piece that is being read.
#[derive(Default)]
pub(super) struct Collector {
    piece: Piece,
    bytes: usize,
}

impl Collector {
    /// Whether there is room for another change.
    pub(super) fn has_room(&mut self) -> bool {
        let is_full = self.bytes >= MAX_PIECE_BYTES;
        self.piece.is_cut |= is_full;
        !is_full
    }

    /// Takes the next change, which was written with so many bytes.
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
    /// Those from this moment on, in milliseconds since 1970.
    pub from: Option<u64>,
    /// Those before this moment.
    pub until: Option<u64>,
    /// Where to begin, and in which direction.
    pub place: Place,
    /// The most of them.
    pub limit: usize,
}

impl HistoryQuery {
    /// The statement, and its parameters from `$1` on.
    pub(super) fn to_sql(&self) -> (String, Vec<i64>) {
        let mut sql = String::from("SELECT * FROM changes WHERE true");
        let mut parameters = Vec::new();
        let mut add = |condition: &str, value: u64| {
            parameters.push(i64::try_from(value).unwrap_or(i64::MAX));
            let number = format!("${}", parameters.len());
            // Writing to a text can't fail.
            let _ = write!(sql, " {}", condition.replace('?', &number));
        };
        if let Some(product) = self.product {
            add("AND product = ?", product.0);
        }
        // A clock may have been set back: the index leads to where to look, not to what fits.
        if let Some(from) = self.from {
            add(
                "AND revision >= (SELECT min(revision) FROM changes WHERE at >= ?) AND +at >= ?",
                from,
            );
        }
        if let Some(until) = self.until {
            add(
                "AND revision <= (SELECT max(revision) FROM changes WHERE at < ?) AND +at < ?",
                until,
            );
        }
        let order = match self.place {
            Place::Newest => "DESC",
            Place::Before(revision) => {
                add("AND revision < ?", revision.0);
                "DESC"
            }
            Place::After(revision) => {
                add("AND revision > ?", revision.0);
                "ASC"
            }
        };
        add(
            &format!("ORDER BY revision {order} LIMIT ?"),
            self.limit as u64,
        );
        (sql, parameters)
    }
}
