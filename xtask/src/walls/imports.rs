//! What a source file imports.

use std::path::Path;

use anyhow::Context;
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Macro, MetaList, UseTree};

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

/// What a file names outside its tests.
#[derive(Debug, Default)]
pub struct Imports {
    /// The paths: those in its own crate begin with `crate::`, others with the name of their crate.
    pub paths: Vec<String>,
    /// The modules in files of their own that are compiled for tests alone.
    pub test_modules: Vec<String>,
}

/// Reads a file.
pub fn imports(source: &Source) -> anyhow::Result<Imports> {
    let file = syn::parse_file(&source.text).with_context(|| source.file.clone())?;
    let module = source.module.split("::");
    let mut collector = Collector {
        module: module.filter(|part| !part.is_empty()).collect(),
        imports: Imports::default(),
    };
    collector.visit_file(&file);
    Ok(collector.imports)
}

struct Collector<'a> {
    module: Vec<&'a str>,
    imports: Imports,
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
            _ => return self.imports.paths.push(path.join("::")),
        }
        let inside = base.into_iter().chain(rest.iter().map(String::as_str));
        let whole: Vec<&str> = std::iter::once("crate").chain(inside).collect();
        self.imports.paths.push(whole.join("::"));
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

    /// Notes the paths among tokens that are not parsed.
    fn note_tokens(&mut self, tokens: &str) {
        let tokens = tokens.replace(" :: ", "::");
        for word in tokens.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c))) {
            let path: Vec<String> = word.split("::").map(str::to_owned).collect();
            if path.len() > 1 && ["crate", "super", "self"].contains(&path[0].as_str()) {
                self.note(&path);
            }
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
        } else if item.content.is_none() {
            let name = item.ident.to_string();
            let inside = self.module.iter().copied().chain([name.as_str()]);
            let path: Vec<&str> = inside.collect();
            self.imports.test_modules.push(path.join("::"));
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.note_tokens(&call.tokens.to_string());
        visit::visit_macro(self, call);
    }

    fn visit_meta_list(&mut self, attribute: &'ast MetaList) {
        self.note_tokens(&attribute.tokens.to_string());
        visit::visit_meta_list(self, attribute);
    }
}

fn is_test_only(attribute: &Attribute) -> bool {
    let is_test = |list: &syn::MetaList| list.tokens.to_string() == "test";
    attribute.path().is_ident("cfg") && attribute.meta.require_list().is_ok_and(is_test)
}
