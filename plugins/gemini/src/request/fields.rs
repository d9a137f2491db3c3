//! The fields other than the conversation: those that only Gemini has, those that it does not support, and those meant
//! for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Fields, Object, RawValue, Request, Text};

use super::generation::{Generation, camel_case};
use crate::place::Place;

/// OpenAI's parameters that Gemini does not have. As in LiteLLM they are refused, or dropped with `drop_params`; a
/// value without effect is always dropped.
const UNSUPPORTED: [&str; 9] = [
    "logit_bias",
    "functions",
    "function_call",
    "prediction",
    "verbosity",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
];

/// Fields of Google's that the messages determine already; a second source is refused.
const SAID_ELSEWHERE: [(&str, &str); 2] = [("contents", "messages"), ("systemInstruction", "messages")];

/// The fields of the request beyond OpenAI's common ones, sorted.
#[derive(Default)]
pub struct Own<'a> {
    pub generation: Generation<'a>,
    pub thinking: Option<&'a RawValue>,
    pub n: Option<&'a RawValue>,
    pub logprobs: Option<&'a RawValue>,
    pub top_logprobs: Option<&'a RawValue>,
    pub modalities: Option<&'a RawValue>,
    pub audio: Option<&'a RawValue>,
    pub web_search_options: Option<&'a RawValue>,
    pub includes_server_tools: bool,
    pub tool_config: Option<&'a RawValue>,
    service_tier: Option<&'a RawValue>,
    labels: Option<&'a RawValue>,
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    /// `safetySettings`, `cachedContent`, and unknown fields. They are passed on, so that new fields of Google work at
    /// once.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts the fields that the canonical form does not know.
    pub fn take(request: &mut Request<'a>, place: Place, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            if value.get() == "null" || is_for_gateway(&name) || changes_nothing_here(&name, value.get()) {
                continue;
            }
            if UNSUPPORTED.contains(&&*name) && !parameters.allows(&name) {
                if !changes_nothing(&name, value.get()) {
                    parameters.drop_or_refuse(&name, "its API has no such parameter")?;
                }
                continue;
            }
            own.sort(&name, value, place, parameters)?;
        }
        Ok(own)
    }

    fn sort(&mut self, name: &str, value: &'a RawValue, place: Place, parameters: &Parameters) -> Result<(), Failure> {
        match name {
            "thinking" => self.thinking = Some(value),
            "n" => self.n = Some(value),
            "logprobs" if matches!(value.get(), "true" | "false") => self.logprobs = Some(value),
            "top_logprobs" => self.top_logprobs = Some(value),
            "modalities" => self.modalities = Some(value),
            "audio" => self.audio = Some(value),
            "web_search_options" => self.web_search_options = Some(value),
            "include_server_side_tool_invocations" => self.includes_server_tools = value.get() == "true",
            "tool_config" | "toolConfig" => self.tool_config = Some(value),
            "service_tier" | "serviceTier" => self.service_tier = Some(value),
            "labels" if place.is_vertex() => self.labels = Some(value),
            "labels" => parameters.drop_or_refuse("labels", "only Vertex AI has them")?,
            "extra_body" => self.extra_body = Some(value),
            // A client's headers are for the gateway only.
            "extra_headers" => {}
            "generationConfig" | "generation_config" => {
                let fields = serde_json::from_str::<Fields>(value.get())
                    .map_err(|_| Failure::bad_request(name, format!("`{name}` is no object")))?;
                for (inner, value) in fields.0 {
                    self.generation.set_raw(&camel_case(&inner), Some(value));
                }
            }
            _ => self.pass_on(name, value)?,
        }
        Ok(())
    }

    fn pass_on(&mut self, name: &str, value: &'a RawValue) -> Result<(), Failure> {
        if let Some(field) = Generation::field_named(name) {
            self.generation.set_raw(field, Some(value));
            return Ok(());
        }
        let camel = camel_case(name);
        if let Some((_, elsewhere)) = SAID_ELSEWHERE.iter().find(|(said, _)| *said == camel) {
            return Err(Failure::bad_request(name, format!("`{name}` is said by `{elsewhere}`")));
        }
        self.passed_on.push((Text::from_decoded(&camel), value));
        Ok(())
    }

    /// Writes all fields except the conversation, the tools and `generationConfig`.
    pub fn write(&self, to: &mut Object, request: &Request, place: Place) {
        for (name, value) in &self.passed_on {
            to.raw(name.escaped(), value);
        }
        if let Some(tier) = self.service_tier {
            write_service_tier(to, tier);
        }
        match self.labels {
            Some(labels) => {
                to.raw("labels", labels);
            }
            None if place.is_vertex() => write_metadata(to, request),
            None => {}
        }
    }
}

fn changes_nothing_here(name: &str, json: &str) -> bool {
    matches!(
        name,
        "n" | "presence_penalty" | "frequency_penalty" | "top_logprobs" | "modalities"
    ) && changes_nothing(name, json)
}

/// Writes OpenAI's `service_tier` as Google's. `auto` is Google's default.
fn write_service_tier(to: &mut Object, tier: &RawValue) {
    match tier.get() {
        r#""auto""# => {}
        r#""default""# => {
            to.string("serviceTier", "standard");
        }
        _ => {
            to.raw("serviceTier", tier);
        }
    }
}

/// Writes the client's `metadata` as Vertex AI's labels, which Google uses to split its bills
/// (<https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/add-labels-to-api-calls>). Entries that are not
/// valid labels are left out, since Vertex AI refuses them.
fn write_metadata(to: &mut Object, request: &Request) {
    let fields = request
        .metadata
        .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
    let Fields(fields) = fields.unwrap_or_default();
    let mut labels = fields
        .iter()
        .filter(|(name, _)| is_label(name) && name.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|(name, value)| {
            Text::of(value)
                .filter(|text| is_label(text.escaped()))
                .map(|text| (name, text))
        })
        .peekable();
    if labels.peek().is_some() {
        let mut object = to.object("labels");
        for (name, value) in labels {
            object.text(name, &value);
        }
    }
}

fn is_label(text: &str) -> bool {
    let is_of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    text.len() <= 63 && text.bytes().all(is_of_label)
}
