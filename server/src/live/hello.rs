//! What a client says when it connects, over whichever socket.

use serde::Deserialize;

use crate::engine::catch_up;
use crate::engine::desk::Desk;
use crate::engine::hub::{Cursor, Encoding, Hub};
use shared::{CatalogId, ClientId, Digest, Position, Reason, Revision};

/// A client's hello.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Hello {
    /// The catalog that it has.
    catalog: Option<CatalogId>,
    /// The revision at which it has it.
    since: Option<Revision>,
    /// Its digest then.
    digest: Option<Digest>,
    /// The name that it gave itself; its request numbers count under this name.
    page: Option<ClientId>,
    /// In which form it takes messages.
    encoding: Encoding,
}

impl Hello {
    /// In which form the client takes messages.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The client's name, where it has one, and its position, where it says all of it. `page` is how a
    /// refusal calls the name.
    pub fn read(self, page: &str) -> Result<(Option<ClientId>, Option<Position>), Reason> {
        if self.page.as_ref().is_some_and(|name| !name.is_valid()) {
            let max = ClientId::MAX_BYTES;
            return Err(Reason::Malformed(format!("{page}: 1 to {max} bytes")));
        }
        let known = self.catalog.zip(self.since).zip(self.digest);
        let position = known.map(|((catalog, revision), digest)| Position {
            catalog,
            revision,
            digest,
        });
        Ok((self.page, position))
    }
}

/// Where a client goes on that comes from this position. It may have heard of more at another server
/// than is known here yet.
pub async fn resume(hub: &Hub, desk: &Desk, position: Option<&Position>) -> Cursor {
    if let Some(position) = position
        && position.catalog == hub.id()
    {
        catch_up(desk, hub, position.revision).await;
    }
    Cursor::resume(hub, position)
}
