//! What the rows of the list show: the products, and what this page knows of them beside.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use shared::{Patch, Product, ProductId, RawCommand, Revision};
use wasm_bindgen::prelude::*;

use super::{LATE_MS, Page};
use crate::dom;
use crate::link::outbox::{Outbox, id_of};
use crate::model::freshness::Phase;
use crate::model::index::Index;
use crate::model::selection::Selection;
use crate::view::{Arrival, Looks, Mark, State};

/// What waits to be saved of a product.
#[derive(Default)]
struct Waiting {
    patches: Vec<Patch>,
    is_deleted: bool,
}

/// What the rows show.
struct Known<'a> {
    index: &'a Index,
    selection: &'a Selection,
    marks: &'a HashMap<ProductId, (Mark, f64)>,
    waiting: HashMap<ProductId, Waiting>,
    open: Option<ProductId>,
    edited: Option<ProductId>,
    elsewhere: HashSet<ProductId>,
    is_late: bool,
}

impl Looks for Known<'_> {
    fn state(&self, id: ProductId, place: usize, height: f64) -> Option<State> {
        let product = self.index.get(id)?;
        let waiting = self.waiting.get(&id);
        let is_waiting = waiting.is_some();
        Some(State {
            product: waiting.map_or_else(|| product.clone(), |waiting| waiting.of(product)),
            place,
            height,
            is_ghost: self.index.is_ghost(id),
            is_doomed: waiting.is_some_and(|waiting| waiting.is_deleted),
            is_selected: self.selection.contains(id),
            is_open: self.open == Some(id),
            is_waiting,
            is_late: is_waiting && self.is_late,
            is_edited: self.edited == Some(id),
            is_elsewhere: self.elsewhere.contains(&id),
            mark: self.marks.get(&id).map(|(mark, _)| *mark),
        })
    }
}

impl Waiting {
    /// The product as it will be.
    fn of(&self, product: &Arc<Product>) -> Arc<Product> {
        if self.patches.is_empty() {
            return product.clone();
        }
        let mut draft = product.draft.clone();
        for patch in &self.patches {
            draft = patch.clone().applied_to(&draft);
        }
        Arc::new(Product {
            draft,
            ..Product::clone(product)
        })
    }
}

/// What waits to be saved, by its products, and what was and has not come.
fn waiting(
    outbox: &Outbox,
    settling: &[(ProductId, Patch, Revision)],
) -> HashMap<ProductId, Waiting> {
    let mut waiting: HashMap<ProductId, Waiting> = HashMap::new();
    for (id, patch, _) in settling {
        let of_product = waiting.entry(*id).or_default();
        of_product.patches.push(patch.clone());
    }
    for pending in outbox.iter() {
        let command = &pending.message.command;
        let Some(id) = id_of(command) else { continue };
        let of_product = waiting.entry(id).or_default();
        match command {
            RawCommand::Update { patch, .. } => {
                of_product
                    .patches
                    .extend(patch.clone().patch(dom::nfc).ok());
            }
            RawCommand::Delete { .. } => of_product.is_deleted = true,
            RawCommand::Restore { .. } | RawCommand::Add { .. } => {}
        }
    }
    waiting
}

impl Page {
    /// A product as the list shows it: with what waits to be saved.
    pub(super) fn shown(&self, id: ProductId) -> Option<Arc<Product>> {
        let product = self.mirror.catalog().get(id)?;
        let waiting = waiting(&self.outbox, &self.settling);
        Some(
            waiting
                .get(&id)
                .map_or_else(|| product.clone(), |waiting| waiting.of(product)),
        )
    }

    /// Whether a product is about to be deleted.
    pub(super) fn is_doomed(&self, id: ProductId) -> bool {
        let mut commands = self.outbox.iter();
        commands.any(|pending| {
            matches!(pending.message.command, RawCommand::Delete { id: other, .. } if other == id)
        })
    }

    /// Brings the list up to date.
    pub(super) fn paint_list(&mut self, now: f64, is_loaded: bool) -> Result<(), JsValue> {
        let arrival = match self.freshness.phase {
            _ if is_loaded => Arrival::Here,
            Phase::Offline => Arrival::Away,
            _ => Arrival::Coming,
        };
        let is_late = !self.freshness.is_live() || self.outbox.len_before(now - LATE_MS) > 0;
        let known = Known {
            index: &self.index,
            selection: &self.selection,
            marks: &self.marks,
            waiting: waiting(&self.outbox, &self.settling),
            open: self.view.panel.edits(),
            edited: self.view.table.editor.product(),
            elsewhere: self
                .elsewhere
                .values()
                .chain(&self.open_there)
                .copied()
                .collect(),
            is_late,
        };
        let table = &mut self.view.table;
        table.paint(&self.index, &known, arrival, self.is_printing)?;
        table.set_selecting(!self.selection.is_empty())
    }
}
