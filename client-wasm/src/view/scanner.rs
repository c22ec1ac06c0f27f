//! Finds a product by the code that a camera sees, where the browser can read codes (Accelerated Shape
//! Detection in Images, "Barcode Detection"): on phones and tablets, mostly.

use std::rc::Rc;

use gloo_timers::future::sleep;
use shared::Text;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    Element, HtmlDialogElement, HtmlVideoElement, MediaDevices, MediaStream,
    MediaStreamConstraints, MediaStreamTrack,
};

use crate::dom;
use crate::event::{Event, Events, FilterEvent};

/// How long the camera is left alone between two looks: sooner than a hand is steady.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

#[wasm_bindgen]
extern "C" {
    /// What reads codes in pictures; web-sys has it not yet.
    type BarcodeDetector;

    /// A code that was read.
    type DetectedBarcode;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<BarcodeDetector, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn detect(this: &BarcodeDetector, picture: &HtmlVideoElement)
    -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rawValue)]
    fn raw_value(this: &DetectedBarcode) -> String;
}

/// The dialog with what the camera sees.
#[derive(Clone)]
struct Scanner {
    dialog: HtmlDialogElement,
    video: HtmlVideoElement,
    words: Element,
    text: Rc<Text>,
    events: Events,
}

/// Offers the camera where there is one that may be used, and codes can be read.
pub fn offer(text: &Rc<Text>, events: &Events) -> Result<(), JsValue> {
    let button: Element = dom::by_id("open-scanner")?;
    let can_read = js_sys::Reflect::has(&dom::window()?.into(), &"BarcodeDetector".into())?;
    if !can_read || cameras().is_none() {
        return Ok(());
    }
    dom::show(&button, true)?;
    let dialog: HtmlDialogElement = dom::by_id("scanner")?;
    let scanner = Scanner {
        video: dom::find(&dialog, "video")?,
        words: dom::find(&dialog, "[data-scanner-words]")?,
        dialog,
        text: text.clone(),
        events: events.clone(),
    };
    dom::on(&button, "click", move |_| {
        let scanner = scanner.clone();
        spawn_local(async move {
            if let Err(error) = scanner.scan().await {
                web_sys::console::error_1(&error);
            }
        });
    })
}

/// The browser's cameras; a page that came without TLS over a network has none (W3C, Media Capture and
/// Streams, section 9.2).
fn cameras() -> Option<MediaDevices> {
    dom::window().ok()?.navigator().media_devices().ok()
}

impl Scanner {
    /// Looks until a code is read or the dialog is closed.
    async fn scan(&self) -> Result<(), JsValue> {
        if self.dialog.open() {
            return Ok(());
        }
        dom::set_text(&self.words, self.text.get("scanner.hint"));
        self.dialog.show_modal()?;
        let Ok(stream) = open_camera().await else {
            dom::set_text(&self.words, self.text.get("scanner.no_camera"));
            return Ok(());
        };
        let found = self.look(&stream).await;
        self.video.set_src_object(None);
        for track in stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
        if let Some(code) = found? {
            self.dialog.close();
            self.events.send(Event::Filter(FilterEvent::Scanned(code)));
        }
        Ok(())
    }

    async fn look(&self, stream: &MediaStream) -> Result<Option<String>, JsValue> {
        let detector = BarcodeDetector::new()?;
        self.video.set_src_object(Some(stream));
        JsFuture::from(self.video.play()?).await?;
        while self.dialog.open() {
            let codes: js_sys::Array = detector.detect(&self.video).await?.unchecked_into();
            // It may have been closed meanwhile.
            if codes.length() > 0 && self.dialog.open() {
                let code: DetectedBarcode = codes.get(0).unchecked_into();
                return Ok(Some(code.raw_value()));
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }
}

/// The camera at the back, where there are several.
async fn open_camera() -> Result<MediaStream, JsValue> {
    let cameras = cameras().ok_or("there is no camera")?;
    let back = js_sys::Object::new();
    js_sys::Reflect::set(&back, &"facingMode".into(), &"environment".into())?;
    let wanted = MediaStreamConstraints::new();
    wanted.set_video(&back);
    let stream = cameras.get_user_media_with_constraints(&wanted)?;
    Ok(JsFuture::from(stream).await?.unchecked_into())
}
