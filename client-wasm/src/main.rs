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

fn main() {
    wasm_bindgen_futures::spawn_local(async {
        match page::Page::open().await {
            Ok(page) => page.run().await,
            Err(error) => web_sys::console::error_1(&error),
        }
    });
}
