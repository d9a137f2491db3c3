//! Who ranks the deployments of a model group.

use std::collections::BTreeMap;

use super::super::keys::{ANY, Key, MAP, Section, Shape, TEXT, TEXTS, Unknown, later, on};
use super::super::names;
use super::super::tree::Node;

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("routing_strategy", TEXT, "A strategy plugin's name; default `simple-shuffle`."),
    on("routing_strategy_args", MAP, "Settings of the strategy; default none."),
    on("routing_groups", Shape::List(&ROUTING_GROUP_SHAPE), "Strategies of their own for sets of model groups."),
];

const ROUTING_GROUP_SHAPE: Shape = Shape::Section(&ROUTING_GROUP);

pub(in crate::config) static ROUTING_GROUP: Section = Section {
    name: "router_settings.routing_groups",
    keys: &[ROUTING_GROUP_KEYS],
    required: &["models"],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const ROUTING_GROUP_KEYS: &[Key] = &[
    on("group_name", TEXT, "What messages call it."),
    on("models", TEXTS, "The model groups it is for."),
    on("routing_strategy", TEXT, "A strategy plugin's name; default `simple-shuffle`."),
    on("routing_strategy_args", MAP, "Settings of the strategy; default none."),
    later("routing groups with priorities", "model_priorities", ANY, "Which of the models goes before which."),
];

/// Who ranks a model group's deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// `routing_strategy`, default `simple-shuffle`; a plugin's name.
    pub strategy: String,
    /// `routing_strategy_args`, JSON: the strategy's settings.
    pub args: Box<str>,
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            strategy: names::DEFAULT_STRATEGY.to_owned(),
            args: "{}".into(),
        }
    }
}

impl Ranking {
    /// `routing_strategy` and `routing_strategy_args`.
    pub(super) fn read(node: &Node) -> Self {
        let args = node.get("routing_strategy_args").filter(|args| !args.is_null());
        Self {
            strategy: node
                .get("routing_strategy")
                .and_then(Node::text)
                .map_or(names::DEFAULT_STRATEGY, names::strategy_plugin)
                .to_owned(),
            args: args.map_or_else(|| "{}".into(), |args| args.to_json().to_string().into()),
        }
    }
}

/// `routing_groups`: a model's own ranking is that of the first group that names it.
pub(super) fn by_group(root: &Node) -> BTreeMap<String, Ranking> {
    let groups = root.find(&["router_settings", "routing_groups"]).and_then(Node::list);
    let mut rankings = BTreeMap::new();
    for group in groups.unwrap_or_default() {
        let models = group.get("models").and_then(Node::list).unwrap_or_default();
        for model in models.iter().filter_map(Node::text) {
            rankings.entry(model.to_owned()).or_insert_with(|| Ranking::read(group));
        }
    }
    rankings
}
