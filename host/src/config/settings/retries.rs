//! How often an attempt is followed by another.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::super::keys::{COUNT, Key, MILLISECONDS, SHARE, Section, Shape, Unknown, on};
use super::super::tree::Node;
use super::read::{milliseconds, router, seconds, shared, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("num_retries", COUNT, "Retries after the first attempt; default `litellm_settings.num_retries`, else 2."),
    on("retry_after", SHARE, "Seconds to wait, at least, before the same deployment is tried again; default 0."),
    on("retry_policy", Shape::Section(&RETRY_POLICY), "Retries by kind of failure; they take precedence over `num_retries`."),
    on("model_group_retry_policy", Shape::Map(&RETRY_POLICY_SHAPE), "Retries by group and kind of failure; they take precedence over `retry_policy`."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("num_retries", COUNT, "Retries after the first attempt, where `router_settings` says nothing; default 2."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("retry_waits_ms", Shape::List(&MILLISECONDS), "Waits before the same deployments are tried again, the last one for all that follow; each up to 375 longer by chance. Default 500, doubled up to 8000."),
];

const RETRY_POLICY_SHAPE: Shape = Shape::Section(&RETRY_POLICY);

pub(in crate::config) static RETRY_POLICY: Section = Section {
    name: "retry_policy",
    keys: &[RETRIES],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const RETRIES: &[Key] = &[
    on("BadRequestErrorRetries", COUNT, "Retries after a request that the provider calls wrong."),
    on("AuthenticationErrorRetries", COUNT, "Retries after a refused credential."),
    on("TimeoutErrorRetries", COUNT, "Retries after a time limit."),
    on("RateLimitErrorRetries", COUNT, "Retries after a rate limit."),
    on("ContentPolicyViolationErrorRetries", COUNT, "Retries after a provider's filter refused."),
    on("InternalServerErrorRetries", COUNT, "Retries after a provider's own failure, or a broken connection."),
    on("ServiceUnavailableErrorRetries", COUNT, "Retries after an overloaded provider."),
    on("NotFoundErrorRetries", COUNT, "Retries after a model that is not there."),
    on("DefaultRetries", COUNT, "Retries after every other kind of failure."),
];

/// Counts by LiteLLM's name for a kind of failure, without its ending: `Timeout` of `TimeoutErrorRetries`.
pub type ByKind = BTreeMap<String, u32>;

/// How often an attempt is followed by another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retries {
    /// After the first attempt. Router over `litellm_settings`, default 2.
    pub count: u32,
    /// `retry_after`: the least wait before the same deployment is tried again; default none.
    pub wait_min: Duration,
    /// `sluice.retry_waits_ms`: the waits themselves, the last one for all that follow; default none, they are computed.
    pub waits: Vec<Duration>,
    /// `retry_policy`.
    pub policy: ByKind,
    /// `model_group_retry_policy`, by group; it takes precedence over `policy`.
    pub group_policies: HashMap<String, ByKind>,
}

impl Retries {
    pub(super) fn read(root: &Node) -> Self {
        let groups = router(root, "model_group_retry_policy").and_then(Node::map);
        let waits = root.find(&["sluice", "retry_waits_ms"]).and_then(Node::list);
        Self {
            count: shared(root, "num_retries").and_then(whole).unwrap_or(2),
            wait_min: router(root, "retry_after").and_then(seconds).unwrap_or_default(),
            waits: waits.unwrap_or_default().iter().filter_map(milliseconds).collect(),
            policy: by_kind(router(root, "retry_policy"), "Retries"),
            group_policies: groups
                .unwrap_or_default()
                .iter()
                .map(|entry| (entry.key.clone(), by_kind(Some(&entry.node), "Retries")))
                .collect(),
        }
    }
}

/// `TimeoutErrorRetries: 3` as 3 of `Timeout`.
pub(super) fn by_kind(node: Option<&Node>, ending: &str) -> ByKind {
    let entries = node.and_then(Node::map).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| {
            let kind = entry.key.strip_suffix(ending)?;
            Some((
                kind.strip_suffix("Error").unwrap_or(kind).to_owned(),
                whole(&entry.node)?,
            ))
        })
        .collect()
}
