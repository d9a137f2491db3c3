//! Translates a whole answer to a chat completion or a text completion.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{FinishReason, Object, RawValue, Text};
use sluice_sdk::{Failure, exchange, wire};

use crate::error::of_error;
use crate::logprobs;
use crate::tags::Tags;
use crate::usage::Usage;
use crate::wire::{Answer, ToolCall};

/// Estimated bytes of an answer in addition to what is copied from Ollama's answer.
const ENVELOPE_BYTES: usize = 512;

/// The form of the translated answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Chat,
    Completion,
}

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, or has none of an answer's fields.
pub fn translate(body: &[u8], form: Form, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let answer = read(body)?;
    if answer.text().is_none() && answer.message.is_none() && !answer.is_done() {
        return Err(Failure::malformed("it has neither `message` nor `response`"));
    }
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    match form {
        Form::Chat => write_chat(&mut out, &answer, origin)?,
        Form::Completion => write_completion(&mut out, &answer, origin),
    }
    Ok(out)
}

/// Parses a whole answer, or a line of a stream.
pub fn read(document: &[u8]) -> Result<Answer<'_>, Failure> {
    let text = std::str::from_utf8(document).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    match answer.error {
        Some(error) => Err(of_error(error)),
        None => Ok(answer),
    }
}

/// An id made from the exchange's, since Ollama's answers have none.
pub fn id(form: Form, origin: &Origin) -> Text<'static> {
    match form {
        Form::Chat => origin.id(None).into_owned(),
        Form::Completion => Text::from_decoded(&format!("cmpl-{}", exchange::id())),
    }
}

fn write_chat(out: &mut Vec<u8>, answer: &Answer, origin: &Origin) -> Result<(), Failure> {
    let id = id(Form::Chat, origin);
    let mut to = Object::begin(out);
    write_head(&mut to, &id, "chat.completion", answer, origin);
    {
        let mut choices = to.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        write_message(&mut choice.object("message"), answer, &id)?;
        logprobs::write_of_chat(&mut choice, answer.logprobs.as_deref());
        write_reason(&mut choice, &answer.finish_reason(!answer.calls().is_empty()));
    }
    write_usage(&mut to, answer);
    Ok(())
}

fn write_completion(out: &mut Vec<u8>, answer: &Answer, origin: &Origin) {
    let mut to = Object::begin(out);
    write_head(
        &mut to,
        &id(Form::Completion, origin),
        "text_completion",
        answer,
        origin,
    );
    {
        let mut choices = to.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        choice.text("text", answer.text().unwrap_or(&Text::from_decoded("")));
        if let Some(thoughts) = answer.thoughts() {
            choice.text("reasoning_content", thoughts);
        }
        logprobs::write_of_completion(&mut choice, answer.logprobs.as_deref(), &mut 0);
        write_reason(&mut choice, &answer.finish_reason(false));
    }
    write_usage(&mut to, answer);
}

fn write_head(to: &mut Object, id: &Text, object: &str, answer: &Answer, origin: &Origin) {
    to.text("id", id)
        .string("object", object)
        .number("created", origin.created())
        .text("model", &origin.model(answer.model.as_ref()))
        .json("system_fingerprint", "null");
}

fn write_reason(choice: &mut Object, reason: &FinishReason) {
    choice.string("finish_reason", reason.as_str());
}

fn write_usage(to: &mut Object, answer: &Answer) {
    if let Some(usage) = Usage::of(answer) {
        usage.write(&mut to.object("usage"));
    }
}

fn write_message(to: &mut Object, answer: &Answer, id: &Text) -> Result<(), Failure> {
    to.string("role", "assistant");
    let calls = answer.calls();
    let nothing = Text::from_decoded("");
    let said = answer.text().unwrap_or(&nothing);
    match answer.thoughts() {
        Some(thoughts) => {
            write_content(to, &[Some(said)], !calls.is_empty());
            to.text("reasoning_content", thoughts);
        }
        None => {
            let mut tags = Tags::default();
            let (first, last) = (tags.take(said), tags.finish());
            write_content(to, &[first.text.as_ref(), last.text.as_ref()], !calls.is_empty());
            let thoughts = [first.thoughts.as_ref(), last.thoughts.as_ref()];
            if thoughts.iter().any(Option::is_some) {
                write_joined(to.field("reasoning_content"), &thoughts);
            }
        }
    }
    if !calls.is_empty() {
        let mut list = to.list("tool_calls");
        for (index, call) in calls.iter().enumerate() {
            write_call(&mut list.object(), call, name(call)?, &call_id(call, id, index));
        }
    }
    Ok(())
}

/// Writes `content`. As in OpenAI's answers, it is `null` if there are calls and no text.
fn write_content(to: &mut Object, texts: &[Option<&Text>], calls: bool) {
    if calls && texts.iter().flatten().all(|text| text.is_empty()) {
        to.json("content", "null");
    } else {
        write_joined(to.field("content"), texts);
    }
}

fn write_joined(out: &mut Vec<u8>, texts: &[Option<&Text>]) {
    out.push(b'"');
    for text in texts.iter().flatten() {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
}

/// The id of the call, or else one made from the answer's id, since clients refer to a call by its id.
pub fn call_id<'a>(call: &ToolCall<'a>, answer: &Text, index: usize) -> Text<'a> {
    let made = || Text::from_decoded(&format!("call_{index}_{}", answer.decoded()));
    call.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made)
}

/// The name of the function that a call calls.
///
/// # Errors
/// The call has no name.
pub fn name<'c, 'a>(call: &'c ToolCall<'a>) -> Result<&'c Text<'a>, Failure> {
    let name = call.function.as_ref().and_then(|function| function.name.as_ref());
    name.ok_or_else(|| Failure::malformed("a tool call without a name"))
}

/// Writes a call with its arguments as text. Some servers send them as text already.
pub fn write_call(to: &mut Object, call: &ToolCall, name: &Text, id: &Text) {
    to.text("id", id).string("type", "function");
    let mut function = to.object("function");
    function.text("name", name);
    let arguments = call.function.as_ref().and_then(|function| function.arguments);
    match arguments.map_or("{}", RawValue::get) {
        text if text.starts_with('"') => function.json("arguments", text),
        object => function.string("arguments", object),
    };
}
