//! What a source file imports.

use std::path::Path;

use anyhow::Context;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, UseTree};

/// A file of a crate.
pub struct Source {
    /// Its path from the top of the workspace.
    pub file: String,
    /// Its module's path in the crate, such as `engine::desk`; empty for the crate itself.
    pub module: String,
    text: String,
}

impl Source {
    /// A file that is at `path` in its crate's folder of sources.
    pub fn new(file: &str, path: &Path, text: String) -> Self {
        let parts = path.with_extension("");
        let parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy()).collect();
        let module = parts.join("::");
        Self {
            file: file.to_owned(),
            module: if ["main", "lib"].contains(&module.as_str()) {
                String::new()
            } else {
                module
            },
            text,
        }
    }
}

/// Reads every source file of a crate.
pub fn read_sources(root: &Path, folder: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(&inside)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path)?;
                let file = path.strip_prefix(root)?.display().to_string();
                sources.push(Source::new(
                    &file,
                    path.strip_prefix(root.join(folder))?,
                    text,
                ));
            }
        }
    }
    Ok(sources)
}

/// The paths that a file names outside its tests: those in its own crate begin with `crate::`,
/// others with the name of their crate.
pub fn imports(source: &Source) -> anyhow::Result<Vec<String>> {
    let file = syn::parse_file(&source.text).with_context(|| source.file.clone())?;
    let mut collector = Collector {
        module: source
            .module
            .split("::")
            .filter(|part| !part.is_empty())
            .collect(),
        paths: Vec::new(),
    };
    collector.visit_file(&file);
    Ok(collector.paths)
}

struct Collector<'a> {
    module: Vec<&'a str>,
    paths: Vec<String>,
}

impl Collector<'_> {
    /// Notes a path; `super` and `self` are resolved.
    fn note(&mut self, path: &[String]) {
        let mut base = self.module.clone();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => {
                base.clear();
                rest = &rest[1..];
            }
            Some("self" | "super") => {
                while let Some((first, others)) = rest.split_first() {
                    match first.as_str() {
                        "self" => {}
                        "super" => drop(base.pop()),
                        _ => break,
                    }
                    rest = others;
                }
            }
            _ => return self.paths.push(path.join("::")),
        }
        let inside = base.into_iter().chain(rest.iter().map(String::as_str));
        let whole: Vec<&str> = std::iter::once("crate").chain(inside).collect();
        self.paths.push(whole.join("::"));
    }

    fn note_tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.note_tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.note_tree(before, tree);
                }
            }
            UseTree::Name(name) => self.note_leaf(before, name.ident.to_string()),
            UseTree::Rename(rename) => self.note_leaf(before, rename.ident.to_string()),
            UseTree::Glob(_) => self.note(&before.clone()),
        }
    }

    fn note_leaf(&mut self, before: &[String], leaf: String) {
        let mut path = before.to_vec();
        if leaf != "self" {
            path.push(leaf);
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.note_tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<String> = segments.map(|part| part.ident.to_string()).collect();
        let is_own = ["crate", "super", "self"].contains(&segments[0].as_str());
        // A path of one part is a name, and was imported where it comes from elsewhere.
        if segments.len() > 1 && (is_own || segments[0].starts_with(char::is_lowercase)) {
            self.note(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if !item.attrs.iter().any(is_test_only) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn is_test_only(attribute: &Attribute) -> bool {
    let is_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}
