//! The master key, the server's address and TLS, clocks and retries.

use std::net::IpAddr;

use super::super::environment::Environment;
use super::super::problem::Problems;
use super::super::settings::general::MASTER_KEY_VARIABLE;
use super::super::tree::Node;

/// A shorter key is guessed in no time, or taken from an example.
const MASTER_KEY_CHARACTERS_MIN: usize = 8;

pub fn check(root: &Node, environment: &dyn Environment, problems: &mut Problems) {
    check_master_key(root, environment, problems);
    check_tls(root, problems);
    check_retries(root, problems);
    check_sizes(root, problems);
    let router = |key| root.find(&["router_settings", key]);
    let request_timeout = root.find(&["litellm_settings", "request_timeout"]);
    if let (Some(_), Some(timeout)) = (request_timeout, router("timeout")) {
        let what = "`litellm_settings.request_timeout` is given too and wins over `router_settings.timeout`";
        problems.note(&timeout.at, what, "");
    }
    check_timeouts(
        request_timeout.or(router("timeout")),
        router("stream_timeout"),
        problems,
    );
}

fn check_master_key(root: &Node, environment: &dyn Environment, problems: &mut Problems) {
    let permitted = root
        .find(&["general_settings", "dangerously_permit_weak_or_unset_master_key"])
        .and_then(Node::bool)
        .unwrap_or(false);
    let written = root
        .find(&["general_settings", "master_key"])
        .and_then(|node| Some((node, node.text()?)));
    if let Some((node, key)) = written {
        if key.trim().is_empty() {
            problems.error(
                &node.at,
                "`general_settings.master_key` is empty",
                "Set it, or take the line out.",
            );
        } else if !permitted && (key == "sk-1234" || key.chars().count() < MASTER_KEY_CHARACTERS_MIN) {
            let what = "`general_settings.master_key` is weak";
            problems.warning(
                &node.at,
                what,
                "Choose a long random one, such as `sk-` and 32 characters.",
            );
        }
    }
    let in_environment = environment.variable(MASTER_KEY_VARIABLE);
    let is_set = in_environment.as_ref().is_some_and(|key| !key.is_empty());
    if written.is_none() && !is_set && !permitted {
        if in_environment.is_some() {
            let what = format!("environment variable `{MASTER_KEY_VARIABLE}` is empty: no key is asked for");
            problems.warning(&root.at, what, "Give it a value, or take it out of the environment.");
        }
        check_unset_key(root, problems);
        check_open_host(root, problems);
    }
}

/// Who asks for a master key and has none would serve everybody on this machine without knowing it.
fn check_unset_key(root: &Node, problems: &mut Problems) {
    let entry = root
        .get("general_settings")
        .and_then(|general| general.entry("master_key"));
    if let Some((entry, name)) = entry.and_then(|entry| Some((entry, entry.node.variable.as_deref()?))) {
        let what = format!(
            "`general_settings.master_key` is null, since environment variable `{name}` is not set: no key would be asked for"
        );
        problems.error(&entry.node.at, what, format!("Set `{name}`, or take the line out."));
    }
}

fn check_open_host(root: &Node, problems: &mut Problems) {
    let Some(node) = root.find(&["sluice", "server", "host"]) else {
        return;
    };
    let Some(host) = node.text().and_then(|text| text.parse::<IpAddr>().ok()) else {
        return;
    };
    if !host.is_loopback() {
        let what = format!("`{host}` can be reached from outside, and there is no master key");
        let mend = format!("Set `general_settings.master_key` or `{MASTER_KEY_VARIABLE}`, or listen on 127.0.0.1.");
        problems.error(&node.at, what, mend);
    }
}

fn check_tls(root: &Node, problems: &mut Problems) {
    let part = |key| root.find(&["sluice", "server", key]);
    let (present, given, missing) = match (part("tls_certificate"), part("tls_key")) {
        (Some(node), None) => (node, "tls_certificate", "tls_key"),
        (None, Some(node)) => (node, "tls_key", "tls_certificate"),
        _ => return,
    };
    let what = format!("`sluice.server.{given}` is given without `{missing}`");
    problems.error(&present.at, what, "TLS needs both; without TLS take it out.");
}

fn check_retries(root: &Node, problems: &mut Problems) {
    let general = root.find(&["litellm_settings", "num_retries"]);
    let router = root.find(&["router_settings", "num_retries"]);
    if let (Some(general), Some(router)) = (general, router)
        && general.integer() != router.integer()
    {
        let what = "`router_settings.num_retries` is given too and wins over `litellm_settings.num_retries`";
        problems.note(&general.at, what, "");
    }
    let retries = router.or(general);
    let attempts_max = root
        .find(&["sluice", "upstream", "attempts_max"])
        .and_then(Node::integer)
        .unwrap_or(16);
    if let Some(node) = retries.filter(|node| node.integer().is_some_and(|retries| retries >= attempts_max)) {
        let what = format!("`sluice.upstream.attempts_max` ends an exchange after {attempts_max} attempts");
        problems.note(&node.at, what, "Raise it if so many retries are meant.");
    }
}

fn check_sizes(root: &Node, problems: &mut Problems) {
    let bytes = root.find(&["sluice", "server", "body_bytes_max"]);
    if let (Some(_), Some(megabytes)) = (bytes, root.find(&["general_settings", "max_request_size_mb"])) {
        let what = "`sluice.server.body_bytes_max` is given too and wins over `general_settings.max_request_size_mb`";
        problems.note(&megabytes.at, what, "");
    }
}

/// A stream whose first content may take longer than a whole answer: the two were likely exchanged.
pub fn check_timeouts(timeout: Option<&Node>, stream_timeout: Option<&Node>, problems: &mut Problems) {
    let seconds = |node: Option<&Node>| node.and_then(Node::number);
    if let (Some(whole), Some(first), Some(node)) = (seconds(timeout), seconds(stream_timeout), stream_timeout)
        && first > whole
    {
        let what = format!("`stream_timeout` ({first} s to the first content) is longer than `timeout` ({whole} s)");
        problems.warning(&node.at, what, "Exchange them, or raise `timeout`.");
    }
}
