//! The walls between the rooms: which module may not import which, read from every `use` line and
//! every path of the sources, those in macros and attributes too. `ARCHITECTURE.md` says why they stand.

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::bail;

use crate::run::root;
use imports::{Imports, Source, imports, read_sources};

/// A wall: the modules below `from` import nothing below any of `to`, modules of the same crate as
/// `crate::x`, other crates by their names.
struct Wall {
    from: &'static [&'static str],
    to: &'static [&'static str],
    rule: &'static str,
}

/// The walls of one crate.
struct House {
    sources: &'static str,
    walls: &'static [Wall],
}

const HOUSES: &[House] = &[
    House {
        sources: "server/src",
        walls: &[
            Wall {
                from: &["api"],
                to: &["crate::live", "crate::pages"],
                rule: "a door imports no other door",
            },
            Wall {
                from: &["live"],
                to: &["crate::api", "crate::pages"],
                rule: "a door imports no other door",
            },
            Wall {
                from: &["pages"],
                to: &["crate::api", "crate::live"],
                rule: "a door imports no other door",
            },
            Wall {
                from: &["api", "live", "pages"],
                to: &["crate::router", "crate::app", "crate::cli"],
                rule: "a door knows neither the router nor the program around it",
            },
            Wall {
                from: &["access", "http", "transfer", "engine", "listing"],
                to: &[
                    "crate::api",
                    "crate::live",
                    "crate::pages",
                    "crate::router",
                    "crate::app",
                    "crate::cli",
                ],
                rule: "what the doors share knows no door",
            },
            Wall {
                from: &["access", "engine", "transfer", "listing"],
                to: &["crate::http", "axum", "axum_extra", "hyper", "tower_http"],
                rule: "the engine, files and lists know no HTTP",
            },
            Wall {
                from: &["engine"],
                to: &[
                    "crate::access",
                    "crate::transfer",
                    "crate::listing",
                    "crate::translations",
                ],
                rule: "the engine knows neither people, files, lists nor words",
            },
            Wall {
                from: &["listing", "translations", "embedded"],
                to: &["crate::engine", "crate::transfer", "crate::http"],
                rule: "leaves know no rooms",
            },
            Wall {
                from: &["engine::journal"],
                to: &["crate::engine::hub", "crate::engine::desk"],
                rule: "the journal knows no hub and no desk",
            },
            Wall {
                from: &["engine::journal::sqlite", "engine::journal::tables"],
                to: &[
                    "crate::engine::journal::postgres",
                    "tokio",
                    "tokio_postgres",
                ],
                rule: "a data file knows no database and no sockets",
            },
            Wall {
                from: &["engine::journal::postgres"],
                to: &["crate::engine::journal::sqlite", "rusqlite"],
                rule: "a database knows no data file",
            },
            Wall {
                from: &["engine::hub"],
                to: &["crate::engine::desk"],
                rule: "the hub knows no desk",
            },
            Wall {
                from: &[
                    "access",
                    "api",
                    "app",
                    "cli",
                    "engine::desk",
                    "engine::hub",
                    "http",
                    "listing",
                    "live",
                    "pages",
                    "router",
                    "transfer",
                ],
                to: &["rusqlite", "tokio_postgres"],
                rule: "only the journal knows SQL",
            },
        ],
    },
    House {
        sources: "client-wasm/src",
        walls: &[
            Wall {
                from: &["model"],
                to: &[
                    "crate::view",
                    "crate::link",
                    "crate::dom",
                    "web_sys",
                    "js_sys",
                    "wasm_bindgen",
                    "gloo_net",
                    "gloo_timers",
                ],
                rule: "the model knows neither the view, the link nor the browser",
            },
            Wall {
                from: &["view"],
                to: &["crate::link", "crate::page"],
                rule: "the view reads the model and sends events, and knows no link",
            },
            Wall {
                from: &["link"],
                to: &["crate::view", "crate::page"],
                rule: "the link knows no view",
            },
            Wall {
                from: &["event", "dom"],
                to: &["crate::view", "crate::link", "crate::page"],
                rule: "what everybody uses knows nobody",
            },
        ],
    },
    House {
        sources: "shared/src",
        walls: &[Wall {
            from: &["id", "product", "rules", "reason", "change", "command"],
            to: &["crate::catalog", "crate::message", "crate::mirror"],
            rule: "products and commands know no catalog",
        }],
    },
    House {
        sources: "bench/src",
        walls: &[],
    },
    House {
        sources: "xtask/src",
        walls: &[],
    },
];

/// Fails when a wall is broken or imports run in a circle, and names the files and the rule.
pub fn check() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for house in HOUSES {
        let sources = read_sources(root(), Path::new(house.sources))?;
        broken.extend(look_at(&sources, house.walls)?);
    }
    if !broken.is_empty() {
        bail!("walls are broken:\n{}", broken.join("\n"));
    }
    println!("\nthe walls stand, and no imports run in a circle");
    Ok(())
}

