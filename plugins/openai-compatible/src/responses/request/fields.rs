//! The fields other than the conversation: those with another name in the Responses API, those that it does not
//! support, and those meant for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

/// Parameters that the Responses API does not have, and why. They are refused, or dropped with `drop_params`; a value
/// without effect is always dropped.
const UNSUPPORTED: [(&str, &str); 14] = [
    ("n", "it makes one answer"),
    ("seed", NO_SUCH),
    ("presence_penalty", NO_SUCH),
    ("frequency_penalty", NO_SUCH),
    ("logit_bias", NO_SUCH),
    ("modalities", "it answers with text"),
    ("audio", "it answers with text"),
    ("prediction", NO_SUCH),
    ("functions", "it takes `tools`"),
    ("function_call", "it takes `tool_choice`"),
    ("input", "the messages are its input"),
    ("background", "an answer that is made later is no chat completion"),
    // Parameters of other providers' formats.
    ("thinking", "it takes `reasoning_effort`"),
    ("include_server_side_tool_invocations", NO_SUCH),
];

const NO_SUCH: &str = "it has no such parameter";

/// The value of `include` that asks for log probabilities, as `logprobs` does in chat completions.
const LOGPROBS: &str = r#""message.output_text.logprobs""#;

/// The fields of the request that the canonical form does not know.
#[derive(Default)]
pub struct Own<'a> {
    pub instructions: Option<&'a RawValue>,
    pub max_output_tokens: Option<&'a RawValue>,
    pub reasoning: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
    pub verbosity: Option<&'a RawValue>,
    pub web_search_options: Option<&'a RawValue>,
    /// Whether the client wants the answer to be stored: then its `metadata` is stored too.
    pub is_stored: bool,
    include: Option<&'a RawValue>,
    logprobs: bool,
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    /// Fields with the same name in both APIs (`store`, `service_tier`, …), fields that only the Responses API has
    /// (`previous_response_id`, `truncation`, …), and unknown fields.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts the fields that the canonical form does not know.
    ///
    /// # Errors
    /// The API does not support a field.
    pub fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let is_stored = |(name, value): &(_, &RawValue)| name == "store" && value.get() == "true";
        let mut own = Self {
            is_stored: request.rest.iter().any(is_stored),
            ..Self::default()
        };
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                "instructions" => own.instructions = Some(value),
                "max_output_tokens" => own.max_output_tokens = Some(value),
                "reasoning" => own.reasoning = Some(value),
                "text" => own.text = Some(value),
                "verbosity" => own.verbosity = Some(value),
                "web_search_options" => own.web_search_options = Some(value),
                "include" => own.include = Some(value),
                "logprobs" => own.logprobs = value.get() == "true",
                "top_logprobs" if changes_nothing("top_logprobs", value.get()) => {}
                "extra_body" => own.extra_body = Some(value),
                _ => match UNSUPPORTED.iter().find(|(unsupported, _)| *unsupported == name) {
                    Some((unsupported, why)) if !parameters.allows(unsupported) => {
                        if !changes_nothing(unsupported, value.get()) {
                            parameters.drop_or_refuse(unsupported, why)?;
                        }
                    }
                    _ => own.passed_on.push((Text::from_decoded(&name), value)),
                },
            }
        }
        let stops = request.stop.as_ref().is_some_and(|stop| !stop.0.is_empty());
        if stops {
            parameters.drop_or_refuse("stop", NO_SUCH)?;
        }
        Ok(own)
    }

    /// Writes `include`: the client's list, and what `logprobs` asks for.
    pub fn write_include(&self, to: &mut Object) {
        if !self.logprobs {
            to.maybe_raw("include", self.include);
            return;
        }
        let given = self
            .include
            .map(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()));
        let mut list = to.list("include");
        let mut is_asked = false;
        for item in given.and_then(Result::ok).unwrap_or_default() {
            is_asked |= item.get() == LOGPROBS;
            list.json(item.get());
        }
        if !is_asked {
            list.json(LOGPROBS);
        }
    }

    pub fn write_passed_on(&self, to: &mut Object) {
        for (name, value) in &self.passed_on {
            to.raw(name.escaped(), value);
        }
    }
}
