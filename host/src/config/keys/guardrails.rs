//! Entries of `guardrails`, and of `callback_settings`.

use super::{BOOL, Key, MAP, Section, Shape, TEXT, TEXT_OR_TEXTS, TEXTS, Unknown, later, on};

/// `guardrails`, at the top of the file or under `litellm_settings`.
pub const GUARDRAILS: Shape = Shape::List(&Shape::Section(&GUARDRAIL));

pub static GUARDRAIL: Section = Section {
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
pub static PARAMETERS: Section = Section {
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
pub static MODES_BY_TAG: Section = Section {
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
pub const TYPED: &[Key] = &[
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

/// `callback_settings`.
pub const CALLBACKS: Shape = Shape::Map(&Shape::Section(&CALLBACK));

/// One entry of `callback_settings`. What is not in the table goes to the plugin as its settings.
pub static CALLBACK: Section = Section {
    name: "callback_settings.*",
    keys: &[CALLBACK_KEYS],
    required: &[],
    unknown: Unknown::Passed,
};

#[rustfmt::skip] // One key a row.
pub const CALLBACK_KEYS: &[Key] = &[
    on("callback_type", TEXT, "The plugin that serves it; default: the callback's name. `generic_api` means `webhook`."),
    later("callback filters", "event_types", TEXT_OR_TEXTS, "Kinds of requests that it gets records of."),
    later("log hygiene", "turn_off_message_logging", BOOL, "Keeps prompts and answers from this callback."),
    later("log hygiene", "standard_logging_payload_excluded_fields", TEXTS, "Fields left out for this callback."),
];
