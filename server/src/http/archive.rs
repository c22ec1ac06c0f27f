//! The history as handlers read it: beside the threads that serve, and only so much of it at a time.

use shared::ProductId;
use tokio::task::spawn_blocking;

use super::pool::HistoryPool;
use super::problem::Rejection;
use crate::engine::journal::{Archive, HistoryQuery, Piece};

/// Reads the history.
#[derive(Clone)]
pub struct ArchiveReader {
    archive: Archive,
    pool: HistoryPool,
}

impl ArchiveReader {
    /// Reads this history.
    pub fn new(archive: Archive) -> Self {
        Self {
            archive,
            pool: HistoryPool::default(),
        }
    }

    /// The changes that are asked for, as far as they go into one piece.
    pub async fn read(&self, query: &HistoryQuery) -> Result<Piece, Rejection> {
        let (archive, query) = (self.archive.clone(), query.clone());
        let read = self.pool.run(move || archive.read(&query)).await?;
        read.map_err(|error| {
            tracing::error!(%error, "can't read the history");
            Rejection::HistoryUnreadable
        })
    }

    /// The files of the journal, and how many bytes each has.
    pub async fn file_sizes(&self) -> Vec<(&'static str, u64)> {
        let archive = self.archive.clone();
        let sizes = spawn_blocking(move || archive.file_sizes()).await;
        sizes.unwrap_or_default()
    }

    /// Whether anything is kept of a product.
    pub async fn knows(&self, id: ProductId) -> Result<bool, Rejection> {
        let query = HistoryQuery {
            product: Some(id),
            limit: 1,
            ..HistoryQuery::default()
        };
        Ok(!self.read(&query).await?.changes.is_empty())
    }
}
