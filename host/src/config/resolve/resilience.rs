//! What becomes of failures: `router_settings`, what LiteLLM takes from `litellm_settings` too, and `sluice.cooldown`;
//! health checks.

use std::collections::HashMap;
use std::time::Duration;

use super::super::settings::{
    Breaker, ByKind, Cooldowns, Fallbacks, HealthChecks, OwnHealthCheck, Retries, Tags, Target,
};
use super::super::tree::{Node, Value};
use super::{bool, milliseconds, seconds, text, whole};

fn router<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    root.find(&["router_settings", key]).filter(|node| !node.is_null())
}

/// A key of the router, or what `litellm_settings` says where the router does not.
fn shared<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    router(root, key)
        .or_else(|| root.find(&["litellm_settings", key]))
        .filter(|node| !node.is_null())
}

pub fn retries(root: &Node) -> Retries {
    let groups = router(root, "model_group_retry_policy").and_then(Node::map);
    let waits = root.find(&["sluice", "retry_waits_ms"]).and_then(Node::list);
    Retries {
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

pub fn cooldowns(root: &Node) -> Cooldowns {
    let own = |key| root.find(&["sluice", "cooldown", key]);
    let pause = own("pause_ms").and_then(milliseconds);
    let breaker = own("consecutive_failures").and_then(whole).map(|failures| Breaker {
        failures,
        pause: pause.unwrap_or(Duration::from_secs(300)),
    });
    Cooldowns {
        disabled: bool(root, &["router_settings", "disable_cooldowns"]).unwrap_or(false),
        time: router(root, "cooldown_time")
            .and_then(seconds)
            .unwrap_or(Duration::from_secs(5)),
        allowed_fails: shared(root, "allowed_fails").and_then(whole),
        policy: by_kind(router(root, "allowed_fails_policy"), "AllowedFails"),
        breaker,
        ramp: own("ramp_ms").and_then(milliseconds).unwrap_or(Duration::from_secs(10)),
        refuse_when_all_are_out: own("when_all_are_out").and_then(Node::text) == Some("refuse"),
    }
}

pub fn fallbacks(root: &Node) -> Fallbacks {
    let mut general = shared(root, "fallbacks").map(by_group).unwrap_or_default();
    let default = shared(root, "default_fallbacks").map(targets).unwrap_or_default();
    let default = match general.remove("*") {
        Some(every) if default.is_empty() => every,
        _ => default,
    };
    Fallbacks {
        general,
        context_window: shared(root, "context_window_fallbacks").map(by_group),
        content_policy: shared(root, "content_policy_fallbacks").map(by_group),
        default,
        depth_max: router(root, "max_fallbacks").and_then(whole).unwrap_or(5),
    }
}

pub fn tags(root: &Node) -> Tags {
    let switch = |key| router(root, key).and_then(Node::bool);
    Tags {
        is_on: switch("enable_tag_filtering").unwrap_or(false),
        match_any: switch("tag_filtering_match_any").unwrap_or(true),
        prefix: router(root, "tag_routing_prefix")
            .and_then(Node::text)
            .map(str::to_owned),
    }
}

pub fn health_checks(root: &Node) -> HealthChecks {
    let general = |key| root.find(&["general_settings", key]).filter(|node| !node.is_null());
    let either = |key| router(root, key).or_else(|| general(key));
    let interval = general("health_check_interval")
        .and_then(seconds)
        .unwrap_or(Duration::from_secs(300));
    let max_age = root.find(&["sluice", "server", "health_max_age_ms"]);
    let max_age = max_age.and_then(milliseconds).unwrap_or(Duration::from_secs(300));
    let names = |list: &Node| {
        list.list()
            .unwrap_or_default()
            .iter()
            .filter_map(Node::text)
            .map(str::to_owned)
            .collect()
    };
    HealthChecks {
        are_on: general("background_health_checks")
            .and_then(Node::bool)
            .unwrap_or(false),
        interval,
        // Zero asks nobody.
        max_age: (!max_age.is_zero()).then_some(max_age),
        concurrency: general("health_check_concurrency").and_then(whole).unwrap_or(8),
        show_details: general("health_check_details").and_then(Node::bool).unwrap_or(true),
        groups: either("background_health_check_model_groups").map(names),
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

/// Of an entry of `model_list`.
pub fn own_health_check(entry: &Node) -> OwnHealthCheck {
    let info = |key| entry.find(&["model_info", key]);
    OwnHealthCheck {
        disabled: bool(entry, &["model_info", "disable_background_health_check"]).unwrap_or(false),
        model: text(entry, &["model_info", "health_check_model"]),
        timeout: info("health_check_timeout")
            .and_then(seconds)
            .unwrap_or(Duration::from_secs(60)),
        tokens_max: info("health_check_max_tokens").and_then(whole).unwrap_or(16),
    }
}

/// `TimeoutErrorRetries: 3` as 3 of `Timeout`.
fn by_kind(node: Option<&Node>, ending: &str) -> ByKind {
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

/// A list of mappings from a group to its targets, one after the other; of a group named twice, all count.
fn by_group(list: &Node) -> HashMap<String, Vec<Target>> {
    let mut groups: HashMap<String, Vec<Target>> = HashMap::new();
    let mappings = list.list().unwrap_or_default().iter().filter_map(Node::map);
    for entry in mappings.flatten() {
        groups
            .entry(entry.key.clone())
            .or_default()
            .extend(targets(&entry.node));
    }
    groups
}

fn targets(list: &Node) -> Vec<Target> {
    list.list().unwrap_or_default().iter().filter_map(target).collect()
}

/// A name, or a mapping with `model` and the fields that change there.
fn target(node: &Node) -> Option<Target> {
    if let Value::Text(group) = &node.value {
        return Some(Target {
            group: group.clone(),
            overrides: Vec::new(),
        });
    }
    let fields = node.map()?.iter().filter(|entry| entry.key != "model");
    Some(Target {
        group: node.get("model")?.text()?.to_owned(),
        overrides: fields
            .map(|entry| (entry.key.clone(), entry.node.to_json().to_string().into()))
            .collect(),
    })
}