/// What is wrong with the imports of one crate's sources, a line each.
fn look_at(sources: &[Source], walls: &[Wall]) -> anyhow::Result<Vec<String>> {
    let modules: BTreeMap<&str, &Source> = sources
        .iter()
        .map(|source| (source.module.as_str(), source))
        .collect();
    let read: Vec<Imports> = sources.iter().map(imports).collect::<Result<_, _>>()?;
    let tests: Vec<&String> = read.iter().flat_map(|read| &read.test_modules).collect();
    let mut broken = Vec::new();
    let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (source, read) in sources.iter().zip(&read) {
        if tests.iter().any(|test| is_below(&source.module, test)) {
            continue;
        }
        for import in &read.paths {
            let target = import
                .strip_prefix("crate::")
                .and_then(|path| file_of(path, &modules));
            if let Some(target) = target {
                arrows.entry(&source.module).or_default().insert(target);
            }
            let named = target.map_or(import.as_str(), |module| &modules[module].file);
            for wall in walls {
                if wall.stands_between(&source.module, import) {
                    broken.push(format!("{} imports {named}: {}", source.file, wall.rule));
                }
            }
        }
    }
    broken.extend(circles(&arrows, &modules));
    broken.dedup();
    Ok(broken)
}

impl Wall {
    fn stands_between(&self, module: &str, import: &str) -> bool {
        self.from.iter().any(|from| is_below(module, from))
            && self.to.iter().any(|to| is_below(import, to))
    }
}

/// Whether a path is another or leads into it.
fn is_below(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The module among those that have a file which a path leads into.
fn file_of<'a>(path: &str, modules: &BTreeMap<&'a str, &Source>) -> Option<&'a str> {
    let inside = modules.keys().filter(|module| !module.is_empty());
    inside
        .filter(|module| is_below(path, module))
        .max_by_key(|module| module.len())
        .copied()
}

/// The circles in which modules import each other. That the parts of a module know it is none.
fn circles(
    arrows: &BTreeMap<&str, BTreeSet<&str>>,
    modules: &BTreeMap<&str, &Source>,
) -> Vec<String> {
    let next = |from: &str| {
        let targets = arrows.get(from).into_iter().flatten().copied();
        let from = from.to_owned();
        targets.filter(move |to| !is_below(&from, to))
    };
    let mut circles = Vec::new();
    for &start in arrows.keys() {
        // The shortest way back, by breadth; each circle is told from its first module alone.
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut front = vec![start];
        while !front.is_empty() && !came_from.contains_key(start) {
            let mut coming = Vec::new();
            for from in front {
                for to in next(from).filter(|to| *to >= start) {
                    if !came_from.contains_key(to) {
                        came_from.insert(to, from);
                        coming.push(to);
                    }
                }
            }
            front = coming;
        }
        let mut circle = Vec::new();
        let mut at = came_from.get(start).copied();
        while let Some(module) = at {
            circle.push(modules[module].file.as_str());
            at = (module != start).then(|| came_from[module]);
        }
        if !circle.is_empty() {
            circle.reverse();
            circles.push(format!("imports run in a circle: {}", circle.join(" -> ")));
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALLS: &[Wall] = &[Wall {
        from: &["engine"],
        to: &["crate::http", "axum"],
        rule: "the engine knows no HTTP",
    }];

    fn broken(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(file, text)| Source::new(file, Path::new(file), (*text).to_owned()))
            .collect();
        look_at(&sources, WALLS).expect("Rust")
    }

    #[test]
    fn a_broken_wall_is_told_with_both_files_and_the_rule() {
        let told = ["engine/desk.rs imports http.rs: the engine knows no HTTP"];
        for import in [
            "use crate::http::Thing;",
            "use crate::{http::Thing, other};",
            "use super::super::http;",
            "fn f() { crate::http::f(); }",
            "fn f() { select! { x = crate::http::f() => {} } }",
            "#[path(params(crate::http::Thing))] fn f() {}",
        ] {
            let files = [
                ("engine/desk.rs", import),
                ("engine.rs", ""),
                ("http.rs", ""),
            ];
            assert_eq!(broken(&files), told, "{import}");
        }
        let told = ["engine.rs imports axum::body: the engine knows no HTTP"];
        assert_eq!(broken(&[("engine.rs", "use axum::body;")]), told);
    }

    #[test]
    fn what_keeps_to_the_walls_is_fine() {
        let files = [
            ("engine.rs", "mod desk; use desk::Desk; use axumlike::x;"),
            ("engine/desk.rs", "use super::Engine; use shared::axum;"),
            ("http.rs", "use crate::engine::desk::Desk;"),
            ("httpd.rs", "//! crate::http"),
        ];
        assert_eq!(broken(&files), [""; 0]);
        let test = "#[cfg(test)] mod tests { use crate::http::Thing; use super::*; }";
        assert_eq!(broken(&[("engine.rs", test), ("http.rs", "")]), [""; 0]);
        let files = [
            ("engine.rs", "#[cfg(test)] mod tests;"),
            ("engine/tests.rs", "use crate::http::Thing;"),
            ("http.rs", ""),
        ];
        assert_eq!(broken(&files), [""; 0]);
    }

    #[test]
    fn a_circle_is_told_once_with_its_files() {
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A;"),
            ("d.rs", "use crate::a::A;"),
        ];
        let told = ["imports run in a circle: a.rs -> b.rs -> c.rs"];
        assert_eq!(broken(&files), told);
    }
}
