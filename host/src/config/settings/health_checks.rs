//! How the gateway itself asks deployments whether they can answer.

use std::time::Duration;

use super::super::keys::{AMOUNT, BOOL, Key, SECONDS, SHARE, Shape, TEXT, TEXTS, on};
use super::super::tree::Node;
use super::read::{bool, milliseconds, router, seconds, text, texts, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const ROUTER: &[Key] = &[
    on("enable_health_check_routing", BOOL, "Leaves out deployments whose health check failed; default: `general_settings` has it too, else false."),
    on("health_check_staleness_threshold", SHARE, "Seconds a failed check counts for routing; default: `general_settings` has it too, else twice the interval."),
    on("health_check_ignore_transient_errors", BOOL, "A check that failed with 408 or 429 does not count for routing; default: `general_settings` has it too, else false."),
    on("background_health_check_model_groups", TEXTS, "Groups whose deployments are checked; default: `general_settings` has it too, else all."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const GENERAL: &[Key] = &[
    on("background_health_checks", BOOL, "Asks each deployment now and then whether it can answer; each time costs a few tokens. Default false."),
    on("health_check_interval", SECONDS, "Seconds from one health check of a deployment to its next; default 300."),
    on("health_check_concurrency", Shape::Integer(1, 1_000), "Health checks under way at once; default 8."),
    on("health_check_details", BOOL, "`/health` says more of a deployment than its names; default true."),
    on("background_health_check_model_groups", TEXTS, "Groups whose deployments are checked; default all."),
    on("enable_health_check_routing", BOOL, "Leaves out deployments whose health check failed; default false."),
    on("health_check_staleness_threshold", SHARE, "Seconds a failed check counts for routing; default twice the interval."),
    on("health_check_ignore_transient_errors", BOOL, "A check that failed with 408 or 429 does not count for routing; default false."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const SERVER: &[Key] = &[
    on("health_max_age_ms", Shape::Integer(0, 86_400_000), "How long `/health` believes what was last heard of a deployment. Those of whom nothing newer is known are asked, which costs a few tokens each; 0: nobody is. Default 300000."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const INFO: &[Key] = &[
    on("health_check_model", TEXT, "Model that health checks ask for; a wildcard deployment without one is not checked."),
    on("health_check_timeout", SECONDS, "Seconds a health check may take; default 60."),
    on("health_check_max_tokens", AMOUNT, "Tokens that a health check asks for at most; default 16."),
    on("disable_background_health_check", BOOL, "Leaves it out of health checks; default false."),
];

/// How the gateway itself asks deployments whether they can answer: its health checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthChecks {
    /// `background_health_checks`, default false: each costs a few tokens.
    pub are_on: bool,
    /// `health_check_interval`: from one of a deployment to its next; default 300 s.
    pub interval: Duration,
    /// `health_check_concurrency`: how many are under way at once; default 8.
    pub concurrency: usize,
    /// `health_check_details`, default true: `/health` says more of a deployment than its names.
    pub show_details: bool,
    /// `sluice.server.health_max_age_ms`: `/health` asks those of whom nothing was heard for so long; `None` for nobody.
    pub max_age: Option<Duration>,
    /// `background_health_check_model_groups`; default all.
    pub groups: Option<Vec<String>>,
    /// `enable_health_check_routing`, default false: deployments whose health check failed are left out.
    pub route: bool,
    /// `health_check_staleness_threshold`: how long a failed one counts for that; default twice the interval.
    pub staleness: Duration,
    /// `health_check_ignore_transient_errors`, default false: 408 and 429 do not count for that.
    pub ignore_transient: bool,
}

/// What `model_info` of a deployment says about its health checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHealthCheck {
    /// `disable_background_health_check`, default false.
    pub disabled: bool,
    /// `health_check_model`: asked for in the deployment's own model's place; a wildcard has no other.
    pub model: Option<String>,
    /// `health_check_timeout`: to the last byte; default 60 s.
    pub timeout: Duration,
    /// `health_check_max_tokens`: of the answer; default 16, the least that reasoning models take.
    pub tokens_max: u32,
}

impl HealthChecks {
    pub(super) fn read(root: &Node) -> Self {
        let general = |key| root.find(&["general_settings", key]).filter(|node| !node.is_null());
        let either = |key| router(root, key).or_else(|| general(key));
        let interval = general("health_check_interval")
            .and_then(seconds)
            .unwrap_or(Duration::from_secs(300));
        let max_age = root.find(&["sluice", "server", "health_max_age_ms"]);
        let max_age = max_age.and_then(milliseconds).unwrap_or(Duration::from_secs(300));
        Self {
            are_on: general("background_health_checks")
                .and_then(Node::bool)
                .unwrap_or(false),
            interval,
            // Zero asks nobody.
            max_age: (!max_age.is_zero()).then_some(max_age),
            concurrency: general("health_check_concurrency").and_then(whole).unwrap_or(8),
            show_details: general("health_check_details").and_then(Node::bool).unwrap_or(true),
            groups: either("background_health_check_model_groups").map(texts),
            route: either("enable_health_check_routing")
                .and_then(Node::bool)
                .unwrap_or(false),
            staleness: either("health_check_staleness_threshold")
                .and_then(seconds)
                .unwrap_or(interval.saturating_mul(2)),
            ignore_transient: either("health_check_ignore_transient_errors")
                .and_then(Node::bool)
                .unwrap_or(false),
        }
    }

    /// Whether a deployment is to be asked.
    #[must_use]
    pub fn cover(&self, deployment: &super::Deployment) -> bool {
        let named = |groups: &Vec<String>| groups.contains(&deployment.group);
        self.are_on && !deployment.health_check.disabled && self.groups.as_ref().is_none_or(named)
    }
}

impl OwnHealthCheck {
    /// Of an entry of `model_list`.
    pub(super) fn read(entry: &Node) -> Self {
        let info = |key| entry.find(&["model_info", key]);
        Self {
            disabled: bool(entry, &["model_info", "disable_background_health_check"]).unwrap_or(false),
            model: text(entry, &["model_info", "health_check_model"]),
            timeout: info("health_check_timeout")
                .and_then(seconds)
                .unwrap_or(Duration::from_secs(60)),
            tokens_max: info("health_check_max_tokens").and_then(whole).unwrap_or(16),
        }
    }
}
