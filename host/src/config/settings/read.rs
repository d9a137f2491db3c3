//! Reading values of a checked tree. A value that is missing or of another shape is `None`: not given.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::super::tree::Node;

pub fn text(node: &Node, path: &[&str]) -> Option<String> {
    node.find(path)?.text().map(str::to_owned)
}

pub fn bool(node: &Node, path: &[&str]) -> Option<bool> {
    node.find(path)?.bool()
}

/// The texts of a list.
pub fn texts(list: &Node) -> Vec<String> {
    let items = list.list().unwrap_or_default().iter();
    items.filter_map(Node::text).map(str::to_owned).collect()
}

pub fn number(node: &Node, path: &[&str]) -> Option<f64> {
    node.find(path)?.number()
}

pub fn whole<T: TryFrom<i64>>(node: &Node) -> Option<T> {
    T::try_from(node.integer()?).ok()
}

pub fn seconds(node: &Node) -> Option<Duration> {
    Duration::try_from_secs_f64(node.number()?).ok()
}

pub fn milliseconds(node: &Node) -> Option<Duration> {
    whole(node).map(Duration::from_millis)
}

/// A path relative to the configuration's folder.
pub fn path(node: Option<&Node>, directory: &Path) -> Option<PathBuf> {
    Some(directory.join(node?.text()?))
}

/// A key of `router_settings`.
pub fn router<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    root.find(&["router_settings", key]).filter(|node| !node.is_null())
}

/// A key of the router, or what `litellm_settings` says where the router does not.
pub fn shared<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    router(root, key)
        .or_else(|| root.find(&["litellm_settings", key]))
        .filter(|node| !node.is_null())
}

/// A mapping as JSON, without the keys that the host reads itself and without nulls.
pub fn rest(node: &Node, is_ours: impl Fn(&str) -> bool) -> Box<str> {
    let entries = node.map().unwrap_or_default();
    let kept = entries
        .iter()
        .filter(|entry| !is_ours(&entry.key) && !entry.node.is_null());
    let map: Map<String, Json> = kept.map(|entry| (entry.key.clone(), entry.node.to_json())).collect();
    Json::Object(map).to_string().into()
}
