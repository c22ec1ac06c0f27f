//! Who uses a page's name: the browser takes a page's lock away when the page is gone, however it went
//! (Web Locks API). Where there are no locks, as over plain HTTP from another machine, nobody ever finds a
//! name that is free.

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen]
extern "C" {
    /// web-sys has it among what may still change.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request(name: &str, options: &Object, callback: &Function) -> Result<Promise, JsValue>;
}

/// What locks are called, before the page's name.
const LOCK: &str = "vitrina-client:";

/// Holds a name from when it is free until the page is gone.
pub fn hold(name: &str) {
    let asked = ask(name, false, || {});
    spawn_local(async {
        // Where there are no locks nobody else takes it either.
        if let Ok(asked) = asked {
            let _ = JsFuture::from(asked).await;
        }
    });
}

/// Holds a name until the page is gone, if nobody else does; and says whether it does.
pub async fn hold_if_free(name: &str) -> bool {
    let (sender, is_held) = oneshot::channel();
    let on_held = move || {
        let _ = sender.send(());
    };
    let asked = ask(name, true, on_held);
    let Ok(asked) = asked.map(JsFuture::from) else {
        return false;
    };
    // What was asked ends when there is no lock to have, or no longer.
    matches!(select(is_held, asked).await, Either::Left((Ok(()), _)))
}

/// Asks for a lock; `on_held` is called when it is there.
fn ask(
    name: &str,
    only_if_free: bool,
    on_held: impl FnOnce() + 'static,
) -> Result<Promise, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &only_if_free.into())?;
    let held = Closure::once_into_js(move |lock: JsValue| {
        if lock.is_null() {
            return JsValue::UNDEFINED;
        }
        on_held();
        // It is held until this is answered, which is never.
        Promise::new(&mut |_, _| {}).into()
    });
    request(&format!("{LOCK}{name}"), &options, held.unchecked_ref())
}
