//! `router_settings`: how a deployment is chosen, retried and replaced. LiteLLM warns of other names and ignores them.

use super::{AMOUNT, ANY, BOOL, COUNT, Key, LIST, MAP, SECONDS, SECRET, SHARE, Section, Shape, TEXT, TEXTS, Unknown};
use super::{cache, inert, later, on};

pub static SECTION: Section = Section {
    name: "router_settings",
    keys: &[KEYS, FALLBACKS],
    required: &[],
    unknown: Unknown::Warned,
};

/// One-key mappings from a group to what is tried after it; a target may be a mapping that changes parameters too.
const FALLBACK_LIST: Shape = Shape::List(&Shape::Map(&LIST));

/// These stand under `litellm_settings` too, where they apply when the router has none.
#[rustfmt::skip] // One key a row.
pub const FALLBACKS: &[Key] = &[
    on("fallbacks", FALLBACK_LIST, "Groups to try when a group is exhausted; default none."),
    on("default_fallbacks", TEXTS, "Groups to try for every group that has none of its own; default none."),
    on("context_window_fallbacks", FALLBACK_LIST, "Groups to try when the prompt is too long; default `fallbacks`."),
    on("content_policy_fallbacks", FALLBACK_LIST, "Groups to try when a provider's filter refuses; default `fallbacks`."),
];

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    on("routing_strategy", TEXT, "A strategy plugin's name; default `simple-shuffle`."),
    on("routing_strategy_args", MAP, "Settings of the strategy; default none."),
    on("model_group_alias", Shape::Map(&ALIAS), "Other names: of a group, of a group left out of listings, or of a weighted mix."),
    on("num_retries", COUNT, "Retries after the first attempt; default `litellm_settings.num_retries`, else 2."),
    on("timeout", SECONDS, "Seconds an attempt may take; default `litellm_settings.request_timeout`, else 6000."),
    on("stream_timeout", SECONDS, "Seconds to the first content of a stream; default `timeout`."),
    on("routing_groups", Shape::List(&ROUTING_GROUP_SHAPE), "Strategies of their own for sets of model groups."),
    on("max_fallbacks", COUNT, "How far fallbacks lead on from one group to the next; default 5."),
    on("retry_after", SHARE, "Seconds to wait, at least, before the same deployment is tried again; default 0."),
    on("retry_policy", Shape::Section(&RETRY_POLICY), "Retries by kind of failure; they take precedence over `num_retries`."),
    on("model_group_retry_policy", Shape::Map(&RETRY_POLICY_SHAPE), "Retries by group and kind of failure; they take precedence over `retry_policy`."),
    on("allowed_fails", COUNT, "Failures within `cooldown_time` that a deployment may have; default: half of at least five attempts in a minute."),
    on("allowed_fails_policy", Shape::Section(&ALLOWED_FAILS_POLICY), "The same, by kind of failure."),
    on("cooldown_time", SHARE, "Seconds of a cooldown; an answer's `Retry-After` takes precedence. Default 5; 0 disables cooldowns."),
    on("disable_cooldowns", BOOL, "Keeps failing deployments in service; default false."),
    on("enable_pre_call_checks", BOOL, "Leaves out deployments that a request does not fit by region, abilities of the model, context window, `rpm` or `tpm`; default false."),
    later("pre-call checks", "optional_pre_call_checks", TEXTS, "Further checks, by name."),
    on("enable_tag_filtering", BOOL, "Requests with tags go to deployments that have them; default false."),
    on("tag_filtering_match_any", BOOL, "One common tag is enough; default true."),
    on("tag_routing_prefix", TEXT, "Only tags of requests that begin so count; default all."),
    later("Redis", "redis_url", SECRET, "Redis for state that instances share."),
    later("Redis", "redis_host", TEXT, "Redis host."),
    later("Redis", "redis_port", Shape::Integer(1, 65_535), "Redis port."),
    later("Redis", "redis_password", SECRET, "Redis password."),
    later("Redis", "redis_username", TEXT, "Redis user."),
    later("Redis", "redis_db", COUNT, "Redis database number."),
    later("cache", "cache_responses", BOOL, "Caches answers; default false."),
    later("cache", "cache_kwargs", Shape::Section(&cache::SECTION), "The cache's settings."),
    later("cache", "caching_groups", LIST, "Groups that share cached answers."),
    inert("client_ttl", COUNT, "connections are pooled by `sluice.upstream`", "Seconds LiteLLM keeps a client; default 3600."),
    later("budgets", "provider_budget_config", MAP, "US dollars a provider may cost in a period."),
    later("default parameters", "default_litellm_params", MAP, "Parameters of every deployment."),
    later("rate limits of deployments", "default_max_parallel_requests", AMOUNT, "Attempts under way at once at each deployment."),
    later("priority queues", "default_priority", COUNT, "Priority of requests that give none."),
    later("priority queues", "polling_interval", SHARE, "Seconds between looks at the queue; default 0.003."),
    later("fallbacks", "enable_weighted_failover", BOOL, "Tries the rest of a group by weight; default false."),
    on("enable_mid_stream_fallback_continuation", BOOL, "Continues a broken stream at another deployment of the group; default true."),
    later("fallbacks", "fallback_on_unsupported_params", BOOL, "A parameter the provider does not take leads on; default true."),
    on("enable_health_check_routing", BOOL, "Leaves out deployments whose health check failed; default: `general_settings` has it too, else false."),
    on("health_check_staleness_threshold", SHARE, "Seconds a failed check counts for routing; default: `general_settings` has it too, else twice the interval."),
    on("health_check_ignore_transient_errors", BOOL, "A check that failed with 408 or 429 does not count for routing; default: `general_settings` has it too, else false."),
    on("background_health_check_model_groups", TEXTS, "Groups whose deployments are checked; default: `general_settings` has it too, else all."),
    later("affinity", "deployment_affinity_ttl_seconds", SECONDS, "Seconds a client stays with a deployment; default 3600."),
    later("affinity", "model_group_affinity_config", MAP, "Kinds of affinity, by group."),
    later("affinity", "session_affinity_repin_on_failover", BOOL, "A session stays where it failed over to."),
    later("alerting", "alerting_config", MAP, "Where alerts go."),
    later("the assistants API", "assistants_config", MAP, "Provider of the assistants API."),
    later("search tools", "search_tools", LIST, "Web search services."),
    later("guardrails of groups", "guardrail_list", LIST, "Guardrails, load-balanced."),
    later("Python plugins", "plugins", ANY, "Python plugins; Sluice's own stand under `sluice.plugins`."),
    inert("debug_level", TEXT, "the log level is set when the gateway is started", "Log level of the router."),
    inert("set_verbose", BOOL, "the log level is set when the gateway is started", "Logs more."),
    inert("ignore_invalid_deployments", BOOL, "a start reports and disables a deployment that cannot be used", "Skips deployments that are wrong."),
    inert("model_list", ANY, "it belongs at the top of the file", "The deployments."),
];

