//! Other names of model groups.

use std::collections::BTreeMap;

use super::super::keys::{BOOL, Key, SHARE, Section, Shape, TEXT, Unknown, on};
use super::super::tree::{Node, Value};
use super::read::{bool, number, text};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("model_group_alias", Shape::Map(&ALIAS), "Other names: of a group, of a group left out of listings, or of a weighted mix."),
];

/// What a name of `model_group_alias` may stand for.
const ALIAS: Shape = Shape::Either(&[
    TEXT,
    Shape::Section(&ALIAS_GROUP),
    Shape::List(&Shape::Either(&[TEXT, Shape::Section(&ALIAS_WEIGHT)])),
]);

pub(in crate::config) static ALIAS_GROUP: Section = Section {
    name: "model_group_alias.*",
    keys: &[&[
        on("model", TEXT, "The group it stands for."),
        on("hidden", BOOL, "Leaves the name out of `/v1/models`; default false."),
    ]],
    required: &["model"],
    unknown: Unknown::Warned,
};

pub(in crate::config) static ALIAS_WEIGHT: Section = Section {
    name: "model_group_alias.*[]",
    keys: &[&[
        on("model", TEXT, "A group, or a `provider/model` of a deployment."),
        on("weight", SHARE, "Its share of the traffic; default 1."),
    ]],
    required: &["model"],
    unknown: Unknown::Warned,
};

/// What a name of `model_group_alias` stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Alias {
    /// Another group; a hidden one is not listed by `/v1/models`.
    Group { model: String, hidden: bool },
    /// (model or group, weight) pairs: traffic is split over them.
    Weighted(Vec<(String, f64)>),
}

pub(super) fn read(root: &Node) -> BTreeMap<String, Alias> {
    let entries = root
        .find(&["router_settings", "model_group_alias"])
        .and_then(Node::map)
        .unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), alias(&entry.node)?)))
        .collect()
}

fn alias(node: &Node) -> Option<Alias> {
    Some(match &node.value {
        Value::Text(model) => Alias::Group {
            model: model.clone(),
            hidden: false,
        },
        Value::List(items) => Alias::Weighted(items.iter().filter_map(weighted).collect()),
        _ => Alias::Group {
            model: text(node, &["model"])?,
            hidden: bool(node, &["hidden"]).unwrap_or(false),
        },
    })
}

fn weighted(item: &Node) -> Option<(String, f64)> {
    // A name alone has the weight of the others.
    if let Some(model) = item.text() {
        return Some((model.to_owned(), 1.0));
    }
    Some((text(item, &["model"])?, number(item, &["weight"]).unwrap_or(1.0)))
}
