//! The other windows of the same browser, and which product each of them has open.

use shared::{ClientId, ProductId};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::dom;
use crate::event::{Event, Events};

/// Where windows tell each other.
const CHANNEL: &str = "vitrina-windows";

/// What a new window says, so that the others tell it.
const ASK: &str = "?";

/// The other windows.
pub struct Windows {
    channel: BroadcastChannel,
    client: ClientId,
}

impl Windows {
    /// Listens to the others, and has them tell what they have open.
    pub fn start(client: ClientId, events: &Events) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(CHANNEL)?;
        let events = events.clone();
        dom::on(&channel, "message", move |event| {
            let event: MessageEvent = event.unchecked_into();
            let said = event.data().as_string().unwrap_or_default();
            if said == ASK {
                events.send(Event::WindowAsks);
            } else if let Some((client, id)) = said.rsplit_once(' ') {
                let client = ClientId(client.into());
                let open = id.parse().ok().map(ProductId);
                events.send(Event::Window { client, open });
            }
        })?;
        channel.post_message(&ASK.into())?;
        Ok(Self { channel, client })
    }

    /// Tells the others which product is open here.
    pub fn tell(&self, open: Option<ProductId>) {
        let id = open.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let said = format!("{} {id}", self.client);
        // A channel that is closed belongs to a page that is gone.
        let _ = self.channel.post_message(&said.into());
    }
}
