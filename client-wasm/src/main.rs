//! The client of the live page: connects, keeps a copy of the catalog, and shows it.
//!
//! Everything that happens, a message, a click, a timer, is an [`Event`](event::Event) in one
//! queue; [`page::Page`] takes one after the other, and touches the DOM once per frame.

mod dom;
mod event;
mod link;
mod model;
mod page;
mod view;

use wasm_bindgen::prelude::*;

fn main() -> Result<(), JsValue> {
    wasm_bindgen_futures::spawn_local(page::Page::open()?.run());
    Ok(())
}
