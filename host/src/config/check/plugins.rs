//! Names that plugins must provide: the strategy, guardrails, callbacks.

use super::super::Known;
use super::super::names;
use super::super::problem::Problems;
use super::super::settings::guardrails::modes;
use super::super::tree::{Entry, Node, Place};

pub fn check(root: &Node, known: &Known, problems: &mut Problems) {
    if let Some(router) = root.get("router_settings") {
        let groups = router.get("routing_groups").and_then(Node::list).unwrap_or_default();
        for place in std::iter::once(router).chain(groups) {
            check_strategy(place, known, problems);
        }
    }
    check_guardrails(root, known, problems);
    check_callbacks(root, known, problems);
}

/// Of the router, or of one of its `routing_groups`.
fn check_strategy(place: &Node, known: &Known, problems: &mut Problems) {
    let Some(node) = place.get("routing_strategy") else {
        return;
    };
    let Some(name) = node.text() else { return };
    if known.strategies.is_empty()
        || known
            .strategies
            .iter()
            .any(|known| known == names::strategy_plugin(name))
    {
        return;
    }
    if names::STRATEGIES.contains(&name) {
        let what = format!("the strategy `{name}` is accepted, not yet in effect: `simple-shuffle` is used");
        problems.note(&node.at, what, "");
        return;
    }
    let mend = unprovided(name, &known.strategies, names::STRATEGIES);
    let what = format!("no plugin provides the strategy `{name}`: `simple-shuffle` is used");
    problems.mistake(&node.at, what, mend);
}

/// The nearest name, or how to provide the one that was meant.
fn unprovided(name: &str, provided: &[String], known: &[&'static str]) -> String {
    names::did_you_mean(name, provided.iter().map(String::as_str).chain(known.iter().copied()))
        .unwrap_or_else(|| format!("Put a component named `{name}` into the plugin directory."))
}

/// Guardrails at the top of the file, then those under `litellm_settings`.
fn check_guardrails(root: &Node, known: &Known, problems: &mut Problems) {
    let top = root.get("guardrails").and_then(Node::list).unwrap_or_default();
    let nested = root.find(&["litellm_settings", "guardrails"]);
    if let Some(node) = nested.filter(|node| node.list().is_some_and(|items| !items.is_empty())) {
        let what = "`guardrails` under `litellm_settings` apply to every exchange, as if `default_on: true` were said";
        problems.note(&node.at, what, "They belong at the top of the file.");
    }
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for guardrail in top.iter().chain(nested.and_then(Node::list).unwrap_or_default()) {
        if let Some(name) = guardrail.get("guardrail_name").and_then(Node::text) {
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
                let what = format!(
                    "the guardrail `{name}` is given twice, first on line {first}: one of them looks at each exchange"
                );
                problems.note(
                    &guardrail.at,
                    what,
                    "Where both should look, give them names of their own.",
                );
            }
            seen.push((name, guardrail.at.line));
        }
        if let Some(params) = guardrail.get("litellm_params") {
            check_guardrail(guardrail, params, known, problems);
        }
    }
}

fn check_guardrail(guardrail: &Node, params: &Node, known: &Known, problems: &mut Problems) {
    check_guardrail_plugin(params, known, problems);
    for mode in modes(params.get("mode")) {
        let Some(word) = mode.text() else { continue };
        if word.ends_with("_mcp_call") || word == "realtime_input_transcription" {
            problems.note(
                &mode.at,
                format!("the guardrail mode `{word}` is accepted, not yet in effect"),
                "",
            );
        }
    }
    let name = guardrail.get("guardrail_name").and_then(Node::text).unwrap_or_default();
    check_logging_only(name, params, problems);
    check_unseen(params, known, problems);
    let fails_open = params.get("fail_on_error").and_then(Node::bool) == Some(false);
    let fallback = params
        .get("unreachable_fallback")
        .filter(|node| node.text() == Some("fail_closed"));
    if let (true, Some(fallback)) = (fails_open, fallback) {
        let what = format!("`fail_on_error: false` and `fail_closed` contradict each other: `{name}` lets pass");
        problems.warning(&fallback.at, what, "Keep one of them.");
    }
}

/// Whoever says `logging_only` expects that records are clean: that they are not must be loud.
fn check_logging_only(name: &str, params: &Node, problems: &mut Problems) {
    let modes = modes(params.get("mode"));
    let Some(mode) = modes.into_iter().find(|mode| mode.text() == Some("logging_only")) else {
        return;
    };
    let what = format!(
        "the guardrail mode `logging_only` is accepted, not yet in effect: `{name}` does not look at records, and callbacks \
         get texts as they are"
    );
    let mend = "Where they must not, set `litellm_settings.turn_off_message_logging: true`, or use `pre_call` and `post_call`.";
    problems.warning(&mode.at, what, mend);
}

