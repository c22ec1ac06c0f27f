//! Rows stand in blocks. The browser lays out only blocks that can be seen, so that a frame costs
//! the same however long the list is; one list of all rows would cost it a third of a second at
//! 50,000.

use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use crate::dom;

/// The most rows of a block.
const MAX_ROWS: u32 = 512;

/// A row's height as long as the browser has not laid it out, as in `style.css`.
const ROW_REM: f64 = 5.5;

/// Puts a row between its neighbours: `above` and `below` it. A block that somebody may be looking
/// at keeps the height it is said to have: to say another would keep the browser from holding in
/// place what is read while rows come above it (CSS Scroll Anchoring section 3.1).
pub fn insert(
    container: &Element,
    row: &Element,
    above: Option<&Element>,
    below: Option<&Element>,
    is_watched: bool,
) -> Result<(), JsValue> {
    let above_block = above.and_then(|row| row.parent_element());
    let below_block = below.and_then(|row| row.parent_element());
    let has_room = |block: &&Element| block.child_element_count() < MAX_ROWS;
    let is_between = above_block == below_block;
    let block = if let Some(block) = above_block.as_ref().filter(has_room) {
        let next = below.filter(|_| is_between);
        block.insert_before(row, next.map(AsRef::as_ref))?;
        block.clone()
    } else if let Some(block) = below_block.as_ref().filter(has_room) {
        block.insert_before(row, below.map(AsRef::as_ref))?;
        block.clone()
    } else {
        let block = dom::document()?.create_element("ul")?;
        block.set_class_name("block");
        block.append_child(row)?;
        if let Some(full) = above_block.as_ref().filter(|_| is_between) {
            full.after_with_node_1(&block)?;
            move_from(below, &block)?;
            set_height(full)?;
        } else {
            let next = below_block.as_ref().map(AsRef::as_ref);
            container.insert_before(&block, next)?;
        }
        return set_height(&block);
    };
    if is_watched {
        return Ok(());
    }
    set_height(&block)
}

/// Takes a row away, and its block with the last.
pub fn remove(row: &Element) {
    let block = row.parent_element();
    row.remove();
    if let Some(block) = block
        && block.child_element_count() == 0
    {
        block.remove();
    }
}

/// Moves a row and all that follow it in its block to the end of another.
fn move_from(first: Option<&Element>, block: &Element) -> Result<(), JsValue> {
    let mut next = first.cloned();
    while let Some(row) = next {
        next = row.next_element_sibling();
        block.append_child(&row)?;
    }
    Ok(())
}

/// Tells the browser how high a block will be that it has not laid out.
fn set_height(block: &Element) -> Result<(), JsValue> {
    let height = f64::from(block.child_element_count()) * ROW_REM;
    let block: &HtmlElement = block.unchecked_ref();
    let style = block.style();
    style.set_property("contain-intrinsic-block-size", &format!("auto {height}rem"))
}
