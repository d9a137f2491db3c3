//! Fields beside the conversation: those Anthropic has of its own, those it cannot do, and those meant for a gateway.

use sluice_sdk::canonical::{Object, RawValue, Request, Text};
use sluice_sdk::{Failure, Fault, deployment};

use crate::betas::Betas;

/// OpenAI's parameters that Anthropic has nothing for. As in LiteLLM they are refused, unless `drop_params` lets them be
/// dropped; a value that changes nothing is dropped in any case.
const UNSUPPORTED: [&str; 18] = [
    "n",
    "seed",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "presence_penalty",
    "frequency_penalty",
    "functions",
    "function_call",
    "modalities",
    "audio",
    "prediction",
    "verbosity",
    "include_server_side_tool_invocations",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
];

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

/// What to do with parameters that a model cannot take.
pub struct Hygiene {
    drop: bool,
    allowed: Vec<String>,
}

impl Hygiene {
    /// Reads `drop_params` and `allowed_openai_params` from deployment and request.
    pub fn read(request: &Request) -> Self {
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
            drop: deployment::is_true("drop_params") || asked("drop_params") == Some("true"),
            allowed,
        }
    }

    pub fn drops(&self) -> bool {
        self.drop
    }

    /// `Ok` where the parameter may be left out.
    pub fn drop_or_refuse(&self, parameter: &str, why: &str) -> Result<(), Failure> {
        if self.drop {
            return Ok(());
        }
        let message =
            format!("Anthropic does not support `{parameter}`: {why}; leave it out, or set `drop_params: true`");
        Err(Failure::new(Fault::Unsupported, message).parameter(parameter))
    }
}

/// A list of names, or none.
fn names(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// The request's fields that are Anthropic's own.
#[derive(Default)]
pub struct Own<'a> {
    pub thinking: Option<&'a RawValue>,
    pub output_config: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub service_tier: Option<&'static str>,
    pub web_search_options: Option<&'a RawValue>,
    betas: Option<&'a RawValue>,
    extra_headers: Option<&'a RawValue>,
    /// The client's, which is laid over what is sent.
    pub extra_body: Option<&'a RawValue>,
    /// What nobody here knows: handed on, as LiteLLM does, so that a field Anthropic adds works at once.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts what the canonical form does not know.
    pub fn take(request: &mut Request<'a>, hygiene: &Hygiene) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || GATEWAY.contains(&&*name) => {}
                "thinking" => own.thinking = Some(value),
                "output_config" => own.output_config = Some(value),
                "top_k" => own.top_k = Some(value),
                "service_tier" => own.service_tier = service_tier(value, hygiene)?,
                "web_search_options" => own.web_search_options = Some(value),
                "anthropic_beta" | "betas" => own.betas = Some(value),
                "extra_body" => own.extra_body = Some(value),
                "extra_headers" => own.extra_headers = Some(value),
                unsupported
                    if UNSUPPORTED.contains(&unsupported) && !hygiene.allowed.iter().any(|it| it == unsupported) =>
                {
                    if !changes_nothing(unsupported, value.get()) {
                        hygiene.drop_or_refuse(unsupported, "its API has no such parameter")?;
                    }
                }
                _ => own.passed_on.push((Text::from_decoded(&name), value)),
            }
        }
        Ok(own)
    }

    /// The betas that the client names.
    pub fn betas(&self) -> Betas {
        let mut betas = Betas::default();
        betas.add_header();
        if let Some(value) = self.extra_headers {
            betas.add_extra_headers(value);
        }
        if let Some(value) = self.betas {
            betas.add_field(value);
        }
        betas
    }

    pub fn write_passed_on(&self, to: &mut Object, betas: &mut Betas) {
        for (name, value) in &self.passed_on {
            betas.need_for_field(name.escaped());
            to.raw(name.escaped(), value);
        }
    }
}

/// OpenAI's words for what Anthropic offers (<https://docs.anthropic.com/en/api/service-tiers>).
fn service_tier(value: &RawValue, hygiene: &Hygiene) -> Result<Option<&'static str>, Failure> {
    match value.get() {
        r#""auto""# => Ok(Some("auto")),
        r#""default""# | r#""standard_only""# => Ok(Some("standard_only")),
        _ => hygiene
            .drop_or_refuse("service_tier", "it has `auto` and `default` only")
            .map(|()| None),
    }
}

/// Values that client libraries send by default, and that ask for what Anthropic does anyway.
fn changes_nothing(name: &str, json: &str) -> bool {
    match name {
        "n" => json == "1",
        "presence_penalty" | "frequency_penalty" | "top_logprobs" => json.parse() == Ok(0.0),
        "modalities" => json == r#"["text"]"#,
        _ => matches!(json, "false" | "{}" | "[]"),
    }
}

/// `metadata.user_id`, or `user`. Anthropic wants no e-mail addresses and telephone numbers there, and refuses them.
pub fn user<'a>(request: &Request<'a>) -> Option<Text<'a>> {
    let of_metadata = request.metadata.and_then(|raw| {
        let fields: sluice_sdk::canonical::Fields = serde_json::from_str(raw.get()).ok()?;
        Text::of(fields.get("user_id")?)
    });
    of_metadata
        .or_else(|| request.user.clone())
        .filter(|user| !names_a_person(&user.decoded()))
}

fn names_a_person(id: &str) -> bool {
    let is_mail = id
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    let digits = id.bytes().filter(u8::is_ascii_digit).count();
    let is_phone = digits >= 7 && id.bytes().all(|byte| byte.is_ascii_digit() || b"+-() ".contains(&byte));
    is_mail || is_phone
}