/// A guardrail that looks at text alone lets pictures pass, with whatever is written in them.
fn check_unseen(params: &Node, known: &Known, problems: &mut Problems) {
    let Some(node) = params.get("guardrail") else { return };
    let plugin = names::guardrail_plugin(node.text().unwrap_or_default());
    let Some(unseen) = known.unseen.get(&plugin).filter(|unseen| !unseen.is_empty()) else {
        return;
    };
    if params.get("unseen").is_none() {
        let what = format!(
            "the guardrail `{plugin}` does not look at {}: they pass it",
            unseen.join(", ")
        );
        problems.note(&node.at, what, "Where they must not, add `unseen: block`.");
    }
}

fn check_guardrail_plugin(params: &Node, known: &Known, problems: &mut Problems) {
    let Some(node) = params.get("guardrail") else { return };
    let Some(name) = node.text() else { return };
    let plugin = names::guardrail_plugin(name);
    if names::is_python_path(name) {
        let what = format!("`{name}` is Python, which is not run: exchanges that need this guardrail are refused");
        problems.warning(&node.at, what, "Write it as a plugin, in any language.");
    } else if known.guardrails.is_empty() || known.guardrails.contains(&plugin) {
        // Provided, or not to be checked.
    } else if names::GUARDRAILS.contains(&name) {
        let what = format!("no plugin provides the guardrail `{name}` yet: exchanges that need it are refused");
        let mend = format!("Put a component named `{plugin}` into the plugin directory, or take the guardrail out.");
        problems.warning(&node.at, what, mend);
    } else {
        let mend = unprovided(name, &known.guardrails, names::GUARDRAILS);
        let what = format!("no plugin provides the guardrail `{name}`: exchanges that need it are refused");
        problems.mistake(&node.at, what, mend);
    }
}

const CALLBACK_LISTS: [&str; 3] = ["callbacks", "success_callback", "failure_callback"];

fn check_callbacks(root: &Node, known: &Known, problems: &mut Problems) {
    let settings = root.get("callback_settings").and_then(Node::map).unwrap_or_default();
    let mut listed = Vec::new();
    for list in CALLBACK_LISTS {
        let Some(node) = root.find(&["litellm_settings", list]) else {
            continue;
        };
        let items = node.list().unwrap_or(std::slice::from_ref(node));
        for (name, at) in items.iter().filter_map(|item| Some((item.text()?, &item.at))) {
            listed.push(name);
            check_callback(name, at, settings, known, problems);
        }
    }
    for entry in settings.iter().filter(|entry| !listed.contains(&entry.key.as_str())) {
        let mend = names::did_you_mean(&entry.key, listed.iter().copied())
            .unwrap_or_else(|| format!("Add `callbacks: [{}]` under `litellm_settings`.", entry.key));
        let what = format!("`callback_settings.{}` is for a callback that is not listed", entry.key);
        problems.warning(&entry.at, what, mend);
    }
}

/// The gateway serves `/metrics` itself.
const BUILT_IN_CALLBACK: &str = "prometheus";

fn is_provided(kind: &str, known: &Known) -> bool {
    kind == BUILT_IN_CALLBACK || known.callbacks.contains(&names::callback_plugin(kind))
}

fn check_callback(name: &str, at: &Place, settings: &[Entry], known: &Known, problems: &mut Problems) {
    let own = settings.iter().find(|entry| entry.key == name);
    let kind = own
        .and_then(|entry| entry.node.get("callback_type"))
        .and_then(Node::text)
        .unwrap_or(name);
    if names::is_python_path(kind) {
        let what = format!("the callback `{kind}` is Python, which is not run");
        problems.warning(at, what, "Write it as a plugin, in any language.");
    } else if known.callbacks.is_empty() || is_provided(kind, known) {
        // Provided, or not to be checked.
    } else if names::CALLBACKS.contains(&kind) {
        let what = format!("the callback `{kind}` is accepted, not yet in effect: no plugin provides it");
        problems.note(at, what, "");
    } else {
        let mend = unprovided(kind, &known.callbacks, names::CALLBACKS);
        problems.mistake(
            at,
            format!("no plugin provides the callback `{kind}`: it is left out"),
            mend,
        );
    }
}
