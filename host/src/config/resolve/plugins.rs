//! Guardrails, callbacks and what `sluice:` says of plugins.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::super::check::modes;
use super::super::keys::guardrails as rows;
use super::super::names;
use super::super::settings::{Callback, Guardrail, Isolation, Mode, Plugin, Plugins};
use super::super::tree::{Entry, Node};
use super::{bool, milliseconds, path, text, whole};

/// Those at the top of the file, then those under `litellm_settings`.
pub fn guardrails(root: &Node) -> Vec<Guardrail> {
    let list = |path: &[&str]| root.find(path).and_then(Node::list).unwrap_or_default();
    let top = list(&["guardrails"]).iter().filter_map(|entry| guardrail(entry, false));
    let nested = list(&["litellm_settings", "guardrails"])
        .iter()
        .filter_map(|entry| guardrail(entry, true));
    top.chain(nested).collect()
}

fn guardrail(entry: &Node, default_on: bool) -> Option<Guardrail> {
    let params = entry.get("litellm_params")?;
    let lets_pass = bool(params, &["fail_on_error"]) == Some(false)
        || text(params, &["unreachable_fallback"]).as_deref() == Some("fail_open");
    Some(Guardrail {
        name: text(entry, &["guardrail_name"])?,
        plugin: names::guardrail_plugin(params.get("guardrail")?.text()?),
        modes: moments(params),
        default_on: bool(params, &["default_on"]).unwrap_or(default_on),
        fail_open: lets_pass,
        blocks_unseen: text(params, &["unseen"]).as_deref() == Some("block"),
        settings: rest(params, |key| rows::TYPED.iter().any(|row| row.name == key)),
        line: entry.at.line,
    })
}

/// The moments in effect, each once. Moments by tag all count until tags are in effect: rather one look too many.
fn moments(params: &Node) -> Vec<Mode> {
    let mut moments = Vec::new();
    for mode in modes(params.get("mode"))
        .into_iter()
        .filter_map(|node| mode(node.text()?))
    {
        if !moments.contains(&mode) {
            moments.push(mode);
        }
    }
    moments
}

fn mode(word: &str) -> Option<Mode> {
    match word {
        "pre_call" => Some(Mode::PreCall),
        "during_call" => Some(Mode::DuringCall),
        "post_call" => Some(Mode::PostCall),
        "logging_only" => Some(Mode::LoggingOnly),
        _ => None,
    }
}

pub fn callbacks(root: &Node) -> Vec<Callback> {
    let mut callbacks: Vec<Callback> = Vec::new();
    for (list, on_success, on_failure) in [
        ("callbacks", true, true),
        ("success_callback", true, false),
        ("failure_callback", false, true),
    ] {
        let Some(node) = root.find(&["litellm_settings", list]) else {
            continue;
        };
        for (name, line) in node
            .list()
            .unwrap_or(std::slice::from_ref(node))
            .iter()
            .filter_map(named)
        {
            match callbacks.iter_mut().find(|callback| callback.name == name) {
                Some(callback) => {
                    callback.on_success |= on_success;
                    callback.on_failure |= on_failure;
                }
                None => callbacks.extend(callback(root, name, line, on_success, on_failure)),
            }
        }
    }
    callbacks
}

fn named(node: &Node) -> Option<(&str, u32)> {
    Some((node.text()?, node.at.line))
}

/// `None` for Python code: no plugin can ever stand in for it.
fn callback(root: &Node, name: &str, line: u32, on_success: bool, on_failure: bool) -> Option<Callback> {
    let own = root.find(&["callback_settings", name]);
    let kind = own
        .and_then(|node| text(node, &["callback_type"]))
        .unwrap_or_else(|| name.to_owned());
    if names::is_python_path(&kind) {
        return None;
    }
    Some(Callback {
        name: name.to_owned(),
        plugin: names::callback_plugin(&kind),
        on_success,
        on_failure,
        settings: own.map_or_else(|| "{}".into(), |node| rest(node, |key| key == "callback_type")),
        line,
    })
}

/// A mapping as JSON, without the keys that the host reads itself and without nulls.
fn rest(node: &Node, is_ours: impl Fn(&str) -> bool) -> Box<str> {
    let entries = node.map().unwrap_or_default();
    let kept = entries
        .iter()
        .filter(|entry| !is_ours(&entry.key) && !entry.node.is_null());
    let map: Map<String, Json> = kept.map(|entry| (entry.key.clone(), entry.node.to_json())).collect();
    Json::Object(map).to_string().into()
}

pub fn plugins(root: &Node, directory: &Path) -> Plugins {
    let own = |key| root.find(&["sluice", key]);
    let by_name = own("plugins").and_then(Node::map).unwrap_or_default();
    Plugins {
        directory: path(own("plugin_directory"), directory).unwrap_or_else(|| directory.join("plugins")),
        cache_directory: path(own("plugin_cache_directory"), directory),
        by_name: by_name.iter().map(plugin).collect::<BTreeMap<_, _>>(),
        pagemap_scan: own("pagemap_scan").and_then(Node::bool).unwrap_or(true),
    }
}

fn plugin(Entry { key, node, .. }: &Entry) -> (String, Plugin) {
    let texts = |key| {
        let listed = node.get(key).and_then(Node::list).unwrap_or_default();
        listed
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect()
    };
    let plugin = Plugin {
        settings: node
            .get("settings")
            .map(|settings| settings.to_json().to_string().into()),
        outbound: texts("outbound"),
        parameters: texts("parameters"),
        isolation: match node.get("isolation").and_then(Node::text) {
            Some("shared") => Isolation::Shared,
            Some("call") => Isolation::Call,
            _ => Isolation::Exchange,
        },
        time_limit: node
            .get("time_limit_ms")
            .and_then(milliseconds)
            .filter(|limit| *limit > Duration::ZERO),
        memory_limit: node
            .get("memory_limit_mb")
            .and_then(whole::<u64>)
            .map(|megabytes| megabytes << 20),
        calls_max: node.get("calls_max").and_then(whole),
        disabled: node.get("enabled").and_then(Node::bool) == Some(false),
    };
    (key.clone(), plugin)
}
