//! Fields beside the conversation: Converse's own, those of the model, those Bedrock cannot do, and those meant for a
//! gateway.

use serde_json::{Map, Value};
use sluice_sdk::adapter::bedrock::service_tier;
use sluice_sdk::adapter::claude::{Betas, betas};
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Fields, Object, RawValue, Request, Text};
use sluice_sdk::{Failure, deployment};

use crate::extra_body::lay_over_request;
use crate::model::{Family, Model};

/// OpenAI's parameters that Bedrock has nothing for. As in LiteLLM they are refused, unless `drop_params` lets them be
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

/// Members of Converse's request that clients give as they are.
const TOP_LEVEL: [&str; 7] = [
    "guardrailConfig",
    "outputConfig",
    "performanceConfig",
    "projectIdentifier",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
];

/// The other members of Converse's request.
const MADE_HERE: [&str; 6] = [
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "inferenceConfig",
    "messages",
    "system",
    "toolConfig",
];

/// The request's fields that OpenAI does not have.
#[derive(Default)]
pub struct Own<'a> {
    pub thinking: Option<&'a RawValue>,
    pub output_config: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub web_search_options: Option<&'a RawValue>,
    pub response_paths: Option<&'a RawValue>,
    /// `additionalModelRequestFields` as the client wrote it.
    pub additional: Option<&'a RawValue>,
    /// What nobody here knows: the model's own, as in LiteLLM, so that a field some model adds works at once.
    pub passed_on: Vec<(Text<'a>, &'a RawValue)>,
    inference_config: Option<&'a RawValue>,
    top_level: Vec<(&'static str, &'a RawValue)>,
    service_tier: Option<&'static str>,
    betas: Option<&'a RawValue>,
    extra_headers: Option<&'a RawValue>,
    extra_body: Option<&'a RawValue>,
}

impl<'a> Own<'a> {
    /// Sorts what the canonical form does not know.
    pub fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            if value.get() == "null" || is_for_gateway(&name) {
                continue;
            }
            if let Some(name) = TOP_LEVEL.into_iter().find(|known| *known == name) {
                own.top_level.push((name, value));
                continue;
            }
            match &*name {
                "thinking" => own.thinking = Some(value),
                "output_config" => own.output_config = Some(value),
                "top_k" => own.top_k = Some(value),
                "service_tier" => own.service_tier = service_tier(value, parameters)?,
                "web_search_options" => own.web_search_options = Some(value),
                "anthropic_beta" | "betas" => own.betas = Some(value),
                "extra_body" => own.extra_body = Some(value),
                "extra_headers" => own.extra_headers = Some(value),
                "inferenceConfig" => own.inference_config = Some(value),
                "additionalModelRequestFields" => own.additional = Some(value),
                "additionalModelResponseFieldPaths" => own.response_paths = Some(value),
                unsupported if UNSUPPORTED.contains(&unsupported) && !parameters.allows(unsupported) => {
                    if !changes_nothing(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, "its API has no such parameter")?;
                    }
                }
                _ => own.passed_on.push((Text::from_decoded(&name), value)),
            }
        }
        Ok(own)
    }

    /// A member of Converse's request that the client gave.
    pub fn given(&self, name: &str) -> Option<&'a RawValue> {
        let mut given = self.top_level.iter().rev();
        given.find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The betas that the client names; other models than Claude have none.
    pub fn betas(&self, model: Model) -> Betas {
        let mut betas = Betas::at(&betas::BEDROCK);
        if model.family == Family::Claude {
            betas.add_header();
        }
        if let Some(value) = self.extra_headers {
            betas.add_extra_headers(value);
        }
        if let Some(value) = self.betas {
            betas.add_field(value);
        }
        betas
    }

    /// Whether somebody wants to see fields of the model's own answer.
    pub fn asks_for_response_fields(&self) -> bool {
        let of_deployment = deployment::parameter("extra_body");
        let bodies = [self.extra_body.map(RawValue::get), of_deployment.as_deref()];
        let mut bodies = bodies.into_iter().flatten();
        self.response_paths.is_some() || bodies.any(|body| body.contains("additionalModelResponseFieldPaths"))
    }

    pub fn inference_config(&self) -> Fields<'a> {
        self.inference_config
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default()
    }

    /// Members that stand as the client wrote them, each once.
    pub fn write_top_level(&self, to: &mut Object, has_output_config: bool) {
        for (place, (name, value)) in self.top_level.iter().enumerate() {
            let comes_again = self.top_level[place + 1..].iter().any(|(later, _)| later == name);
            let is_written = *name == "outputConfig" && has_output_config;
            if !comes_again && !is_written {
                to.raw(name, value);
            }
        }
        if let Some(tier) = self.service_tier.filter(|_| self.given("serviceTier").is_none()) {
            to.object("serviceTier").string("type", tier);
        }
    }

    /// The client's `extra_body` and then the deployment's: members of Converse's own are laid over the request, all others
    /// over `additionalModelRequestFields`, since Bedrock refuses members that it does not know.
    pub fn lay_extra_bodies_over(&self, body: Vec<u8>) -> Vec<u8> {
        lay_over_request(body, self.extra_body, sorted)
    }
}

fn sorted(extra_body: Map<String, Value>) -> Map<String, Value> {
    let is_member = |name: &str| TOP_LEVEL.contains(&name) || MADE_HERE.contains(&name);
    let (mut members, fields): (Map<_, _>, Map<_, _>) = extra_body.into_iter().partition(|(name, _)| is_member(name));
    if !fields.is_empty() {
        let additional = members
            .entry("additionalModelRequestFields")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(additional) = additional {
            additional.extend(fields);
        }
    }
    members
}
