//! No circles of imports: between the modules of the gateway, and between the parts of an exchange.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::architecture::{code, files};

/// By module, the modules that it imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The modules of the gateway, each with its code: `["exchange", "policy", "retry"]`.
fn modules() -> BTreeMap<Vec<String>, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/src");
    let mut modules = BTreeMap::new();
    for file in files(&source) {
        let name = file.strip_prefix(&source).unwrap().with_extension("");
        let mut path: Vec<String> = name.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if path.last().is_some_and(|last| last == "mod") {
            path.pop();
        }
        modules.insert(path, code(&file));
    }
    modules
}

/// The paths of a tree such as `a::{b, c::d}`, and what follows it.
fn paths<'t>(tree: &'t str, before: &[&'t str], found: &mut Vec<Vec<&'t str>>) -> &'t str {
    let tree = tree.trim_start();
    if let Some(mut rest) = tree.strip_prefix('{') {
        while !rest.trim_start().starts_with('}') {
            rest = paths(rest, before, found).trim_start().trim_start_matches(',');
        }
        return &rest.trim_start()[1..];
    }
    let end = tree
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(tree.len());
    let path = [before, &[&tree[..end]]].concat();
    match tree[end..].strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '{') => paths(rest, &path, found),
        _ => {
            found.push(path);
            tree[end..].trim_start_matches(|c: char| !matches!(c, ',' | '}' | ';' | '\n'))
        }
    }
}

/// The paths in code that begin at the crate or at a module above.
fn absolute_paths(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for word in ["crate::", "super::"] {
        for (at, _) in code.match_indices(word) {
            let is_inside = code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '$'));
            if !is_inside {
                paths(&code[at..], &[], &mut found);
            }
        }
    }
    found
}

/// The module that a path in module `from` leads to.
fn target(from: &[String], path: &[&str], modules: &BTreeMap<Vec<String>, String>) -> Vec<String> {
    let ups = path.iter().take_while(|part| **part == "super").count();
    let mut target = match path[0] {
        "crate" => Vec::new(),
        _ => from[..from.len() - ups.min(from.len())].to_vec(),
    };
    for part in &path[ups.max(1)..] {
        target.push((*part).to_owned());
        if !modules.contains_key(&target) {
            target.pop();
            break;
        }
    }
    target
}

/// The imports between the modules directly in `folder`, which stands for itself.
fn imports(folder: &[&str]) -> Imports {
    let modules = modules();
    let name = |module: &[String]| {
        let own = module.strip_prefix(
            folder
                .iter()
                .map(|part| (*part).to_owned())
                .collect::<Vec<_>>()
                .as_slice(),
        )?;
        Some(own.first().cloned().unwrap_or_default())
    };
    let mut imports = Imports::new();
    for (module, code) in &modules {
        let Some(from) = name(module) else { continue };
        for path in absolute_paths(code) {
            if let Some(to) = name(&target(module, &path, &modules)).filter(|to| *to != from) {
                imports.entry(from.clone()).or_default().insert(to);
            }
        }
        if !folder.is_empty() && !from.is_empty() {
            // A folder's own file knows what is in it.
            imports.entry(String::new()).or_default().insert(from);
        }
    }
    imports
}

/// A circle, if there is one.
fn circle<'i>(
    imports: &'i Imports,
    at: &'i str,
    path: &mut Vec<&'i str>,
    done: &mut BTreeSet<&'i str>,
) -> Option<String> {
    if let Some(begins) = path.iter().position(|module| *module == at) {
        return Some([&path[begins..], &[at]].concat().join(" → "));
    }
    if !done.insert(at) {
        return None;
    }
    path.push(at);
    let further = imports.get(at).into_iter().flatten();
    let found = further.into_iter().find_map(|next| circle(imports, next, path, done));
    path.pop();
    found
}

#[test]
fn nothing_imports_what_imports_it() {
    for folder in [&[][..], &["exchange"]] {
        let imports = imports(folder);
        assert!(imports.len() > 15, "{imports:?}");
        for module in imports.keys() {
            let found = circle(&imports, module, &mut Vec::new(), &mut BTreeSet::new());
            assert_eq!(found, None, "in `{}`", folder.join("::"));
        }
    }
}

#[test]
fn a_circle_is_found() {
    let imports = |pairs: &[(&str, &str)]| -> Imports {
        let mut imports = Imports::new();
        for (from, to) in pairs {
            imports.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        imports
    };
    let straight = imports(&[("a", "b"), ("b", "c"), ("a", "c")]);
    let round = imports(&[("a", "b"), ("b", "c"), ("c", "b")]);
    let from_a = |imports: &Imports| circle(imports, "a", &mut Vec::new(), &mut BTreeSet::new());
    assert_eq!(from_a(&straight), None);
    assert_eq!(from_a(&round).as_deref(), Some("b → c → b"));
    let code = "use crate::a::{self, b::{C, D}, e};\nlet x = super::f::g(1); $crate::not";
    let found: Vec<String> = absolute_paths(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "crate::a::self",
            "crate::a::b::C",
            "crate::a::b::D",
            "crate::a::e",
            "super::f::g"
        ]
    );
}
