//! The catalog: all products at one revision.
//!
//! [`Catalog::apply`] is its only mutator, on the server and in the page alike. A clone shares
//! everything with its original and costs nothing, so whoever reads keeps a whole catalog at one
//! revision while the next changes are made.

mod codes;
mod digest;

use std::sync::Arc;

use imbl::OrdMap;

use crate::change::Change;
use crate::command::{Command, Import, OnDuplicate};
use crate::id::{ProductId, Revision};
use crate::product::{Draft, Product};
use crate::reason::Reason;
use codes::Codes;

pub use codes::fold_code;
pub use digest::Digest;

/// All products at one revision.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    revision: Revision,
    products: OrdMap<ProductId, Arc<Product>>,
    /// Who has each code.
    codes: Codes,
    digest: Digest,
}

impl Catalog {
    /// A catalog that was read whole, from a journal or a snapshot. Should two products have one
    /// code, the later keeps it.
    pub fn new(revision: Revision, products: impl IntoIterator<Item = Arc<Product>>) -> Self {
        let mut catalog = Self::default();
        for product in products {
            catalog.put(product);
        }
        catalog.revision = revision;
        catalog
    }

    /// The revision of the latest change that was applied.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// How many products there are.
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// Sums up what the products are.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// One product.
    pub fn get(&self, id: ProductId) -> Option<&Arc<Product>> {
        self.products.get(&id)
    }

    /// The product with this code, without regard to case.
    pub fn with_code(&self, code: &str) -> Option<&Arc<Product>> {
        let candidates = self.codes.candidates(code);
        candidates
            .filter_map(|id| self.get(id))
            .find(|product| fold_code(&product.draft.code) == fold_code(code))
    }

    /// Every product, in id order.
    pub fn products(&self) -> impl DoubleEndedIterator<Item = &Arc<Product>> {
        self.products.values()
    }

    /// Every product after this one, in id order.
    pub fn products_after(&self, id: ProductId) -> impl Iterator<Item = &Arc<Product>> {
        let from = ProductId(id.0.saturating_add(1));
        self.products.range(from..).map(|(_, product)| product)
    }

    /// Takes the catalog to `revision` by one or more changes. Applying a change again changes
    /// nothing, so changes may reach back before the catalog's revision.
    pub fn apply(&mut self, revision: Revision, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            match change {
                Change::Added(product) | Change::Updated(product) => self.put(product),
                Change::Deleted(id) => self.remove(id),
            }
        }
        self.revision = revision;
    }

    /// What a command would change, were it the next, or why it can't be done.
    pub fn decide(&self, command: Command) -> Result<Decision, Reason> {
        match command {
            Command::Add(draft) => self.decide_add(draft),
            Command::Import(import) => self.decide_import(*import),
            Command::Update {
                id,
                patch,
                if_revision,
            } => {
                let product = self.at_revision(id, if_revision)?;
                self.decide_update(product, patch.applied_to(&product.draft))
            }
            Command::Delete { id, if_revision } => {
                self.at_revision(id, if_revision)?;
                Ok(Decision::Change(Change::Deleted(id)))
            }
            Command::Restore { id, deleted } => self.decide_restore(id, deleted.as_deref()),
        }
    }

    fn decide_import(&self, import: Import) -> Result<Decision, Reason> {
        match (self.with_code(&import.code), import.on_duplicate) {
            (None, _) => self.decide_add(import.draft?),
            (Some(_), OnDuplicate::Refuse) => {
                // A dry run doesn't know the titles of rows before: it says no more than this.
                import.draft?;
                Err(Reason::CodeTaken(import.code.into(), None))
            }
            (Some(product), OnDuplicate::Skip) => {
                import.patch?;
                Ok(Decision::Nothing(product.clone()))
            }
            (Some(product), OnDuplicate::Update) => {
                self.decide_update(product, import.patch?.applied_to(&product.draft))
            }
        }
    }

    fn decide_add(&self, draft: Draft) -> Result<Decision, Reason> {
        self.code_is_free(&draft.code, None)?;
        let revision = self.revision.next();
        let id = ProductId(revision.0);
        Ok(Decision::Change(Change::Added(Arc::new(Product {
            id,
            revision,
            draft,
        }))))
    }

    fn decide_restore(&self, id: ProductId, deleted: Option<&Product>) -> Result<Decision, Reason> {
        if let Some(product) = self.get(id) {
            return Ok(Decision::Nothing(product.clone()));
        }
        let deleted = deleted.ok_or(Reason::NotKept(id))?;
        self.code_is_free(&deleted.draft.code, None)?;
        Ok(Decision::Change(Change::Added(Arc::new(Product {
            id,
            revision: self.revision.next(),
            draft: deleted.draft.clone(),
        }))))
    }

    fn decide_update(&self, product: &Arc<Product>, draft: Draft) -> Result<Decision, Reason> {
        if draft == product.draft {
            return Ok(Decision::Nothing(product.clone()));
        }
        self.code_is_free(&draft.code, Some(product.id))?;
        Ok(Decision::Change(Change::Updated(Arc::new(Product {
            id: product.id,
            revision: self.revision.next(),
            draft,
        }))))
    }

    fn at_revision(
        &self,
        id: ProductId,
        wanted: Option<Revision>,
    ) -> Result<&Arc<Product>, Reason> {
        let product = self.get(id).ok_or(Reason::NotFound(id))?;
        match wanted {
            Some(wanted) if wanted != product.revision => {
                Err(Reason::Changed(id, product.revision))
            }
            _ => Ok(product),
        }
    }

    fn code_is_free(&self, code: &str, except: Option<ProductId>) -> Result<(), Reason> {
        match self.with_code(code) {
            Some(owner) if Some(owner.id) != except => Err(Reason::CodeTaken(
                code.to_owned(),
                Some(owner.draft.title.to_string()),
            )),
            _ => Ok(()),
        }
    }

    fn put(&mut self, product: Arc<Product>) {
        self.remove(product.id);
        self.digest.add(&product);
        self.codes.insert(&product.draft.code, product.id);
        self.products.insert(product.id, product);
    }

    fn remove(&mut self, id: ProductId) {
        let Some(product) = self.products.remove(&id) else {
            return;
        };
        self.digest.subtract(&product);
        self.codes.remove(&product.draft.code, id);
    }
}

/// What a command leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// This change, at the next revision.
    Change(Change),
    /// Nothing: this product is as the command wants it.
    Nothing(Arc<Product>),
}

impl PartialEq for Catalog {
    /// Equal when both show the same products at the same revision.
    fn eq(&self, other: &Self) -> bool {
        self.revision == other.revision && self.products == other.products
    }
}
