//! A real Chromium, driven by chromedriver.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MOUSE_BUTTON_RIGHT, MouseActions,
    PointerAction,
};
use fantoccini::error::CmdError;
use fantoccini::wd::PrintConfiguration;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use testbed::{Chromium, Network, Window};

use super::TIMEOUT;

/// The rows of the live page that show a product which is there.
pub const ROWS: &str = "[data-products] > [data-product]:not(.is-ghost)";

/// What the browser is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Desktop,
    DesktopDark,
    Phone,
    PhoneDark,
    Tablet,
    TabletDark,
    Wide,
    WideDark,
}

/// A key of the keyboard.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    Char(char),
    Control(char),
    Enter,
    Escape,
    End,
    ControlEnd,
    Up,
    Right,
    Down,
}

/// One browser with a profile of its own.
pub struct Browser {
    pub client: Client,
    chromium: Chromium,
}

impl Browser {
    pub async fn open(look: Look) -> Self {
        Self::open_in("en", look).await
    }

    /// Opens a browser whose user reads this language.
    pub async fn open_in(language: &str, look: Look) -> Self {
        Self::open_window(language, look, None).await
    }

    /// Opens a browser whose camera sees this film, and can read codes.
    pub async fn open_with_camera(look: Look, film: &Path) -> Self {
        let browser = Self::open_window("en", look, Some(film)).await;
        browser.chromium.run_first(&code_reader()).await;
        browser
    }

    async fn open_window(language: &str, look: Look, camera: Option<&Path>) -> Self {
        let is_phone = matches!(look, Look::Phone | Look::PhoneDark);
        let chromium = Chromium::open(&Window {
            language,
            is_dark: matches!(
                look,
                Look::DesktopDark | Look::PhoneDark | Look::TabletDark | Look::WideDark
            ),
            size: match look {
                Look::Desktop | Look::DesktopDark => (1440, 900),
                Look::Phone | Look::PhoneDark => (360, 780),
                Look::Tablet | Look::TabletDark => (768, 1024),
                Look::Wide | Look::WideDark => (2560, 1440),
            },
            is_phone,
            camera,
        })
        .await;
        Self {
            client: chromium.client.clone(),
            chromium,
        }
    }

    pub async fn goto(&self, host: &str, path: &str) {
        let url = format!("http://{host}{path}");
        self.client.goto(&url).await.expect("a page");
    }

    /// Opens the live page and waits until it is live.
    pub async fn open_live(&self, host: &str) {
        self.goto(host, "/realtimeproducts").await;
        self.until_live().await;
    }

    pub async fn until_live(&self) {
        self.until("document.getElementById('status').dataset.state === 'live'")
            .await;
    }

