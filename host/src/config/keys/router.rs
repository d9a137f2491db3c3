//! `router_settings`: how a deployment is chosen, retried and replaced. LiteLLM warns of other names and ignores them.

use super::super::settings::{aliases, cooldowns, fallbacks, health_checks, ranking, retries, router, tags};
use super::{AMOUNT, ANY, BOOL, COUNT, Key, LIST, MAP, SECONDS, SECRET, SHARE, Section, Shape, TEXT, TEXTS, Unknown};
use super::{cache, inert, later};

pub static SECTION: Section = Section {
    name: "router_settings",
    keys: &[
        ranking::ROUTER,
        aliases::ROUTER,
        router::ROUTER,
        retries::ROUTER,
        fallbacks::ROUTER,
        fallbacks::SHARED,
        cooldowns::ROUTER,
        tags::ROUTER,
        health_checks::ROUTER,
        REST,
    ],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const REST: &[Key] = &[
    later("pre-call checks", "optional_pre_call_checks", TEXTS, "Further checks, by name."),
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
    later("fallbacks", "fallback_on_unsupported_params", BOOL, "A parameter the provider does not take leads on; default true."),
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
