//! Changes: what happened.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::ProductId;
use crate::product::Product;

/// What happened to one product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A product that was not there is there now.
    Added(Arc<Product>),
    /// A product has other fields than before.
    Updated(Arc<Product>),
    /// A product is gone.
    Deleted(ProductId),
}

impl Change {
    /// The product that the change is about.
    pub fn id(&self) -> ProductId {
        match self {
            Self::Added(product) | Self::Updated(product) => product.id,
            Self::Deleted(id) => *id,
        }
    }
}
