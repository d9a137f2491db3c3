//! `callbacks`, and entries of `callback_settings`.

use super::super::keys::{BOOL, Key, Section, Shape, TEXT, TEXT_OR_TEXTS, TEXTS, Unknown, later, on};
use super::super::names;
use super::super::tree::Node;
use super::read::{bool, rest, text};

/// `callback_settings`.
pub(in crate::config) const CALLBACKS: Shape = Shape::Map(&Shape::Section(&CALLBACK));

/// One entry of `callback_settings`. What is not in the table goes to the plugin as its settings.
pub(in crate::config) static CALLBACK: Section = Section {
    name: "callback_settings.*",
    keys: &[CALLBACK_KEYS],
    required: &[],
    unknown: Unknown::Passed,
};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const CALLBACK_KEYS: &[Key] = &[
    on("callback_type", TEXT, "The plugin that serves it; default: the callback's name. `generic_api` means `webhook`."),
    on("fail_on_error", BOOL, "Of a request hook: whether an exchange is refused if the hook fails. Default true."),
    later("callback filters", "event_types", TEXT_OR_TEXTS, "Kinds of requests that it gets records of."),
    later("log hygiene", "turn_off_message_logging", BOOL, "Keeps prompts and answers from this callback."),
    later("log hygiene", "standard_logging_payload_excluded_fields", TEXTS, "Fields left out for this callback."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("callbacks", TEXT_OR_TEXTS, "Callbacks told of every exchange."),
    on("success_callback", TEXT_OR_TEXTS, "Callbacks told of exchanges that succeed."),
    on("failure_callback", TEXT_OR_TEXTS, "Callbacks told of exchanges that fail."),
];

#[derive(Debug, Clone)]
pub struct Callback {
    /// As named in the list.
    pub name: String,
    /// The plugin that serves it: `callback_settings.<name>.callback_type`, else the name itself.
    /// `generic_api` means `webhook`; LiteLLM's other names become kebab-case.
    pub plugin: String,
    pub on_success: bool,
    pub on_failure: bool,
    /// In `callbacks`, the list of what sees requests before they are served.
    pub on_request: bool,
    /// Of a request hook: whether an exchange goes on if the hook fails.
    pub fail_open: bool,
    /// What remains of `callback_settings.<name>`, JSON: the plugin's settings.
    pub settings: Box<str>,
    pub line: u32,
}

pub(super) fn read(root: &Node) -> Vec<Callback> {
    let mut callbacks: Vec<Callback> = Vec::new();
    for list in ["callbacks", "success_callback", "failure_callback"] {
        let Some(node) = root.find(&["litellm_settings", list]) else {
            continue;
        };
        for (name, line) in node
            .list()
            .unwrap_or(std::slice::from_ref(node))
            .iter()
            .filter_map(named)
        {
            let position = callbacks.iter().position(|callback| callback.name == name);
            let position = position.unwrap_or(callbacks.len());
            if position == callbacks.len() {
                callbacks.extend(callback(root, name, line));
            }
            if let Some(callback) = callbacks.get_mut(position) {
                callback.on_request |= list == "callbacks";
                callback.on_success |= list != "failure_callback";
                callback.on_failure |= list != "success_callback";
            }
        }
    }
    callbacks
}

fn named(node: &Node) -> Option<(&str, u32)> {
    Some((node.text()?, node.at.line))
}

/// Keys that say something to the gateway, and nothing to the plugin.
const OWN: [&str; 2] = ["callback_type", "fail_on_error"];

/// `None` for Python code: no plugin can ever stand in for it.
fn callback(root: &Node, name: &str, line: u32) -> Option<Callback> {
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
        on_success: false,
        on_failure: false,
        on_request: false,
        fail_open: own.and_then(|node| bool(node, &["fail_on_error"])) == Some(false),
        settings: own.map_or_else(|| "{}".into(), |node| rest(node, |key| OWN.contains(&key))),
        line,
    })
}
