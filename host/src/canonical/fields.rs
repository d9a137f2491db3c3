//! The table of the top-level fields of a request: what each field means, and who may receive it.
//!
//! A field that is not in the table counts as text for the model: guardrails see it, and records omit it if messages
//! are not logged.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/create>, `…/completions/create`,
//! `…/embeddings/create`, `…/audio`; the fields for the gateway itself are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/user_keys>).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::parts::{Holds, MESSAGE, Medium};
use crate::config::keys::is_credential;

/// The meaning of a request's field.
#[derive(Debug, Clone, Copy)]
pub enum Says {
    /// Text for the model. The string is the role of the text, if the text has no `role` of its own.
    Text(Holds, &'static str),
    /// A parameter of the answer, such as `temperature`: no text.
    Nothing,
    /// A parameter for the gateway. It is not sent to upstreams.
    Control,
    /// A credential. It is removed from the request, so that neither upstreams nor plugins get it.
    Credential,
}

use Holds::{Content, Input, List, Object};
use Says::{Control, Nothing, Text};

/// Tools and schemas. The model reads them like a text from the developer.
const DEFINITION: Says = Text(Holds::Text, "developer");

#[rustfmt::skip] // One field a row.
pub const FIELDS: &[(&str, Says)] = &[
    ("messages", Text(List(&MESSAGE), "user")),
    ("prompt", Text(Input, "input")),
    ("suffix", Text(Holds::Text, "input")),
    ("input", Text(Input, "input")),
    ("instructions", Text(Holds::Text, "developer")),
    ("system", Text(Content, "system")),
    ("prediction", Text(PREDICTION, "assistant")),
    ("keywords", Text(Holds::Text, "input")),
    ("keywords[]", Text(Holds::Text, "input")),
    ("known_speaker_names", Text(Holds::Text, "input")),
    ("known_speaker_names[]", Text(Holds::Text, "input")),
    ("known_speaker_references", Text(Holds::Media(Medium::Audio), "input")),
    ("known_speaker_references[]", Text(Holds::Media(Medium::Audio), "input")),
    ("tools", DEFINITION),
    ("functions", DEFINITION),
    ("response_format", DEFINITION),
    ("web_search_options", DEFINITION),
    ("model", Nothing),
    ("audio", Nothing),
    ("best_of", Nothing),
    ("chunking_strategy", Nothing),
    ("dimensions", Nothing),
    ("echo", Nothing),
    ("encoding_format", Nothing),
    ("frequency_penalty", Nothing),
    ("function_call", Nothing),
    ("include", Nothing),
    ("include[]", Nothing),
    ("input_type", Nothing),
    ("language", Nothing),
    ("languages", Nothing),
    ("languages[]", Nothing),
    ("logit_bias", Nothing),
    ("logprobs", Nothing),
    ("max_completion_tokens", Nothing),
    ("max_output_tokens", Nothing),
    ("max_tokens", Nothing),
    ("metadata", Nothing),
    ("min_p", Nothing),
    ("modalities", Nothing),
    ("moderation", Nothing),
    ("n", Nothing),
    ("parallel_tool_calls", Nothing),
    ("presence_penalty", Nothing),
    ("prompt_cache_key", Nothing),
    ("prompt_cache_options", Nothing),
    ("prompt_cache_retention", Nothing),
    ("reasoning", Nothing),
    ("reasoning_effort", Nothing),
    ("repetition_penalty", Nothing),
    ("safety_identifier", Nothing),
    ("seed", Nothing),
    ("service_tier", Nothing),
    ("speed", Nothing),
    ("stop", Nothing),
    ("store", Nothing),
    ("stream", Nothing),
    ("stream_format", Nothing),
    ("stream_options", Nothing),
    ("temperature", Nothing),
    ("thinking", Nothing),
    ("timestamp_granularities", Nothing),
    ("timestamp_granularities[]", Nothing),
    ("tool_choice", Nothing),
    ("top_k", Nothing),
    ("top_logprobs", Nothing),
    ("top_p", Nothing),
    ("user", Nothing),
    ("verbosity", Nothing),
    ("voice", Nothing),
    ("litellm_metadata", Control),
    ("tags", Control),
    ("allowed_model_region", Control),
    ("cache", Control),
    ("caching", Control),
    ("fallbacks", Control),
    ("default_fallbacks", Control),
    ("context_window_fallbacks", Control),
    ("content_policy_fallbacks", Control),
    ("num_retries", Control),
    ("max_retries", Control),
    ("timeout", Control),
    ("request_timeout", Control),
    ("stream_timeout", Control),
    ("guardrails", Control),
    ("guardrail_config", Control),
    ("policies", Control),
    ("drop_params", Control),
    ("additional_drop_params", Control),
    ("allowed_openai_params", Control),
    ("modify_params", Control),
    ("disable_fallbacks", Control),
    ("include_fallback_errors", Control),
    ("priority", Control),
    ("api_base", Control),
    ("base_url", Control),
    ("api_version", Control),
    ("organization", Control),
    ("litellm_session_id", Control),
    ("litellm_trace_id", Control),
    ("litellm_call_id", Control),
    ("no-log", Control),
    ("mock_response", Control),
    ("mock_tool_calls", Control),
    ("mock_timeout", Control),
    ("prompt_id", Control),
    ("prompt_variables", Control),
    ("vector_store_ids", Control),
    ("custom_llm_provider", Control),
    ("litellm_credential_name", Says::Credential),
    ("extra_headers", Control),
    ("headers", Control),
    ("user_config", Says::Credential),
];

const PREDICTION: Holds = Object(&[
    super::parts::Part {
        name: "type",
        holds: Holds::Nothing,
    },
    super::parts::Part {
        name: "content",
        holds: Content,
    },
]);

/// Control fields that may contain credentials: a client's own fallbacks are requests with the fields of requests, and
/// headers may authenticate.
pub const MAY_HOLD_CREDENTIALS: [&str; 6] = [
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "extra_headers",
    "headers",
];

impl Says {
    /// The meaning of the field with this name.
    pub fn of(name: &str) -> Self {
        // A map, because each field of each request is looked up on its way in and on its way out.
        static BY_NAME: LazyLock<HashMap<&str, Says>> = LazyLock::new(|| FIELDS.iter().copied().collect());
        match BY_NAME.get(name) {
            Some(says) => *says,
            None if is_credential(name) => Self::Credential,
            None => Text(Holds::Text, "user"),
        }
    }
}

/// Parts of a request that a request hook may be granted to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changeable {
    Messages,
    Tools,
    /// Every other field that goes to a model.
    Parameters,
}

