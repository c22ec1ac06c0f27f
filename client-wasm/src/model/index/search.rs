//! Looking for what fits, in pieces, so that a long list holds no frame; and putting all of it in order.

use memchr::memmem::Finder;
use shared::ProductId;

use super::entry::Key;
use super::{Index, fold};
use crate::model::query::{Query, SortKey};

/// How many products are looked at before the clock is; few in tests, whose lists are short.
const PIECE: usize = if cfg!(test) { 8 } else { 512 };

/// A search that is under way.
pub struct Search {
    /// What is looked through, in the order in which it will be shown.
    among: Vec<ProductId>,
    /// How many of these were looked at.
    done: usize,
    /// These are all products.
    is_whole: bool,
}

impl Index {
    /// Shows something else: [`Index::seek`] finds it. What only narrows what is shown, as one more letter
    /// does, is looked for there alone.
    pub fn set_query(&mut self, query: Query) {
        let words = fold(&query.search, self.decompose);
        let words = words.split_whitespace();
        let words: Vec<_> = words.map(|word| Finder::new(word).into_owned()).collect();
        let has = |before: &Finder<'_>| {
            let mut words = words.iter();
            words.any(|word| before.find(word.needle()).is_some())
        };
        let is_narrower = query.narrows(&self.query) && self.words.iter().all(has);
        let is_same_order = query.sort == self.query.sort;
        let is_known = self.held.is_empty();
        let candidates = (is_known && is_narrower).then(|| self.take_candidates());
        let whole = if is_known && !is_narrower && is_same_order {
            self.take_whole()
        } else {
            None
        };
        if !is_same_order {
            self.whole = None;
        }
        self.words = words;
        self.query = query;
        self.held.clear();
        // Where nothing is left out the candidates are all.
        let is_whole = candidates.is_none() || !self.query.is_filtering();
        let among = match (candidates, whole) {
            (Some(candidates), _) if is_same_order => candidates,
            (Some(candidates), _) => self.sorted(candidates),
            (None, Some(whole)) => whole,
            (None, None) => self.sorted(self.entries.keys().copied()),
        };
        self.order.clear();
        self.search = Some(Search {
            among,
            done: 0,
            is_whole,
        });
    }

    /// Goes on with the search, as long as there is time. What it has found is in its place.
    pub fn seek(&mut self, mut has_time: impl FnMut() -> bool) {
        let Some(mut search) = self.search.take() else {
            return;
        };
        // What is changed below is not what decides whether it fits.
        let mut entries = std::mem::take(&mut self.entries);
        for piece in search.among[search.done..].chunks(PIECE) {
            for id in piece {
                // What was deleted and seen for long enough is gone.
                if let Some(entry) = entries.get_mut(id) {
                    entry.is_placed = self.fits(entry);
                    if entry.is_placed {
                        self.order.push(*id);
                    }
                }
            }
            search.done += piece.len();
            if !has_time() {
                break;
            }
        }
        self.entries = entries;
        if search.done < search.among.len() {
            self.search = Some(search);
            return;
        }
        if search.is_whole {
            self.whole = Some(search.among);
        }
        self.let_ghosts_go();
    }

    /// Finds all that is left to be found.
    pub fn finish(&mut self) {
        self.seek(|| true);
    }

    /// Whether there may be more to find.
    pub fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// What may fit a query that narrows this one: what fits, and what was not looked at.
    fn take_candidates(&mut self) -> Vec<ProductId> {
        let mut found = std::mem::take(&mut self.order);
        if let Some(search) = self.search.take() {
            found.extend(&search.among[search.done..]);
            if search.is_whole {
                self.whole = Some(search.among);
            }
        } else if !self.query.is_filtering() {
            self.whole = Some(found.clone());
        }
        found
    }

    /// All products in their order, where that is known.
    fn take_whole(&mut self) -> Option<Vec<ProductId>> {
        match self.search.take() {
            Some(search) if search.is_whole => Some(search.among),
            None if !self.query.is_filtering() => Some(std::mem::take(&mut self.order)),
            _ => self.whole.take(),
        }
    }

    /// Makes the order anew.
    pub(super) fn rebuild(&mut self) {
        self.held.clear();
        self.search = None;
        self.whole = None;
        let mut entries = std::mem::take(&mut self.entries);
        for entry in entries.values_mut() {
            entry.is_placed = self.fits(entry);
        }
        self.entries = entries;
        let fitting = self.entries.iter().filter(|(_, entry)| entry.is_placed);
        self.order = self.sorted(fitting.map(|(id, _)| *id));
        self.let_ghosts_go();
    }

    /// These products in the order that is asked for.
    fn sorted(&self, ids: impl IntoIterator<Item = ProductId>) -> Vec<ProductId> {
        let is_descending = self.query.sort.is_descending;
        if self.query.sort.key == SortKey::Id {
            let mut order: Vec<ProductId> = ids.into_iter().collect();
            order.sort_unstable();
            if is_descending {
                order.reverse();
            }
            return order;
        }
        let key = |id| Some((self.key(self.entries.get(&id)?), id));
        let mut keyed: Vec<(Key<'_>, ProductId)> = ids.into_iter().filter_map(key).collect();
        keyed.sort_unstable_by(|(a, a_id), (b, b_id)| {
            let by_key = if is_descending { b.cmp(a) } else { a.cmp(b) };
            by_key.then(b_id.cmp(a_id))
        });
        keyed.into_iter().map(|(_, id)| id).collect()
    }

    /// A deleted product that no longer fits has no place to be seen in.
    fn let_ghosts_go(&mut self) {
        let entries = &mut self.entries;
        self.ghosts.retain(|id, _| {
            let stays = entries.get(id).is_some_and(|entry| entry.is_placed);
            if !stays {
                entries.remove(id);
            }
            stays
        });
    }
}
