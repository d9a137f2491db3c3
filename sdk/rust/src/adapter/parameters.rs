//! Parameters that a provider cannot take, and fields that are meant for the gateway.

use crate::canonical::Request;
use crate::{Failure, Fault, deployment};

/// What clients of LiteLLM tell the gateway; no provider is to see it.
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

/// What OpenAI's API has and no other: parameters of its service, of its models, and forms that others never had.
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

/// Whether a parameter is one that only OpenAI's API has, so that an adapter for an API of another kind has nothing for it.
#[must_use]
pub fn is_openais_own(name: &str) -> bool {
    OPENAIS_OWN.contains(&name)
}

/// Whether a field is meant for the gateway, so that no provider is to see it.
#[must_use]
pub fn is_for_gateway(field: &str) -> bool {
    GATEWAY.contains(&field)
}

/// Values that client libraries send by default, and that ask for what a provider does anyway.
#[must_use]
pub fn changes_nothing(name: &str, json: &str) -> bool {
    match name {
        "n" => json == "1",
        "presence_penalty" | "frequency_penalty" | "top_logprobs" => json.parse() == Ok(0.0),
        "modalities" => json == r#"["text"]"#,
        _ => matches!(json, "false" | "{}" | "[]"),
    }
}

/// What to do with parameters that a model cannot take.
#[derive(Debug)]
pub struct Parameters {
    provider: &'static str,
    drop: bool,
    allowed: Vec<String>,
}

impl Parameters {
    /// Reads `drop_params` and `allowed_openai_params` from deployment and request. `provider` is named in refusals.
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

    /// `drop_params`: what the provider cannot take is left out rather than refused.
    #[must_use]
    pub fn drops(&self) -> bool {
        self.drop
    }

    /// `allowed_openai_params`: it is passed on whatever is known of the provider.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }

    /// `Ok` where the parameter may be left out.
    ///
    /// # Errors
    /// [`Fault::Unsupported`], which names the parameter and what to do.
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

/// A list of names, or none.
fn names(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