/// What the model is asked, in each operation.
const MESSAGES: [&str; 7] = [
    "messages",
    "prompt",
    "suffix",
    "input",
    "instructions",
    "system",
    "prediction",
];

const TOOLS: [&str; 5] = [
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
];

/// Fields that go to a model, and that no hook may change: the gateway has decided by them, or they say who asks.
const FIXED: [&str; 5] = ["model", "stream", "user", "safety_identifier", "metadata"];

impl Changeable {
    /// The part that a field belongs to; `None` if no hook may change it.
    #[must_use]
    pub fn of(field: &str) -> Option<Self> {
        match Says::of(field) {
            Says::Control | Says::Credential => None,
            Says::Text(..) | Says::Nothing if FIXED.contains(&field) => None,
            Says::Text(..) | Says::Nothing if MESSAGES.contains(&field) => Some(Self::Messages),
            Says::Text(..) | Says::Nothing if TOOLS.contains(&field) => Some(Self::Tools),
            Says::Text(..) | Says::Nothing => Some(Self::Parameters),
        }
    }
}

/// Whether a member with this name holds a credential, at any depth of a request. Names of headers count too.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    matches!(Says::of(&name), Says::Credential) || name.ends_with("authorization") || name == "cookie"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A relayed request loses here what adapters that translate leave out by the SDK's list.
    #[test]
    fn what_the_sdk_says_is_for_the_gateway_stays_here() {
        let source = include_str!("../../../sdk/rust/src/adapter/parameters.rs");
        let (_, list) = source.split_once("const GATEWAY").unwrap();
        let (list, _) = list.split_once("];").unwrap();
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert!(names.len() > 30, "{names:?}");
        let sent = |name: &&str| !matches!(Says::of(name), Says::Control | Says::Credential);
        assert_eq!(names.into_iter().filter(sent).collect::<Vec<_>>(), [""; 0]);
    }

    #[test]
    fn the_lists_of_what_may_be_changed_name_fields() {
        for name in MESSAGES.iter().chain(&TOOLS).chain(&FIXED) {
            assert!(FIELDS.iter().any(|(field, _)| field == name), "{name}");
        }
        for (name, expected) in [
            ("messages", Some(Changeable::Messages)),
            ("tools", Some(Changeable::Tools)),
            ("temperature", Some(Changeable::Parameters)),
            ("response_format", Some(Changeable::Parameters)),
            ("of_a_provider", Some(Changeable::Parameters)),
            ("model", None),
            ("stream", None),
            ("metadata", None),
            ("api_base", None),
            ("guardrails", None),
            ("fallbacks", None),
            ("api_key", None),
            ("aws_session_token", None),
        ] {
            assert_eq!(Changeable::of(name), expected, "{name}");
        }
    }

    #[test]
    fn credentials_are_known_in_every_spelling() {
        for name in [
            "api_key",
            "Authorization",
            "x-api-key",
            "Api-Key",
            "Cookie",
            "aws_session_token",
            "apikey",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "max_tokens",
            "prompt_cache_key",
            "anthropic-beta",
            "model",
            "token_ids",
            "invented",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
