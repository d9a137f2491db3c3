//! Router settings that belong to no other feature: time limits, checks of requests, continued streams.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::keys::{BOOL, Key, SECONDS, on};
use super::super::tree::Node;
use super::read::seconds;
use super::{Cooldowns, Fallbacks, Ranking, Retries, Tags, ranking};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("timeout", SECONDS, "Seconds an attempt may take; default `litellm_settings.request_timeout`, else 6000."),
    on("stream_timeout", SECONDS, "Seconds to the first content of a stream; default `timeout`."),
    on("enable_pre_call_checks", BOOL, "Leaves out deployments that a request does not fit by region, abilities of the model, context window, `rpm` or `tpm`; default false."),
    on("enable_mid_stream_fallback_continuation", BOOL, "Continues a broken stream at another deployment of the group; default true."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("request_timeout", SECONDS, "Seconds an attempt may take; default 6000."),
    on("drop_params", BOOL, "Drops parameters a provider does not take instead of refusing; default false."),
];

#[derive(Debug, Clone)]
pub struct Router {
    pub ranking: Ranking,
    /// `routing_groups`, by model; it takes precedence over `ranking`.
    pub group_rankings: BTreeMap<String, Ranking>,
    pub retries: Retries,
    pub cooldowns: Cooldowns,
    pub fallbacks: Fallbacks,
    pub tags: Tags,
    /// `enable_pre_call_checks`, default false: deployments that a request does not fit are left out.
    pub checks_fit: bool,
    /// `enable_mid_stream_fallback_continuation`, default true: a broken stream goes on at another deployment.
    pub continues_streams: bool,
    /// Per attempt. `litellm_settings.request_timeout` over `router_settings.timeout`, default 6000 s.
    pub timeout: Duration,
    /// Per attempt, to the first content of a stream; default `timeout`.
    pub stream_timeout: Option<Duration>,
    /// `litellm_settings.drop_params`, default false.
    pub drop_params: bool,
}

impl Router {
    pub(super) fn read(root: &Node) -> Self {
        let own = |key| root.find(&["router_settings", key]);
        let shared = |key| root.find(&["litellm_settings", key]);
        let ranking = root.find(&["router_settings"]).map(Ranking::read);
        Self {
            ranking: ranking.unwrap_or_default(),
            group_rankings: ranking::by_group(root),
            retries: Retries::read(root),
            cooldowns: Cooldowns::read(root),
            fallbacks: Fallbacks::read(root),
            tags: Tags::read(root),
            checks_fit: own("enable_pre_call_checks").and_then(Node::bool).unwrap_or(false),
            continues_streams: own("enable_mid_stream_fallback_continuation")
                .and_then(Node::bool)
                .unwrap_or(true),
            timeout: shared("request_timeout")
                .or(own("timeout"))
                .and_then(seconds)
                .unwrap_or(Duration::from_secs(6_000)),
            stream_timeout: own("stream_timeout").and_then(seconds),
            drop_params: shared("drop_params").and_then(Node::bool).unwrap_or(false),
        }
    }
}
