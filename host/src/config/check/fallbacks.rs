//! Fallbacks: whether the groups they name are there.

use std::collections::BTreeSet;

use super::super::names;
use super::super::problem::Problems;
use super::super::tree::{Entry, Node};

const KEYS: [&str; 3] = ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

pub fn check(root: &Node, problems: &mut Problems) {
    let groups = groups(root);
    if groups.is_empty() {
        return;
    }
    for section in ["router_settings", "litellm_settings"] {
        for key in KEYS {
            let mappings = root.find(&[section, key]).and_then(Node::list).unwrap_or_default();
            for entry in mappings.iter().filter_map(Node::map).flatten() {
                if entry.key != "*" && !is_known(&entry.key, &groups) {
                    let what = format!("`{key}` names `{}`, which is no model group", entry.key);
                    problems.warning(&entry.at, what, mend(&entry.key, &groups));
                }
                check_targets(key, &entry.node, &groups, problems);
            }
        }
        if let Some(list) = root.find(&[section, "default_fallbacks"]) {
            check_targets("default_fallbacks", list, &groups, problems);
        }
    }
}

/// A fallback that is not there is passed over when it is needed: the worst moment to learn of it.
fn check_targets(key: &str, list: &Node, groups: &BTreeSet<&str>, problems: &mut Problems) {
    for target in list.list().unwrap_or_default() {
        let named = target.get("model").unwrap_or(target);
        if let Some(name) = named.text().filter(|name| !is_known(name, groups)) {
            let what = format!("`{key}` leads to `{name}`, which is no model group");
            problems.warning(&named.at, what, mend(name, groups));
        }
    }
}

/// Model groups, deployments' own models and aliases: everything a client may ask for.
fn groups(root: &Node) -> BTreeSet<&str> {
    let entries = root.get("model_list").and_then(Node::list).unwrap_or_default();
    let aliases = root.find(&["router_settings", "model_group_alias"]).and_then(Node::map);
    let of = |path: &'static [&'static str]| entries.iter().filter_map(move |entry| entry.find(path)?.text());
    of(&["model_name"])
        .chain(of(&["litellm_params", "model"]))
        .chain(of(&["model_info", "id"]))
        .chain(aliases.unwrap_or_default().iter().map(|Entry { key, .. }| key.as_str()))
        .collect()
}

fn is_known(name: &str, groups: &BTreeSet<&str>) -> bool {
    groups.contains(name)
        || groups
            .iter()
            .any(|group| group.contains('*') && super::aliases::matches(group, name))
}

fn mend(name: &str, groups: &BTreeSet<&str>) -> String {
    names::did_you_mean(name, groups.iter().copied())
        .unwrap_or_else(|| format!("Add `model_name: {name}` to `model_list`, or take it out."))
}
