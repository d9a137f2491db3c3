//! Where exchanges go that a model group could not answer.

use std::collections::HashMap;

use super::super::keys::{COUNT, Key, LIST, Shape, TEXTS, on};
use super::super::tree::{Node, Value};
use super::read::{router, shared, whole};

/// One-key mappings from a group to what is tried after it; a target may be a mapping that changes parameters too.
const FALLBACK_LIST: Shape = Shape::List(&Shape::Map(&LIST));

/// These stand under `litellm_settings` too, where they apply when the router has none.
#[rustfmt::skip] // One key a row.
pub(in crate::config) const SHARED: &[Key] = &[
    on("fallbacks", FALLBACK_LIST, "Groups to try when a group is exhausted; default none."),
    on("default_fallbacks", TEXTS, "Groups to try for every group that has none of its own; default none."),
    on("context_window_fallbacks", FALLBACK_LIST, "Groups to try when the prompt is too long; default `fallbacks`."),
    on("content_policy_fallbacks", FALLBACK_LIST, "Groups to try when a provider's filter refuses; default `fallbacks`."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("max_fallbacks", COUNT, "How far fallbacks lead on from one group to the next; default 5."),
];

/// By group, where it leads.
pub type GroupTargets = HashMap<String, Vec<Target>>;

/// Where exchanges go that a model group could not answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fallbacks {
    /// `fallbacks`, by group; `*` is every group's.
    pub general: GroupTargets,
    /// `context_window_fallbacks`; `None` when there is no such key.
    pub context_window: Option<GroupTargets>,
    /// `content_policy_fallbacks`; `None` when there is no such key.
    pub content_policy: Option<GroupTargets>,
    /// `default_fallbacks`, for groups that have none of their own.
    pub default: Vec<Target>,
    /// `max_fallbacks`: how far fallbacks lead on from one to the next; default 5.
    pub depth_max: u32,
}

/// A model group, and request fields that replace the client's there.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub group: String,
    /// JSON text by name.
    pub overrides: Vec<(String, Box<str>)>,
}

impl Fallbacks {
    pub(super) fn read(root: &Node) -> Self {
        let mut general = shared(root, "fallbacks").map(by_group).unwrap_or_default();
        let default = shared(root, "default_fallbacks").map(targets).unwrap_or_default();
        let default = match general.remove("*") {
            Some(every) if default.is_empty() => every,
            _ => default,
        };
        Self {
            general,
            context_window: shared(root, "context_window_fallbacks").map(by_group),
            content_policy: shared(root, "content_policy_fallbacks").map(by_group),
            default,
            depth_max: router(root, "max_fallbacks").and_then(whole).unwrap_or(5),
        }
    }
}

/// A list of mappings from a group to its targets, one after the other; of a group named twice, all count.
fn by_group(list: &Node) -> HashMap<String, Vec<Target>> {
    let mut groups: HashMap<String, Vec<Target>> = HashMap::new();
    let mappings = list.list().unwrap_or_default().iter().filter_map(Node::map);
    for entry in mappings.flatten() {
        groups
            .entry(entry.key.clone())
            .or_default()
            .extend(targets(&entry.node));
    }
    groups
}

fn targets(list: &Node) -> Vec<Target> {
    list.list().unwrap_or_default().iter().filter_map(target).collect()
}

/// A name, or a mapping with `model` and the fields that change there.
fn target(node: &Node) -> Option<Target> {
    if let Value::Text(group) = &node.value {
        return Some(Target {
            group: group.clone(),
            overrides: Vec::new(),
        });
    }
    let fields = node.map()?.iter().filter(|entry| entry.key != "model");
    Some(Target {
        group: node.get("model")?.text()?.to_owned(),
        overrides: fields
            .map(|entry| (entry.key.clone(), entry.node.to_json().to_string().into()))
            .collect(),
    })
}
