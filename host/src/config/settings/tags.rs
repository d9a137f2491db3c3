//! How requests' tags choose deployments.

use super::super::keys::{BOOL, Key, TEXT, on};
use super::super::tree::Node;
use super::read::router;

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("enable_tag_filtering", BOOL, "Requests with tags go to deployments that have them; default false."),
    on("tag_filtering_match_any", BOOL, "One common tag is enough; default true."),
    on("tag_routing_prefix", TEXT, "Only tags of requests that begin so count; default all."),
];

/// How requests' tags choose deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// `enable_tag_filtering`, default false.
    pub is_on: bool,
    /// `tag_filtering_match_any`, default true: one tag in common is enough; otherwise a deployment must have them all.
    pub match_any: bool,
    /// `tag_routing_prefix`: only tags that begin so count.
    pub prefix: Option<String>,
}

impl Tags {
    pub(super) fn read(root: &Node) -> Self {
        let switch = |key| router(root, key).and_then(Node::bool);
        Self {
            is_on: switch("enable_tag_filtering").unwrap_or(false),
            match_any: switch("tag_filtering_match_any").unwrap_or(true),
            prefix: router(root, "tag_routing_prefix")
                .and_then(Node::text)
                .map(str::to_owned),
        }
    }
}
