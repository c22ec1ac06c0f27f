//! Finds a product by the code that a camera sees, where the browser can read codes (Accelerated Shape
//! Detection in Images, "Barcode Detection"): on phones and tablets, mostly.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

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
const PAUSE: Duration = Duration::from_millis(100);

/// So many looks in a row may fail, as the first do while the picture comes.
const MAX_FAILURES: u32 = 10;

#[wasm_bindgen]
extern "C" {
    /// What reads codes in pictures; web-sys has it not yet.
    type BarcodeDetector;

    /// A code that was read.
    type DetectedBarcode;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<BarcodeDetector, JsValue>;

    #[wasm_bindgen(static_method_of = BarcodeDetector, catch, js_name = getSupportedFormats)]
    async fn supported_formats() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    async fn detect(this: &BarcodeDetector, picture: &HtmlVideoElement)
    -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rawValue)]
    fn raw_value(this: &DetectedBarcode) -> String;
}

/// The dialog with what the camera sees.
struct Scanner {
    dialog: HtmlDialogElement,
    video: HtmlVideoElement,
    words: Element,
    text: Rc<Text>,
    events: Events,
    /// What the camera sees, as long as the dialog is open.
    stream: RefCell<Option<MediaStream>>,
    /// How often it was opened: what was begun for an earlier time ends by itself.
    scans: Cell<u32>,
}

/// Offers the camera where there is one that may be used, and codes can be read.
pub fn offer(text: &Rc<Text>, events: &Events) -> Result<(), JsValue> {
    let button: Element = dom::by_id("open-scanner")?;
    let dialog: HtmlDialogElement = dom::by_id("scanner")?;
    let scanner = Rc::new(Scanner {
        video: dom::find(&dialog, "video")?,
        words: dom::find(&dialog, "[data-scanner-words]")?,
        dialog,
        text: text.clone(),
        events: events.clone(),
        stream: RefCell::default(),
        scans: Cell::default(),
    });
    let pressed = scanner.clone();
    dom::on(&button, "click", move |_| {
        let scanner = pressed.clone();
        spawn_local(async move {
            if let Err(error) = scanner.scan().await {
                web_sys::console::error_1(&error);
            }
        });
    })?;
    let closed = scanner.clone();
    dom::on(&scanner.dialog, "close", move |_| closed.stop())?;
    // Nobody holds anything before the camera of a page that they don't see.
    dom::on(&dom::document()?, "visibilitychange", move |_| {
        if dom::document().is_ok_and(|page| page.hidden()) {
            scanner.dialog.close();
        }
    })?;
    spawn_local(async move {
        if can_read().await {
            // What can't be shown is not offered.
            let _ = dom::show(&button, true);
        }
    });
    Ok(())
}

/// Whether there are cameras and the browser reads codes.
async fn can_read() -> bool {
    let window = dom::window().map(JsValue::from).unwrap_or_default();
    let has_reader = js_sys::Reflect::has(&window, &"BarcodeDetector".into());
    if cameras().is_none() || has_reader != Ok(true) {
        return false;
    }
    // A browser that knows how may still lack what reads them.
    let formats = BarcodeDetector::supported_formats().await;
    formats.is_ok_and(|formats| js_sys::Array::from(&formats).length() > 0)
}

/// The browser's cameras; a page that came without TLS over a network has none (W3C, Media Capture and
/// Streams, section 9.2).
fn cameras() -> Option<MediaDevices> {
    let devices = dom::window().ok()?.navigator().media_devices().ok()?;
    Some(devices).filter(|devices| !devices.is_undefined())
}

impl Scanner {
    /// Looks until a code is read or the dialog is closed.
    async fn scan(&self) -> Result<(), JsValue> {
        if self.dialog.open() {
            return Ok(());
        }
        let scan = self.scans.get() + 1;
        self.scans.set(scan);
        dom::set_text(&self.words, self.text.get("scanner.hint"));
        self.dialog.show_modal()?;
        let looked = match open_camera().await {
            Ok(stream) if self.goes_on(scan) => {
                self.video.set_src_object(Some(&stream));
                self.stream.replace(Some(stream));
                self.look(scan).await
            }
            Ok(late) => {
                end(&late);
                return Ok(());
            }
            Err(error) => Err(error),
        };
        match looked {
            Ok(Some(codes)) => {
                self.dialog.close();
                self.events.send(Event::Filter(FilterEvent::Scanned(codes)));
            }
            Err(error) if self.goes_on(scan) => {
                self.stop();
                let name = error.dyn_ref::<js_sys::Error>().map(js_sys::Error::name);
                let is_forbidden = name.is_some_and(|name| name == "NotAllowedError");
                let key = if is_forbidden {
                    "scanner.not_allowed"
                } else {
                    "scanner.failed"
                };
                dom::set_text(&self.words, self.text.get(key));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether what was begun at this opening of the dialog is still wanted.
    fn goes_on(&self, scan: u32) -> bool {
        self.dialog.open() && self.scans.get() == scan
    }

    /// The codes that are before the camera; `None` when they are not wanted any more.
    async fn look(&self, scan: u32) -> Result<Option<Vec<String>>, JsValue> {
        let detector = BarcodeDetector::new()?;
        JsFuture::from(self.video.play()?).await?;
        let mut failures = 0;
        while self.goes_on(scan) {
            match detector.detect(&self.video).await {
                Ok(codes) => {
                    failures = 0;
                    let codes = js_sys::Array::from(&codes);
                    let codes = codes
                        .iter()
                        .map(|code| code.unchecked_into::<DetectedBarcode>().raw_value());
                    let codes: Vec<String> = codes.collect();
                    if !codes.is_empty() && self.goes_on(scan) {
                        return Ok(Some(codes));
                    }
                }
                Err(error) if failures == MAX_FAILURES => return Err(error),
                Err(_) => failures += 1,
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Lets go of the camera.
    fn stop(&self) {
        self.video.set_src_object(None);
        if let Some(stream) = self.stream.take() {
            end(&stream);
        }
    }
}

fn end(stream: &MediaStream) {
    for track in stream.get_tracks() {
        track.unchecked_into::<MediaStreamTrack>().stop();
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
