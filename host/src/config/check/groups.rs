//! Model groups that fallbacks and routing groups name: whether they are there.

use super::super::names;
use super::super::problem::Problems;
use super::super::tree::Node;
use super::aliases::Models;

const KEYS: [&str; 3] = ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"];

pub fn check(root: &Node, problems: &mut Problems) {
    let models = Models::of(root);
    let aliases = root.find(&["router_settings", "model_group_alias"]).and_then(Node::map);
    let aliases = aliases.unwrap_or_default();
    if models.groups.is_empty() {
        return;
    }
    let is_known = |name: &str| models.has(name) || aliases.iter().any(|alias| alias.key == name);
    let mend = |name: &str| {
        let names = models.groups.iter().copied();
        names::did_you_mean(name, names.chain(aliases.iter().map(|alias| alias.key.as_str())))
            .unwrap_or_else(|| format!("Add `model_name: {name}` to `model_list`, or take it out."))
    };
    // A fallback that is not there is passed over when it is needed: the worst moment to learn of it.
    let check_targets = |key: &str, list: &Node, problems: &mut Problems| {
        for target in list.list().unwrap_or_default() {
            let named = target.get("model").unwrap_or(target);
            if let Some(name) = named.text().filter(|name| !is_known(name)) {
                let what = format!("`{key}` leads to `{name}`, which is no model group");
                problems.warning(&named.at, what, mend(name));
            }
        }
    };
    let routing_groups = root.find(&["router_settings", "routing_groups"]).and_then(Node::list);
    for model in routing_groups
        .unwrap_or_default()
        .iter()
        .filter_map(|group| group.get("models"))
    {
        for node in model.list().unwrap_or_default() {
            if let Some(name) = node.text().filter(|name| !is_known(name)) {
                let what = format!("`routing_groups` names `{name}`, which is no model group");
                problems.warning(&node.at, what, mend(name));
            }
        }
    }
    for section in ["router_settings", "litellm_settings"] {
        for key in KEYS {
            let mappings = root.find(&[section, key]).and_then(Node::list).unwrap_or_default();
            for entry in mappings.iter().filter_map(Node::map).flatten() {
                if entry.key != "*" && !is_known(&entry.key) {
                    let what = format!("`{key}` names `{}`, which is no model group", entry.key);
                    problems.warning(&entry.at, what, mend(&entry.key));
                }
                check_targets(key, &entry.node, problems);
            }
        }
        if let Some(list) = root.find(&[section, "default_fallbacks"]) {
            check_targets("default_fallbacks", list, problems);
        }
    }
}
