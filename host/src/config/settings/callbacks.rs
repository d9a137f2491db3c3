//! `callbacks`, and entries of `callback_settings`.

use super::super::keys::{BOOL, Key, Section, Shape, TEXT, TEXT_OR_TEXTS, TEXTS, Unknown, later, on};
use super::super::names;
use super::super::tree::Node;
use super::read::{rest, text};

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
    /// What remains of `callback_settings.<name>`, JSON: the plugin's settings.
    pub settings: Box<str>,
    pub line: u32,
}

pub(super) fn read(root: &Node) -> Vec<Callback> {
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
