//! Parameters that a provider does not support, and fields that are meant for the gateway.

use crate::canonical::Request;
use crate::{Failure, Fault, deployment};

/// Fields that clients of LiteLLM send to the gateway; they are never sent to a provider.
const GATEWAY: [&str; 38] = [
    "litellm_metadata",
    "litellm_session_id",
    "litellm_trace_id",
    "litellm_call_id",
    "litellm_credential_name",
    "tags",
    "cache",
    "caching",
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "disable_fallbacks",
    "num_retries",
    "max_retries",
    "timeout",
    "request_timeout",
    "stream_timeout",
    "guardrails",
    "guardrail_config",
    "policies",
    "priority",
    "drop_params",
    "additional_drop_params",
    "allowed_openai_params",
    "modify_params",
    "api_key",
    "api_base",
    "base_url",
    "api_version",
    "organization",
    "custom_llm_provider",
    "no-log",
    "mock_response",
    "mock_tool_calls",
    "mock_timeout",
    "prompt_id",
    "prompt_variables",
];

/// Parameters that only OpenAI's API has: those of its service, those of its models, and forms that other APIs never
/// had.
const OPENAIS_OWN: [&str; 17] = [
    "n",
    "top_logprobs",
    "logit_bias",
    "functions",
    "function_call",
    "modalities",
    "audio",
    "prediction",
    "verbosity",
    "include_server_side_tool_invocations",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "web_search_options",
    "moderation",
];

/// Whether only OpenAI's API has this parameter, so that an adapter for another kind of API cannot translate it.
#[must_use]
pub fn is_openais_own(name: &str) -> bool {
    OPENAIS_OWN.contains(&name)
}

/// Whether a field is meant for the gateway and must not be sent to a provider.
#[must_use]
pub fn is_for_gateway(field: &str) -> bool {
    GATEWAY.contains(&field)
}

/// Whether a value has no effect: client libraries send such values by default, and they ask for what a provider does
/// anyway.
#[must_use]
pub fn changes_nothing(name: &str, json: &str) -> bool {
    match name {
        "n" => json == "1",
        "presence_penalty" | "frequency_penalty" | "top_logprobs" => json.parse() == Ok(0.0),
        "modalities" => json == r#"["text"]"#,
        _ => matches!(json, "false" | "{}" | "[]"),
    }
}

/// What to do with parameters that a model does not support.
#[derive(Debug)]
pub struct Parameters {
    provider: &'static str,
    drop: bool,
    allowed: Vec<String>,
}

impl Parameters {
    /// Reads `drop_params` and `allowed_openai_params` from deployment and request. `provider` is the name used in
    /// error messages.
    #[must_use]
    pub fn read(provider: &'static str, request: &Request) -> Self {
        let asked = |name: &str| {
            request
                .rest
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.get())
        };
        let mut allowed = names(deployment::parameter("allowed_openai_params").as_deref());
        allowed.extend(names(asked("allowed_openai_params")));
        Self {
            provider,
            drop: deployment::is_true("drop_params") || asked("drop_params") == Some("true"),
            allowed,
        }
    }

    /// `drop_params`: parameters that the provider does not support are left out and not refused.
    #[must_use]
    pub fn drops(&self) -> bool {
        self.drop
    }

    /// `allowed_openai_params`: the parameter is sent even if the provider is not known to support it.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }

    /// `Ok` if the parameter may be left out. `why` becomes a part of the error message.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] with the name of the parameter and what the client can do.
    pub fn drop_or_refuse(&self, parameter: &str, why: &str) -> Result<(), Failure> {
        if self.drop {
            return Ok(());
        }
        let provider = self.provider;
        let message =
            format!("{provider} does not support `{parameter}`: {why}; leave it out, or set `drop_params: true`");
        Err(Failure::new(Fault::Unsupported, message).parameter(parameter))
    }
}

/// A JSON list of names; empty if it is absent or of another type.
fn names(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
