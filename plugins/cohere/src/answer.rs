//! Translates a whole answer: its content blocks become one message.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{FinishReason, Object, Text};
use sluice_sdk::wire;

use crate::error::of_sentence;
use crate::usage::Usage;
use crate::wire::{Answer, Call, Message, finish_reason};
use crate::{citations, logprobs};

/// Estimated bytes of an answer in addition to what is copied from the provider's answer.
const ENVELOPE_BYTES: usize = 640;

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, the answer was aborted, or the document has none of an answer's fields.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    if let Some(error) = answer.message.and_then(Text::of) {
        return Err(of_sentence(error.decoded()));
    }
    if answer.message.is_none() && answer.finish_reason.is_none() {
        return Err(Failure::malformed("it has neither `message` nor `finish_reason`"));
    }
    let message: Message = match answer.message {
        Some(raw) => wire::read(raw.get()).map_err(Failure::malformed)?,
        None => Message::default(),
    };
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    if calls.iter().any(|call| call.name().is_none()) {
        return Err(Failure::malformed("a tool call without a name"));
    }
    let reason = finish_reason(answer.finish_reason.as_ref(), None, !calls.is_empty())?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    write(&mut out, &answer, &message, &reason, origin);
    Ok(out)
}

fn write(out: &mut Vec<u8>, answer: &Answer, message: &Message, reason: &FinishReason, origin: &Origin) {
    let id = origin.id(answer.id.as_ref());
    let mut to = Object::begin(out);
    to.text("id", &id)
        .string("object", "chat.completion")
        .number("created", origin.created())
        .text("model", &origin.model(None))
        .json("system_fingerprint", "null");
    {
        let mut choices = to.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        write_message(&mut choice.object("message"), message, &id);
        if let Some(items) = answer.logprobs.as_deref().filter(|items| !items.is_empty()) {
            logprobs::write(&mut choice.object("logprobs"), items);
        }
        choice.string("finish_reason", reason.as_str());
    }
    if let Some(counts) = answer.usage.as_ref().and_then(Usage::counts) {
        counts.write(&mut to.object("usage"));
    }
}

fn write_message(to: &mut Object, message: &Message, id: &Text) {
    to.string("role", "assistant");
    let blocks = message.content.as_ref().map_or(&[][..], |content| &content.blocks);
    let texts = || blocks.iter().filter_map(|block| block.text.as_ref());
    if texts().all(Text::is_empty) {
        to.json("content", "null");
    } else {
        write_joined(to.field("content"), texts());
    }
    let thoughts = || blocks.iter().filter_map(|block| block.thinking.as_ref());
    if thoughts().next().is_some() {
        write_joined(to.field("reasoning_content"), thoughts());
    }
    let calls = message.tool_calls.as_deref().unwrap_or_default();
    if !calls.is_empty() {
        let mut list = to.list("tool_calls");
        for (index, call) in calls.iter().enumerate() {
            write_call(&mut list.object(), call, &call.id(id, index as u64));
        }
    }
    let cited = message.citations.as_deref().unwrap_or_default();
    citations::write_annotations(to, cited);
    let plan = message.tool_plan.as_ref().filter(|plan| !plan.is_empty());
    if plan.is_none() && cited.is_empty() {
        return;
    }
    let mut fields = to.object("provider_specific_fields");
    if let Some(plan) = plan {
        fields.text("tool_plan", plan);
    }
    if !cited.is_empty() {
        let mut list = fields.list("citations");
        for citation in cited {
            list.json(citation.get());
        }
    }
}

/// Escaped texts can be concatenated without decoding them.
fn write_joined<'t>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t Text<'t>>) {
    out.push(b'"');
    for text in texts {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
}

fn write_call(to: &mut Object, call: &Call, id: &Text) {
    to.text("id", id).string("type", "function");
    let mut function = to.object("function");
    if let Some(name) = call.name() {
        function.text("name", name);
    }
    match call.arguments() {
        Some(arguments) => function.text("arguments", &arguments),
        None => function.string("arguments", "{}"),
    };
}
