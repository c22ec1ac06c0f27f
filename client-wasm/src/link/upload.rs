//! A file on its way to the server's import, and what the server tells of it meanwhile.

use std::cell::Cell;
use std::rc::Rc;

use shared::OnDuplicate;
use wasm_bindgen::prelude::*;
use web_sys::{Event, File, ProgressEvent, XmlHttpRequest};

use super::answer;
use crate::model::upload::Progress;

/// The most refused rows of which the page shows what is wrong: more than a person reads.
const MAX_REFUSED: usize = 100;

/// The most bytes that may have been sent and not yet read, in buffers on both sides.
const MAX_UNDER_WAY_BYTES: f64 = 8.0 * 1024.0 * 1024.0;

type Listener = Closure<dyn FnMut(Event)>;

/// A file on its way. Dropping it stops it.
pub struct Upload {
    request: XmlHttpRequest,
    _listeners: [Listener; 4],
}

impl Upload {
    /// Sends a file, and tells how it goes.
    pub fn start(
        file: &File,
        on_duplicate: OnDuplicate,
        columns: &str,
        is_dry_run: bool,
        tell: impl Fn(Progress) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let request = XmlHttpRequest::new()?;
        let format = format(&file.name());
        let on_duplicate: &str = on_duplicate.into();
        let url = format!(
            "api/products/import?format={format}&on_duplicate={on_duplicate}\
             &dry_run={is_dry_run}&most_refused={MAX_REFUSED}"
        );
        let url = if columns.is_empty() {
            url
        } else {
            let columns = String::from(js_sys::encode_uri_component(columns));
            format!("{url}&columns={columns}")
        };
        request.open_with_async("POST", &url, true)?;
        let listeners = listen(&request, &tell)?;
        request.send_with_opt_blob(Some(file))?;
        Ok(Self {
            request,
            _listeners: listeners,
        })
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // An upload that has ended can't fail to stop.
        let _ = self.request.abort();
    }
}

/// The format that a file's name says; CSV where it says none.
fn format(name: &str) -> &'static str {
    let name = name.to_lowercase();
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("json") => "json",
        Some("ndjson" | "jsonl") => "ndjson",
        _ => "csv",
    }
}

fn listen(
    request: &XmlHttpRequest,
    tell: &(impl Fn(Progress) + Clone + 'static),
) -> Result<[Listener; 4], JsValue> {
    let sent = {
        let tell = tell.clone();
        Listener::new(move |event: Event| {
            let event: ProgressEvent = event.unchecked_into();
            if event.total() > 0.0 {
                let read = (event.loaded() - MAX_UNDER_WAY_BYTES).max(0.0);
                tell(Progress::Read(read / event.total()));
            }
        })
    };
    // How much of the answer was read.
    let read = Rc::new(Cell::new(0));
    let told = {
        let (request, tell, read) = (request.clone(), tell.clone(), read.clone());
        Listener::new(move |_| tell_lines(&request, &read, &tell))
    };
    let ended = {
        let (request, tell) = (request.clone(), tell.clone());
        Listener::new(move |_| {
            if request.status() == Ok(200) {
                tell_lines(&request, &read, &tell);
                tell(Progress::Ended(Ok(())));
            } else {
                tell(Progress::Ended(Err(answer::detail(&answer::text(
                    &request,
                )))));
            }
        })
    };
    let lost = {
        let tell = tell.clone();
        Listener::new(move |_| tell(Progress::Ended(Err(None))))
    };
    let on = |kind, listener: &Listener| {
        request.add_event_listener_with_callback(kind, listener.as_ref().unchecked_ref())
    };
    let upload = request.upload()?;
    upload.add_event_listener_with_callback("progress", sent.as_ref().unchecked_ref())?;
    on("progress", &told)?;
    on("load", &ended)?;
    on("error", &lost)?;
    Ok([sent, told, ended, lost])
}

/// Hands on each line that is new and complete.
fn tell_lines(request: &XmlHttpRequest, read: &Cell<usize>, tell: &impl Fn(Progress)) {
    let text = answer::text(request);
    let Some(new) = text.get(read.get()..) else {
        return;
    };
    let Some((lines, _)) = new.rsplit_once('\n') else {
        return;
    };
    read.set(read.get() + lines.len() + 1);
    // A newer server may say more than this client knows.
    let messages = lines
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    messages.for_each(|message| tell(Progress::Told(message)));
}
