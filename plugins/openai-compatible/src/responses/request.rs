//! Translates a chat completion's request to a request of the Responses API
//! (<https://platform.openai.com/docs/api-reference/responses/create>).

mod content;
mod fields;
mod format;
mod input;
mod tools;

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, lay_extra_bodies_over};
use sluice_sdk::canonical::{Content, Message, Object, RawValue, Request, ResponseKind, Role, Text};

use crate::entry::Entry;
use crate::reasoning;
use fields::Own;
use input::Input;
use tools::Tools;

/// Estimated bytes of a request in addition to what is copied from the client's request.
const ENVELOPE_BYTES: usize = 512;

/// Maximum length of `user` in characters. As in LiteLLM, longer values are cut.
const USER_CHARACTERS_MAX: usize = 64;

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub is_streaming: bool,
    /// Whether the answer must be JSON.
    pub is_structured: bool,
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, or asks for something that the API does not support.
pub fn translate(body: &[u8], entry: &Entry, model: &str) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let parameters = Parameters::read("the Responses API", &request);
    drop_refused(&mut request, entry, model, &parameters);
    let own = Own::take(&mut request, &parameters)?;
    let tools = Tools::plan(&request, &own)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    write(&mut out, model, &request, &own, &tools)?;
    Ok(Translated {
        body: lay_extra_bodies_over(out, own.extra_body),
        is_streaming: request.stream == Some(true),
        is_structured: request
            .response_format
            .as_ref()
            .is_some_and(|format| matches!(format.kind, Some(ResponseKind::JsonSchema | ResponseKind::JsonObject))),
    })
}

/// With `drop_params`, removes parameters that the model is known to refuse; without it, the upstream refuses them.
fn drop_refused(request: &mut Request, entry: &Entry, model: &str, parameters: &Parameters) {
    if !parameters.drops() {
        return;
    }
    let effort = request.reasoning_effort.as_ref().map(|effort| effort.0.escaped());
    let refused = reasoning::refused_fields(entry, model, effort);
    for field in refused.iter().filter(|field| !parameters.allows(field)) {
        match *field {
            "temperature" => {
                request.temperature = request.temperature.filter(|value| value.get().parse() == Ok(1.0));
            }
            "top_p" => request.top_p = None,
            "reasoning_effort" => request.reasoning_effort = None,
            field => request.rest.retain(|(name, _)| name != field),
        }
    }
}

fn write(out: &mut Vec<u8>, model: &str, request: &Request, own: &Own, tools: &Tools) -> Result<(), Failure> {
    let messages = request.messages.as_deref().unwrap_or_default();
    let mut to = Object::begin(out);
    to.string("model", model);
    let instructing = if own.instructions.is_some() {
        0
    } else {
        instructing(messages)
    };
    write_instructions(
        &mut to,
        messages.get(..instructing).unwrap_or_default(),
        own.instructions,
    );
    {
        let mut input = Input::begin(to.list("input"), tools.custom_names());
        for (index, message) in messages.iter().enumerate().skip(instructing) {
            input.message(index, message)?;
        }
    }
    tools.write(&mut to)?;
    let limit = own
        .max_output_tokens
        .or(request.max_completion_tokens)
        .or(request.max_tokens);
    to.maybe_raw("max_output_tokens", limit)
        .maybe_raw("temperature", request.temperature)
        .maybe_raw("top_p", request.top_p);
    format::write_reasoning(&mut to, request, own);
    format::write_text(&mut to, request, own);
    own.write_include(&mut to);
    // If the answer is not stored, `metadata` is for the gateway, and may have any form.
    to.maybe_raw("metadata", request.metadata.filter(|_| own.is_stored));
    if let Some(user) = &request.user {
        to.text("user", &shortened(user));
    }
    write_streaming(&mut to, request);
    own.write_passed_on(&mut to);
    Ok(())
}

/// The number of messages at the beginning that become `instructions`: system and developer messages with plain text.
/// If no other message follows, the number is 0, since the API requires an input.
fn instructing(messages: &[Message]) -> usize {
    let is_instruction = |message: &&Message| {
        matches!(message.role, Some(Role::System | Role::Developer))
            && matches!(&message.content, Some(Content::Text(_)))
    };
    let count = messages.iter().take_while(is_instruction).count();
    if count == messages.len() { 0 } else { count }
}

fn write_instructions(to: &mut Object, messages: &[Message], given: Option<&RawValue>) {
    to.maybe_raw("instructions", given);
    if messages.is_empty() {
        return;
    }
    let out = to.field("instructions");
    out.push(b'"');
    for (index, message) in messages.iter().enumerate() {
        if let Some(Content::Text(text)) = &message.content {
            // Joined as in LiteLLM.
            out.extend_from_slice(if index > 0 { b" " } else { b"" });
            out.extend_from_slice(text.escaped().as_bytes());
        }
    }
    out.push(b'"');
}

fn shortened<'a>(user: &Text<'a>) -> Text<'a> {
    let decoded = user.decoded();
    match decoded.char_indices().nth(USER_CHARACTERS_MAX) {
        Some((end, _)) => Text::from_decoded(decoded.get(..end).unwrap_or_default()),
        None => user.clone(),
    }
}

/// Writes the stream options. The API always sends the usage, so `include_usage` is left out.
fn write_streaming(to: &mut Object, request: &Request) {
    if request.stream != Some(true) {
        return;
    }
    to.json("stream", "true");
    if let Some(options) = request
        .stream_options
        .as_ref()
        .filter(|options| !options.rest.is_empty())
    {
        to.object("stream_options").rest(&options.rest);
    }
}