/// What a name of `model_group_alias` may stand for.
const ALIAS: Shape = Shape::Either(&[
    TEXT,
    Shape::Section(&ALIAS_GROUP),
    Shape::List(&Shape::Either(&[TEXT, Shape::Section(&ALIAS_WEIGHT)])),
]);

pub static ALIAS_GROUP: Section = Section {
    name: "model_group_alias.*",
    keys: &[&[
        on("model", TEXT, "The group it stands for."),
        on("hidden", BOOL, "Leaves the name out of `/v1/models`; default false."),
    ]],
    required: &["model"],
    unknown: Unknown::Warned,
};

pub static ALIAS_WEIGHT: Section = Section {
    name: "model_group_alias.*[]",
    keys: &[&[
        on("model", TEXT, "A group, or a `provider/model` of a deployment."),
        on("weight", SHARE, "Its share of the traffic; default 1."),
    ]],
    required: &["model"],
    unknown: Unknown::Warned,
};

const RETRY_POLICY_SHAPE: Shape = Shape::Section(&RETRY_POLICY);

pub static RETRY_POLICY: Section = Section {
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

pub static ALLOWED_FAILS_POLICY: Section = Section {
    name: "allowed_fails_policy",
    keys: &[ALLOWED_FAILS],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const ALLOWED_FAILS: &[Key] = &[
    on("BadRequestErrorAllowedFails", COUNT, "No effect on cooldowns: what a client did wrong never counts."),
    on("AuthenticationErrorAllowedFails", COUNT, "Refused credentials before a cooldown."),
    on("TimeoutErrorAllowedFails", COUNT, "Time limits before a cooldown."),
    on("RateLimitErrorAllowedFails", COUNT, "Rate limits before a cooldown."),
    on("ContentPolicyViolationErrorAllowedFails", COUNT, "No effect on cooldowns: what a client did wrong never counts."),
    on("InternalServerErrorAllowedFails", COUNT, "Failures of the provider itself, or of its connection, before a cooldown."),
];

const ROUTING_GROUP_SHAPE: Shape = Shape::Section(&ROUTING_GROUP);

static ROUTING_GROUP: Section = Section {
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
