//! What becomes of failures: retries, cooldowns, fallbacks; and which deployments are asked at all.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

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

/// When a deployment sits out, and how it comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Cooldowns {
    /// `disable_cooldowns`, default false.
    pub disabled: bool,
    /// `cooldown_time`, default 5 s. A deployment's own takes precedence over a failure's `Retry-After`, and that over this.
    pub time: Duration,
    /// `allowed_fails`: failures within a cooldown's time before one begins. `None`: LiteLLM's rule of half the attempts.
    pub allowed_fails: Option<u32>,
    /// `allowed_fails_policy`.
    pub policy: ByKind,
    /// `sluice.cooldown.consecutive_failures` and `pause_ms`; default none.
    pub breaker: Option<Breaker>,
    /// `sluice.cooldown.ramp_ms`: from a good probe to its full share of traffic; default 10 s.
    pub ramp: Duration,
    /// `sluice.cooldown.when_all_are_out: refuse`; default: the one that is due first is tried.
    pub refuse_when_all_are_out: bool,
}

/// So many failures in a row pause a deployment for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    pub failures: u32,
    pub pause: Duration,
}

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
    /// Whether a deployment is to be asked.
    #[must_use]
    pub fn cover(&self, deployment: &super::Deployment) -> bool {
        let named = |groups: &Vec<String>| groups.contains(&deployment.group);
        self.are_on && !deployment.health_check.disabled && self.groups.as_ref().is_none_or(named)
    }
}
