//! Long messages come packed; the browser itself unpacks them.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

/// What an address says that asks for it.
const PARAMETER: &str = "&encoding=deflate-raw";

#[wasm_bindgen]
extern "C" {
    /// The browser's own (Compression Streams, WHATWG), which web-sys calls unstable.
    type DecompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// What to ask of the server: nothing where the browser unpacks nothing.
pub fn parameter() -> &'static str {
    match DecompressionStream::new("deflate-raw") {
        Ok(_) => PARAMETER,
        Err(_) => "",
    }
}

/// The text of a packed message.
pub async fn unpack(packed: &[u8]) -> Result<String, JsValue> {
    let parts = Array::of1(&Uint8Array::from(packed));
    let unpacker = DecompressionStream::new("deflate-raw")?;
    let stream = Blob::new_with_u8_array_sequence(&parts)?.stream();
    let stream = stream.pipe_through(unpacker.unchecked_ref());
    let response = Response::new_with_opt_readable_stream(Some(&stream))?;
    let text = JsFuture::from(response.text()?).await?;
    text.as_string().ok_or_else(|| "it is no text".into())
}
