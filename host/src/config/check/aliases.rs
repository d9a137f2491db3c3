//! `model_group_alias`: where aliases lead.

use std::collections::BTreeSet;

use super::super::Known;
use super::super::names;
use super::super::problem::Problems;
use super::super::tree::{Entry, Node, Value};

pub fn check(root: &Node, known: &Known, problems: &mut Problems) {
    let Some(aliases) = root.find(&["router_settings", "model_group_alias"]).and_then(Node::map) else {
        return;
    };
    let models = Models::of(root);
    for alias in aliases {
        check_weights(alias, problems);
        check_shadow(alias, &models, problems);
        for target in targets(&alias.node) {
            check_target(target, alias, aliases, &models, known, problems);
        }
        check_loop(alias, aliases, &models, problems);
    }
}

/// What clients may ask for, and aliases and fallbacks lead to.
pub(super) struct Models<'a> {
    pub(super) groups: BTreeSet<&'a str>,
    /// `litellm_params.model` and `model_info.id`, which clients may ask for too.
    others: BTreeSet<&'a str>,
}

impl<'a> Models<'a> {
    pub(super) fn of(root: &'a Node) -> Self {
        let entries = root.get("model_list").and_then(Node::list).unwrap_or_default();
        let texts = |path: &'static [&'static str]| {
            entries
                .iter()
                .filter_map(move |entry| entry.find(path))
                .filter_map(Node::text)
        };
        Self {
            groups: texts(&["model_name"]).collect(),
            others: texts(&["litellm_params", "model"])
                .chain(texts(&["model_info", "id"]))
                .collect(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.groups.contains(name)
            || self.others.contains(name)
            || self
                .groups
                .iter()
                .any(|group| group.contains('*') && matches(group, name))
    }
}

/// Whether `name` fits a group with `*`, each of which stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts: Vec<&str> = pattern.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    let Some((first, middle)) = parts.split_first() else {
        return name == last;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The values that name what an alias stands for.
fn targets(alias: &Node) -> Vec<&Node> {
    match &alias.value {
        Value::Text(_) => vec![alias],
        Value::List(items) => items
            .iter()
            .filter_map(|item| {
                if item.text().is_some() {
                    Some(item)
                } else {
                    item.get("model")
                }
            })
            .collect(),
        _ => alias.get("model").into_iter().collect(),
    }
}

fn check_weights(alias: &Entry, problems: &mut Problems) {
    let Some(items) = alias.node.list() else { return };
    if items.is_empty() {
        let what = format!("the alias `{}` has no targets", alias.key);
        problems.leave_aside(&alias.node.at, what, "List at least one `model` with its `weight`.");
    } else if items
        .iter()
        .all(|item| item.get("weight").and_then(Node::number) == Some(0.0))
    {
        let what = format!("all weights of the alias `{}` are 0", alias.key);
        problems.leave_aside(&alias.node.at, what, "Give at least one of them a weight above 0.");
    }
}

fn check_shadow(alias: &Entry, models: &Models<'_>, problems: &mut Problems) {
    let leads_to_itself = || {
        targets(&alias.node)
            .iter()
            .any(|target| target.text() == Some(&alias.key))
    };
    if models.groups.contains(alias.key.as_str()) && !leads_to_itself() {
        let what = format!("the alias `{}` hides the group of the same name", alias.key);
        problems.warning(&alias.at, what, "Rename one of them.");
    }
}

fn check_target(
    target: &Node,
    alias: &Entry,
    aliases: &[Entry],
    models: &Models<'_>,
    known: &Known,
    problems: &mut Problems,
) {
    let Some(name) = target.text() else { return };
    // Without a list there is nothing to compare with.
    if models.groups.is_empty() || models.has(name) || aliases.iter().any(|other| other.key == name) {
        return;
    }
    let prefix = name.split_once('/').map_or("", |(prefix, _)| prefix);
    if names::PROVIDERS.contains(&prefix) || known.providers.iter().any(|known| known == prefix) {
        return;
    }
    let what = format!("the alias `{}` leads to `{name}`, which is no model group", alias.key);
    let mend = names::did_you_mean(name, models.groups.iter().copied())
        .unwrap_or_else(|| format!("Add `model_name: {name}` to `model_list`, or take the alias out."));
    problems.mistake(&target.at, what, mend);
}

/// Follows an alias until it ends or comes back to where it began.
fn check_loop(alias: &Entry, aliases: &[Entry], models: &Models<'_>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    let mut open = vec![alias];
    while let Some(current) = open.pop() {
        for name in targets(&current.node).into_iter().filter_map(Node::text) {
            // A weighted alias may name the group that it is called after.
            if name == current.key && models.groups.contains(name) {
                continue;
            }
            if name == alias.key {
                let what = format!("the alias `{}` leads back to itself", alias.key);
                problems.leave_aside(&alias.node.at, what, "Let it lead to a model group.");
                return;
            }
            if let Some(next) = aliases.iter().find(|other| other.key == name)
                && seen.insert(name)
            {
                open.push(next);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("openai/*", "openai/gpt-4o") && matches("*", "x") && matches("a*c*e", "abcde"));
        assert!(!matches("openai/*", "azure/gpt-4o") && !matches("a*c", "ab"));
    }
}
