//! The fields other than the conversation: those that only Anthropic has, those that it does not support, and those
//! meant for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

use crate::invoke::Options;
use crate::place::Place;

/// OpenAI's parameters that Anthropic does not have. As in LiteLLM they are refused, or dropped with `drop_params`; a
/// value without effect is always dropped.
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

/// The fields that only Anthropic has.
#[derive(Default)]
pub struct Own<'a> {
    pub thinking: Option<&'a RawValue>,
    pub output_config: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub service_tier: Option<&'static str>,
    pub web_search_options: Option<&'a RawValue>,
    betas: Option<&'a RawValue>,
    extra_headers: Option<&'a RawValue>,
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    /// What Bedrock is told beside the body; nothing elsewhere.
    pub options: Options,
    /// Unknown fields. They are passed on, as in LiteLLM, so that new fields of Anthropic work at once.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts the fields that the canonical form does not know.
    pub fn take(request: &mut Request<'a>, place: Place, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                name if place == Place::Bedrock && own.options.take(name, value, parameters)? => {}
                "thinking" => own.thinking = Some(value),
                "output_config" => own.output_config = Some(value),
                "top_k" => own.top_k = Some(value),
                "service_tier" => own.service_tier = service_tier(value, parameters)?,
                "web_search_options" => own.web_search_options = Some(value),
                "anthropic_beta" | "betas" => own.betas = Some(value),
                "extra_body" => own.extra_body = Some(value),
                "extra_headers" => own.extra_headers = Some(value),
                unsupported if UNSUPPORTED.contains(&unsupported) && !parameters.allows(unsupported) => {
                    if !changes_nothing(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, "its API has no such parameter")?;
                    }
                }
                _ => own.passed_on.push((Text::from_decoded(&name), value)),
            }
        }
        if place == Place::Bedrock {
            own.options.take_deployments()?;
        }
        Ok(own)
    }

    /// The betas that the client names.
    pub fn betas(&self, place: Place) -> Betas {
        let mut betas = Betas::at(place.betas());
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

/// The value of Anthropic's `service_tier` for OpenAI's (<https://docs.anthropic.com/en/api/service-tiers>).
fn service_tier(value: &RawValue, parameters: &Parameters) -> Result<Option<&'static str>, Failure> {
    match value.get() {
        r#""auto""# => Ok(Some("auto")),
        r#""default""# | r#""standard_only""# => Ok(Some("standard_only")),
        _ => parameters
            .drop_or_refuse("service_tier", "it has `auto` and `default` only")
            .map(|()| None),
    }
}

/// `metadata.user_id`, or else `user`. E-mail addresses and telephone numbers are left out, since Anthropic refuses
/// them.
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
