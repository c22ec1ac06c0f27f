//! Connections that clients keep for later, as their pools do.

use std::thread;

use crate::support::script::{node, python, run};
use crate::support::{Program, data_file};

/// How long they rest: a moment, unless the environment wants more. `cargo xtask test` lets them rest for
/// longer than a minute.
fn rest() -> String {
    std::env::var("VITRINA_IDLE_SECONDS").unwrap_or_else(|_| "1".to_owned())
}

#[test]
#[ignore = "needs Node and Python"]
fn a_connection_that_rests_is_still_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(&data_file(&folder));
    let url = format!("http://{}/api/products", program.host);
    thread::scope(|scope| {
        for library in ["requests", "httpx", "aiohttp"] {
            let url = &url;
            scope.spawn(move || {
                let mut script = python();
                let said = run(script.args(["idle.py", library, url, &rest()]));
                assert_eq!(said.trim(), "same", "{library}");
            });
        }
        let said = run(node().args(["idle.mjs", &url, &rest()]));
        assert_eq!(said.trim(), "same", "undici");
    });
}
