//! Fields beside the conversation: those that the Responses API has under another name, those it cannot do, and those
//! meant for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

/// Parameters that the Responses API has nothing for, and why. They are refused, unless `drop_params` lets them be
/// dropped; a value that changes nothing is dropped in any case.
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
    // Of other providers' formats.
    ("thinking", "it takes `reasoning_effort`"),
    ("include_server_side_tool_invocations", NO_SUCH),
];

const NO_SUCH: &str = "it has no such parameter";

/// What asks for the tokens' log probabilities: chat completions have `logprobs` for it.
const LOGPROBS: &str = r#""message.output_text.logprobs""#;

/// The request's fields that the canonical form does not know.
#[derive(Default)]
pub struct Own<'a> {
    pub instructions: Option<&'a RawValue>,
    pub max_output_tokens: Option<&'a RawValue>,
    pub reasoning: Option<&'a RawValue>,
    pub text: Option<&'a RawValue>,
    pub verbosity: Option<&'a RawValue>,
    pub web_search_options: Option<&'a RawValue>,
    /// The client wants the answer kept: then its `metadata` are kept beside it.
    pub is_stored: bool,
    include: Option<&'a RawValue>,
    logprobs: bool,
    /// The client's, which is laid over what is sent.
    pub extra_body: Option<&'a RawValue>,
    /// What has the same name in both APIs (`store`, `service_tier`, …), what the Responses API has of its own
    /// (`previous_response_id`, `truncation`, …), and what nobody here knows.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts what the canonical form does not know.
    ///
    /// # Errors
    /// The API cannot do what a field asks for.
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

    /// `include`: the client's list, and what `logprobs` asks for.
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
