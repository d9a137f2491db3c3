//! Makes [`Settings`] of a tree that has been checked: names resolved, defaults filled. What is missing or, in a part
//! that is not in effect, wrong counts as not given.

mod deployment;
mod plugins;
mod resilience;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Secret;
use super::check::MASTER_KEY_VARIABLE;
use super::environment::{Environment, Overlay};
use super::names;
use super::settings::{Alias, Decisions, General, Ranking, Router, Server, Settings, Upstream};
use super::tree::{Node, Value};

pub(super) fn resolve(root: &Node, directory: &Path, environment: Overlay<'_>) -> Settings {
    Settings {
        deployments: deployment::deployments(root),
        aliases: aliases(root),
        left_out_groups: Vec::new(),
        router: router(root),
        health_checks: resilience::health_checks(root),
        general: general(root, &environment),
        guardrails: plugins::guardrails(root),
        callbacks: plugins::callbacks(root),
        plugins: plugins::plugins(root, directory),
        server: server(root, directory),
        upstream: upstream(root, directory),
        decisions: decisions(root, directory),
        environment: environment
            .above
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    }
}

fn aliases(root: &Node) -> BTreeMap<String, Alias> {
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

fn router(root: &Node) -> Router {
    let own = |key| root.find(&["router_settings", key]);
    let shared = |key| root.find(&["litellm_settings", key]);
    let ranking = root.find(&["router_settings"]).map(ranking);
    Router {
        ranking: ranking.unwrap_or_default(),
        group_rankings: group_rankings(root),
        retries: resilience::retries(root),
        cooldowns: resilience::cooldowns(root),
        fallbacks: resilience::fallbacks(root),
        tags: resilience::tags(root),
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

/// `routing_strategy` and `routing_strategy_args`.
fn ranking(node: &Node) -> Ranking {
    let args = node.get("routing_strategy_args").filter(|args| !args.is_null());
    Ranking {
        strategy: node
            .get("routing_strategy")
            .and_then(Node::text)
            .map_or(names::DEFAULT_STRATEGY, names::strategy_plugin)
            .to_owned(),
        args: args.map_or_else(|| "{}".into(), |args| args.to_json().to_string().into()),
    }
}

/// `routing_groups`: a model's own ranking is that of the first group that names it.
fn group_rankings(root: &Node) -> BTreeMap<String, Ranking> {
    let groups = root.find(&["router_settings", "routing_groups"]).and_then(Node::list);
    let mut rankings = BTreeMap::new();
    for group in groups.unwrap_or_default() {
        let models = group.get("models").and_then(Node::list).unwrap_or_default();
        for model in models.iter().filter_map(Node::text) {
            rankings.entry(model.to_owned()).or_insert_with(|| ranking(group));
        }
    }
    rankings
}

fn general(root: &Node, environment: &Overlay<'_>) -> General {
    let shared = |key| bool(root, &["litellm_settings", key]);
    let usage = "always_include_stream_usage";
    General {
        master_key: text(root, &["general_settings", "master_key"])
            .or_else(|| environment.variable(MASTER_KEY_VARIABLE))
            .filter(|key| !key.trim().is_empty())
            .map(Secret::new),
        redact_messages: shared("turn_off_message_logging").unwrap_or(false),
        always_include_stream_usage: shared(usage).unwrap_or(false)
            || bool(root, &["general_settings", usage]).unwrap_or(false),
        metrics_need_key: shared("require_auth_for_metrics_endpoint").unwrap_or(true),
        restamp_model: bool(root, &["sluice", "restamp_model"]).unwrap_or(true),
        lists_wildcards: bool(root, &["general_settings", "return_wildcard_routes"]).unwrap_or(false),
        tell_fallback_errors: bool(root, &["general_settings", "expose_fallback_errors_to_caller"]).unwrap_or(false),
        serve_without_key: bool(
            root,
            &["general_settings", "dangerously_permit_weak_or_unset_master_key"],
        )
        .unwrap_or(false),
    }
}

fn server(root: &Node, directory: &Path) -> Server {
    let own = |key| root.find(&["sluice", "server", key]);
    let size = |key, default| own(key).and_then(whole).unwrap_or(default);
    let milliseconds = |key, default| {
        own(key)
            .and_then(milliseconds)
            .unwrap_or(Duration::from_millis(default))
    };
    let megabytes = number(root, &["general_settings", "max_request_size_mb"]);
    let origins = own("cors_origins").and_then(Node::list);
    let texts = |list: &[Node]| list.iter().filter_map(Node::text).map(str::to_owned).collect();
    Server {
        workers: own("workers").and_then(whole),
        header_bytes_max: size("header_bytes_max", 64 << 10),
        body_bytes_max: size(
            "body_bytes_max",
            megabytes.map_or(50 << 20, |mb| (mb * 1_048_576.0) as usize),
        ),
        json_depth_max: size("json_depth_max", 128),
        connections_max: size("connections_max", 20_000),
        header_timeout: milliseconds("header_timeout_ms", 30_000),
        body_timeout: milliseconds("body_timeout_ms", 60_000),
        heartbeat: heartbeat(root),
        drain_delay: milliseconds("drain_delay_ms", 3_000),
        shutdown_timeout: milliseconds("shutdown_timeout_ms", 30_000),
        cors_origins: origins.map_or_else(|| vec!["*".to_owned()], texts),
        tls_certificate: path(own("tls_certificate"), directory),
        tls_key: path(own("tls_key"), directory),
        host: own("host").and_then(|node| node.text()?.parse().ok()),
        port: own("port").and_then(whole),
    }
}

/// Zero is none.
fn heartbeat(root: &Node) -> Option<Duration> {
    let own = || root.find(&["sluice", "server", "heartbeat_ms"]).and_then(milliseconds);
    let shared = || {
        root.find(&["litellm_settings", "sse_keepalive_ping_interval_seconds"])
            .and_then(seconds)
    };
    let interval = own().or_else(shared).unwrap_or(Duration::from_secs(5));
    (!interval.is_zero()).then_some(interval)
}

fn upstream(root: &Node, directory: &Path) -> Upstream {
    let own = |key| root.find(&["sluice", "upstream", key]);
    let size = |key, default| own(key).and_then(whole).unwrap_or(default);
    let milliseconds = |key, default| {
        own(key)
            .and_then(milliseconds)
            .unwrap_or(Duration::from_millis(default))
    };
    Upstream {
        connect_timeout: milliseconds("connect_timeout_ms", 10_000),
        chunk_timeout: milliseconds("chunk_timeout_ms", 300_000),
        idle_connections_max: size("idle_connections_max", 256),
        idle_timeout: milliseconds("idle_timeout_ms", 90_000),
        event_bytes_max: size("event_bytes_max", 4 << 20),
        answer_bytes_max: size("answer_bytes_max", 100 << 20),
        attempts_max: own("attempts_max").and_then(whole).unwrap_or(16),
        deadline: own("deadline_ms").and_then(self::milliseconds),
        ca_file: path(own("ca_file"), directory),
    }
}

// Reading values, for all of this module. ------------------------------------------------------------------------------

fn text(node: &Node, path: &[&str]) -> Option<String> {
    node.find(path)?.text().map(str::to_owned)
}

fn bool(node: &Node, path: &[&str]) -> Option<bool> {
    node.find(path)?.bool()
}

fn number(node: &Node, path: &[&str]) -> Option<f64> {
    node.find(path)?.number()
}

fn whole<T: TryFrom<i64>>(node: &Node) -> Option<T> {
    T::try_from(node.integer()?).ok()
}

fn seconds(node: &Node) -> Option<Duration> {
    Duration::try_from_secs_f64(node.number()?).ok()
}

fn milliseconds(node: &Node) -> Option<Duration> {
    whole(node).map(Duration::from_millis)
}

/// A path relative to the configuration's folder.
fn path(node: Option<&Node>, directory: &Path) -> Option<PathBuf> {
    Some(directory.join(node?.text()?))
}

fn decisions(root: &Node, directory: &Path) -> Option<Decisions> {
    let own = root.find(&["sluice", "decisions"])?;
    let mb_max: u32 = own.get("file_mb_max").and_then(whole).unwrap_or(1024);
    Some(Decisions {
        file: path(own.get("file"), directory)?,
        bytes_max: u64::from(mb_max) << 20,
    })
}
