//! Translates a chat completion's request to the input of a prediction.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway, is_openais_own, lay_extra_bodies_over};
use sluice_sdk::canonical::{Object, RawValue, Request, ResponseKind, Stop, Text};

use crate::model::Model;
use crate::prompt;

/// Further parameters that models on Replicate have no common input for.
const UNSUPPORTED: [&str; 2] = ["logprobs", "thinking"];

fn is_unsupported(name: &str) -> bool {
    is_openais_own(name) || UNSUPPORTED.contains(&name)
}

/// Parameters whose default many clients send, and that not every model has.
const DEFAULTS: [&str; 2] = ["frequency_penalty", "presence_penalty"];

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, or asks for something that Replicate does not support.
pub fn translate(body: &[u8], model: &Model) -> Result<Vec<u8>, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let parameters = Parameters::read("Replicate", &request);
    let own = Own::take(&mut request, &parameters)?;
    refuse_unsupported(&request, &parameters)?;
    let prompt = prompt::of_messages(request.messages.as_deref().unwrap_or_default())?;
    let stop = match &request.stop {
        Some(stop) => joined(stop, &parameters)?,
        None => None,
    };
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + 256);
    let mut to = Object::begin(&mut out);
    if let Some(version) = model.version {
        to.string("version", version);
    }
    {
        let mut input = to.object("input");
        write_text(&mut input, "prompt", &prompt.prompt);
        if !prompt.system.is_empty() {
            write_text(&mut input, "system_prompt", &prompt.system);
        }
        input.maybe_raw(model.max_tokens, request.max_completion_tokens.or(request.max_tokens));
        input
            .maybe_raw("temperature", request.temperature)
            .maybe_raw("top_p", request.top_p);
        if let Some(stop) = &stop {
            write_text(&mut input, "stop_sequences", stop);
        }
        for (name, value) in &own.inputs {
            input.raw(name.escaped(), value);
        }
    }
    drop(to);
    Ok(lay_extra_bodies_over(out, own.extra_body))
}

#[derive(Default)]
struct Own<'a> {
    /// The client's `extra_body`, which is applied to the finished request.
    extra_body: Option<&'a RawValue>,
    /// Inputs of the model's own (`top_k`, `seed`, `prompt_template`, …), passed on as in LiteLLM.
    inputs: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                "extra_headers" => {}
                "extra_body" => own.extra_body = Some(value),
                default if DEFAULTS.contains(&default) && changes_nothing(default, value.get()) => {}
                "service_tier" if matches!(value.get(), r#""auto""# | r#""default""#) => {}
                unsupported if is_unsupported(unsupported) && !parameters.allows(unsupported) => {
                    if !changes_nothing(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, NO_INPUT)?;
                    }
                }
                _ => own.inputs.push((Text::from_decoded(&name), value)),
            }
        }
        Ok(own)
    }
}

const NO_INPUT: &str = "its models have no input for it that all would know";

fn refuse_unsupported(request: &Request, parameters: &Parameters) -> Result<(), Failure> {
    let has_tools = request.tools.as_ref().is_some_and(|tools| !tools.is_empty());
    // Without tools, `tool_choice` and `parallel_tool_calls` have no effect.
    if has_tools {
        parameters.drop_or_refuse("tools", NO_INPUT)?;
    }
    let format = request.response_format.as_ref().and_then(|format| format.kind.as_ref());
    if format.is_some_and(|kind| *kind != ResponseKind::Text) {
        parameters.drop_or_refuse("response_format", NO_INPUT)?;
    }
    let effort = request.reasoning_effort.as_ref();
    if effort.is_some_and(|effort| effort.0.escaped() != "none") {
        parameters.drop_or_refuse("reasoning_effort", NO_INPUT)?;
    }
    Ok(())
}

/// The value of `stop_sequences`: one text with the sequences separated by commas.
fn joined(stop: &Stop, parameters: &Parameters) -> Result<Option<Vec<u8>>, Failure> {
    let mut out = Vec::new();
    for text in &stop.0 {
        if text.escaped().contains(',') {
            parameters.drop_or_refuse("stop", "it separates texts by commas, so that none can have one")?;
            continue;
        }
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(text.escaped().as_bytes());
    }
    Ok(Some(out).filter(|out| !out.is_empty()))
}

fn write_text(to: &mut Object, name: &str, escaped: &[u8]) {
    let out = to.field(name);
    out.push(b'"');
    out.extend_from_slice(escaped);
    out.push(b'"');
}