    /// What a JavaScript expression gives.
    pub async fn value(&self, expression: &str) -> Value {
        let value = self.try_value(expression).await;
        value.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    async fn try_value(&self, expression: &str) -> Result<Value, CmdError> {
        let script = format!("return {expression}");
        self.client.execute(&script, Vec::new()).await
    }

    /// Waits until a JavaScript expression holds.
    pub async fn until(&self, expression: &str) {
        let end = Instant::now() + TIMEOUT;
        loop {
            match self.try_value(&format!("Boolean({expression})")).await {
                Ok(Value::Bool(true)) => return,
                Ok(_) => {}
                // The page is about to be another.
                Err(error) if error.to_string().contains("execution context") => {}
                Err(error) => panic!("{expression}: {error}"),
            }
            if Instant::now() > end {
                self.screenshot("failed").await;
                panic!("never held: {expression}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the list has these titles, from the top.
    pub async fn until_titles(&self, wanted: &[&str]) {
        let wanted = serde_json::to_string(wanted).expect("JSON");
        let titles = format!(
            "JSON.stringify([...document.querySelectorAll({ROWS:?} + ' [data-title]')]\
                      .map(title => title.textContent))"
        );
        self.until(&format!("{titles} === {}", json!(wanted))).await;
    }

    pub async fn until_text(&self, selector: &str, wanted: &str) {
        let text = format!("document.querySelector({})?.textContent", json!(selector));
        self.until(&format!("({text} ?? '').includes({})", json!(wanted)))
            .await;
    }

    pub async fn click(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.click().await.expect("a click");
    }

    pub async fn type_into(&self, selector: &str, text: &str) {
        let element = self.client.find(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|error| panic!("{selector}: {error}"));
        element.send_keys(text).await.expect("keys");
    }

    /// Opens the form that adds a product, unless it is open.
    pub async fn open_form(&self) {
        self.value("document.getElementById('panel').hidden && document.getElementById('open-add').click()")
            .await;
        self.until("!document.getElementById('panel').hidden").await;
    }

    /// Fills in what the form needs, without sending it off.
    pub async fn fill(&self, title: &str, code: &str) {
        self.open_form().await;
        let values = [
            ("title", title),
            ("code", code),
            ("category", "tools"),
            ("price", "19.99"),
            ("stock", "5"),
        ];
        for (name, value) in values {
            self.type_into(&format!("[name={name}]"), value).await;
        }
    }

    /// Moves the pointer over an element, or away from the list.
    pub async fn point_at(&self, selector: &str) {
        let element = self.client.find(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|error| panic!("{selector}: {error}"));
        let there = PointerAction::MoveToElement {
            element,
            duration: None,
            x: 1.0,
            y: 1.0,
        };
        let actions = MouseActions::new("mouse".to_owned()).then(there);
        self.client.perform_actions(actions).await.expect("a move");
    }

    /// Presses the pointer's button wherever it is.
    pub async fn press_pointer(&self) {
        self.press_button(MOUSE_BUTTON_LEFT).await;
    }

    /// Presses its second button over an element.
    pub async fn ask_for_menu(&self, selector: &str) {
        self.point_at(selector).await;
        self.press_button(MOUSE_BUTTON_RIGHT).await;
    }

    async fn press_button(&self, button: u64) {
        let actions = MouseActions::new("mouse".to_owned())
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client.perform_actions(actions).await.expect("a press");
    }

    /// On how many sheets of paper the page is printed.
    pub async fn sheets(&self) -> usize {
        let printed = self.client.print(PrintConfiguration::default()).await;
        let document = printed.expect("a document");
        let is_page =
            |start: &[u8]| start.starts_with(b"/Type /Page") && start.get(11) != Some(&b's');
        (0..document.len())
            .filter(|at| is_page(&document[*at..]))
            .count()
    }

    /// Takes the browser's network away, as its own offline switch does, or gives it back.
    pub async fn set_network(&self, is_there: bool) {
        self.chromium
            .set_network(&Network {
                is_offline: !is_there,
                ..Network::default()
            })
            .await;
    }

    /// Has the page's process end as it does when it runs out of memory.
    pub async fn crash(&self) {
        self.chromium.crash().await;
    }

    /// What axe-core finds wrong with the page (WCAG 2.2 AA and good practice).
    pub async fn axe(&self) -> Vec<String> {
        let axe = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/clients/node_modules/axe-core/axe.min.js"
        );
        let axe = std::fs::read_to_string(axe).expect("cargo xtask test installs it");
        self.client
            .execute(&axe, Vec::new())
            .await
            .expect("it loads");
        let run = "return axe.run().then(found => found.violations.flatMap(rule => \
            rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`)))";
        let found = self.client.execute(run, Vec::new()).await.expect("it runs");
        serde_json::from_value(found).expect("texts")
    }

    /// Gives an element the focus.
    pub async fn focus(&self, selector: &str) {
        let element = format!("document.querySelector({})", json!(selector));
        self.value(&format!("({element}.focus(), 1)")).await;
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub async fn press(&self, keys: &[Key]) {
        let mut actions = KeyActions::new("keys".to_owned());
        for key in keys {
            let (value, is_control) = match key {
                Key::Char(c) => (*c, false),
                Key::Control(c) => (*c, true),
                Key::Enter => ('\u{E007}', false),
                Key::Escape => ('\u{E00C}', false),
                Key::End => ('\u{E010}', false),
                Key::ControlEnd => ('\u{E010}', true),
                Key::Up => ('\u{E013}', false),
                Key::Right => ('\u{E014}', false),
                Key::Down => ('\u{E015}', false),
            };
            if is_control {
                actions = actions.then(KeyAction::Down { value: '\u{E009}' });
            }
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
            if is_control {
                actions = actions.then(KeyAction::Up { value: '\u{E009}' });
            }
            // A page that paints the next cell only then has it.
            actions = actions.then(KeyAction::Pause {
                duration: Duration::from_millis(60),
            });
        }
        self.client.perform_actions(actions).await.expect("keys");
    }

    /// Keeps a picture under `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
    }

    pub async fn close(self) {
        self.client.clone().close().await.expect("it closes");
    }
}

/// Chromium on Linux reads no codes itself; there this library does, which keeps to the same standard.
fn code_reader() -> String {
    let modules = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/node_modules");
    let library = format!("{modules}/barcode-detector/dist/iife/polyfill.js");
    let library = std::fs::read_to_string(library).expect("cargo xtask test installs it");
    let reader = format!("{modules}/zxing-wasm/dist/reader/zxing_reader.wasm");
    let reader = std::fs::read(reader).expect("cargo xtask test installs it");
    let reader = reader.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!(
        "{library}; BarcodeDetectionAPI.prepareZXingModule({{overrides: {{ \
         wasmBinary: Uint8Array.fromHex('{reader}').buffer}}}});"
    )
}
