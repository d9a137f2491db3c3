//! Entries of `guardrails`.

use super::super::keys::{BOOL, Key, MAP, Section, Shape, TEXT, Unknown, later, on};
use super::super::names;
use super::super::tree::{Node, Value};
use super::read::{bool, rest, text};

/// `guardrails`, at the top of the file or under `litellm_settings`.
pub(in crate::config) const GUARDRAILS: Shape = Shape::List(&Shape::Section(&GUARDRAIL));

pub(in crate::config) static GUARDRAIL: Section = Section {
    name: "guardrails[]",
    keys: &[GUARDRAIL_KEYS],
    required: &["guardrail_name", "litellm_params"],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const GUARDRAIL_KEYS: &[Key] = &[
    on("guardrail_name", TEXT, "What clients ask for and headers report."),
    on("litellm_params", Shape::Section(&PARAMETERS), "The plugin, when it looks, and its settings."),
    later("guardrail listings", "guardrail_info", MAP, "Description and parameters for listings."),
    later("policies", "policy_template", TEXT, "Template it was made from."),
];

/// `litellm_params` of a guardrail. What is not in the table goes to the plugin as its settings.
pub(in crate::config) static PARAMETERS: Section = Section {
    name: "guardrails[].litellm_params",
    keys: &[TYPED, LATER],
    required: &["guardrail", "mode"],
    unknown: Unknown::Passed,
};

const MODES: &[&str] = &[
    "pre_call",
    "during_call",
    "post_call",
    "logging_only",
    "pre_mcp_call",
    "during_mcp_call",
    "post_mcp_call",
    "realtime_input_transcription",
];

/// By tag of the request.
pub(in crate::config) static MODES_BY_TAG: Section = Section {
    name: "guardrails[].litellm_params.mode",
    keys: &[&[
        on("default", MODE_WORDS, "When it looks at requests without such a tag."),
        on(
            "tags",
            Shape::Map(&MODE_WORDS),
            "When it looks, by tag; until tags are in effect it looks at all these moments.",
        ),
    ]],
    required: &[],
    unknown: Unknown::Warned,
};

const MODE_WORDS: Shape = Shape::Either(&[Shape::Word(MODES), Shape::List(&Shape::Word(MODES))]);
const MODE: Shape = Shape::Either(&[
    Shape::Word(MODES),
    Shape::List(&Shape::Word(MODES)),
    Shape::Section(&MODES_BY_TAG),
]);

/// What the host itself reads; the rest is the plugin's.
#[rustfmt::skip] // One key a row.
pub(in crate::config) const TYPED: &[Key] = &[
    on("guardrail", TEXT, "The plugin's name; `litellm_content_filter` means `content-filter`."),
    on("mode", MODE, "When it looks: `pre_call`, `during_call`, `post_call`, or several; `logging_only` is accepted, not yet in effect."),
    on("default_on", BOOL, "Applies to every exchange; default false, true under `litellm_settings`."),
    on("fail_on_error", BOOL, "Refuses the exchange when the check itself fails; default true."),
    on("unreachable_fallback", Shape::Word(&["fail_closed", "fail_open"]), "What happens when the check cannot be made; default `fail_closed`."),
    on("unseen", Shape::Word(&["pass", "block"]), "What happens to requests and answers with images, audio, video, files or tokens that the guardrail does not look at; default `pass`."),
];

#[rustfmt::skip] // One key a row.
const LATER: &[Key] = &[
    later("parallel guardrails", "run_in_parallel", BOOL, "Runs beside the others; default false."),
    later("guardrail scope", "scan_raw_request", BOOL, "Looks at the request as it came."),
    later("guardrail scope", "only_scan_new_messages", BOOL, "Looks at messages it has not seen."),
    later("guardrail scope", "experimental_use_latest_role_message_only", BOOL, "Looks at the last message only."),
    later("guardrail scope", "skip_system_message_in_guardrail", BOOL, "Leaves system messages out."),
    later("guardrail scope", "skip_tool_message_in_guardrail", BOOL, "Leaves tool messages out."),
    later("guardrail scope", "scan_only_tool_results", BOOL, "Looks at tool results only."),
    later("guardrail scope", "stream_scope", TEXT, "What it looks at on a stream."),
    later("guardrail scope", "logging_only_scope", TEXT, "What it looks at under `logging_only`."),
    later("guardrail actions", "violation_message_template", TEXT, "Sentence for the client."),
    later("guardrail actions", "on_sensitive_data", Shape::Word(&["block", "route"]), "What follows a finding."),
    later("guardrail actions", "sensitive_data_route_to_model", TEXT, "Group that takes such requests."),
    later("guardrail actions", "sticky_session_routing", BOOL, "The session stays there."),
    later("guardrail actions", "end_session_after_n_fails", Shape::Integer(1, u32::MAX as i64), "Findings that end a session."),
    later("guardrail actions", "on_violation", TEXT, "What follows a finding in a session."),
    later("guardrail actions", "realtime_violation_message", TEXT, "Sentence for a spoken session."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("guardrails", GUARDRAILS, "Guardrails; they belong at the top of the file. Here they apply to every exchange."),
];

/// When a guardrail looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    PreCall,
    DuringCall,
    PostCall,
    LoggingOnly,
}

#[derive(Debug, Clone)]
pub struct Guardrail {
    /// `guardrail_name`: what clients ask for and headers report.
    pub name: String,
    /// `litellm_params.guardrail`: a plugin's name. `litellm_content_filter` means `content-filter`; LiteLLM's other
    /// names become kebab-case, `openai_moderation` `openai-moderation`.
    pub plugin: String,
    pub modes: Vec<Mode>,
    /// Applies to every exchange; default false, true where nested under `litellm_settings`.
    pub default_on: bool,
    /// `fail_on_error: false` or `unreachable_fallback: fail_open`; default false: closed.
    pub fail_open: bool,
    /// `unseen: block`: what holds media that it does not look at is refused; default false.
    pub blocks_unseen: bool,
    /// What remains of `litellm_params`, JSON: the plugin's settings.
    pub settings: Box<str>,
    pub line: u32,
}

/// Those at the top of the file, then those under `litellm_settings`.
pub(super) fn read(root: &Node) -> Vec<Guardrail> {
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
        settings: rest(params, |key| TYPED.iter().any(|row| row.name == key)),
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

/// Every word of `mode`, in all three forms it may have.
pub(in crate::config) fn modes(mode: Option<&Node>) -> Vec<&Node> {
    let Some(mode) = mode else { return Vec::new() };
    match &mode.value {
        Value::Text(_) => vec![mode],
        Value::List(items) => items.iter().collect(),
        _ => {
            let by_tag = mode.get("tags").and_then(Node::map).unwrap_or_default();
            let tagged = by_tag.iter().map(|entry| &entry.node);
            mode.get("default")
                .into_iter()
                .chain(tagged)
                .flat_map(|node| modes(Some(node)))
                .collect()
        }
    }
}
