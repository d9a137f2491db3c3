//! A whole answer: blocks of content become one message.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{List, Object, RawValue, Text, write_escaped};
use sluice_sdk::wire;

use crate::Asked;
use crate::names::Names;
use crate::request::JSON_TOOL;
use crate::usage::thinking_tokens;
use crate::wire::{Answer, CitationsContent, Image, Reasoning, ToolUse, finish_reason};

/// What an answer's brackets and names need beside what is copied from the provider's.
const ENVELOPE_BYTES: usize = 640;

/// Makes the canonical answer.
///
/// # Errors
/// Nothing in the document shows that it is an answer.
pub fn translate(body: &[u8], asked: &Asked) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    if answer.output.is_none() && answer.stop_reason.is_none() {
        return Err(Failure::malformed("it has neither `output` nor `stopReason`"));
    }
    let blocks = Blocks::sort(&answer, asked.json_tool)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    write(&mut out, &answer, &blocks, asked);
    Ok(out)
}

/// An answer's blocks by where they go.
#[derive(Default)]
struct Blocks<'a> {
    text: Vec<Text<'a>>,
    reasoning: Vec<(Reasoning<'a>, &'a RawValue)>,
    calls: Vec<ToolUse<'a>>,
    /// Inputs of the tool that stands for `response_format`.
    json: Vec<&'a RawValue>,
    images: Vec<&'a Image<'a>>,
    citations: Vec<&'a RawValue>,
    /// Calls that the model's side answered, and the answers.
    server_calls: Vec<&'a RawValue>,
    server_results: Vec<&'a RawValue>,
}

impl<'a> Blocks<'a> {
    fn sort(answer: &'a Answer<'a>, json_tool: bool) -> Result<Self, Failure> {
        let mut blocks = Self::default();
        let message = answer.output.as_ref().and_then(|output| output.message.as_ref());
        let content = message.and_then(|message| message.content.as_deref());
        for block in content.unwrap_or_default() {
            if let Some(raw) = block.reasoning {
                blocks
                    .reasoning
                    .push((wire::read(raw.get()).map_err(Failure::malformed)?, raw));
            } else if let Some(raw) = block.tool_use {
                blocks.call(raw, json_tool)?;
            } else if let Some(raw) = block.citations {
                let cited: CitationsContent = wire::read(raw.get()).map_err(Failure::malformed)?;
                let texts = cited.content.into_iter().flatten().filter_map(|cited| cited.text);
                blocks.text.extend(texts);
                blocks.citations.push(raw);
            } else if let Some(text) = &block.text {
                blocks.text.push(text.clone());
            }
            blocks.images.extend(&block.image);
            blocks.server_results.extend(block.tool_result);
        }
        Ok(blocks)
    }

    fn call(&mut self, raw: &'a RawValue, json_tool: bool) -> Result<(), Failure> {
        let call: ToolUse = wire::read(raw.get()).map_err(Failure::malformed)?;
        match &call.name {
            _ if call.is_servers() => self.server_calls.push(raw),
            Some(name) if json_tool && *name == *JSON_TOOL => self.json.extend(call.input),
            Some(_) => self.calls.push(call),
            None => return Err(Failure::malformed("a tool call without a name")),
        }
        Ok(())
    }
}

fn write(out: &mut Vec<u8>, answer: &Answer, blocks: &Blocks, asked: &Asked) {
    let origin = &asked.origin;
    // Bedrock says neither an id nor a model.
    let id = origin.id(None);
    let mut to = Object::begin(out);
    to.text("id", &id)
        .string("object", "chat.completion")
        .number("created", origin.created());
    to.text("model", &origin.model(None)).json("system_fingerprint", "null");
    {
        let mut choices = to.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        write_message(&mut choice.object("message"), answer, blocks, asked, &id);
        let reason = finish_reason(answer.stop_reason.as_ref(), !blocks.calls.is_empty());
        choice.string("finish_reason", reason.as_str());
    }
    let tier = answer.service_tier.as_ref().and_then(|tier| tier.kind.as_ref());
    if let Some(counts) = answer.usage.as_ref().filter(|counts| counts.is_known()) {
        let mut usage = to.object("usage");
        counts.write(&mut usage, thinking_tokens(answer.additional));
        if let Some(tier) = tier {
            usage.text("service_tier", tier);
        }
    }
    if let Some(tier) = tier {
        to.text("service_tier", tier);
    }
    to.maybe_raw("trace", answer.trace);
}

fn write_message(to: &mut Object, answer: &Answer, blocks: &Blocks, asked: &Asked, id: &Text) {
    to.string("role", "assistant");
    write_content(to, blocks);
    if !blocks.reasoning.is_empty() {
        write_reasoning(to, blocks);
    }
    if !blocks.calls.is_empty() {
        let mut calls = to.list("tool_calls");
        for (index, call) in blocks.calls.iter().enumerate() {
            write_call(&mut calls.object(), call, &asked.names, &call_id(call, id, index));
        }
    }
    if !blocks.images.is_empty() {
        let mut images = to.list("images");
        for (index, image) in blocks.images.iter().enumerate() {
            write_image(&mut images, image, index);
        }
    }
    write_provider_fields(to, answer.additional.filter(|_| asked.shows_fields), blocks);
}

/// Escaped text put after escaped text is escaped text: nothing is decoded.
fn write_content(to: &mut Object, blocks: &Blocks) {
    if blocks.json.is_empty() && blocks.text.iter().all(Text::is_empty) {
        to.json("content", "null");
        return;
    }
    let out = to.field("content");
    out.push(b'"');
    for text in &blocks.text {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    for json in &blocks.json {
        write_escaped(out, json.get());
    }
    out.push(b'"');
}

fn write_reasoning(to: &mut Object, blocks: &Blocks) {
    let out = to.field("reasoning_content");
    out.push(b'"');
    for (reasoning, _) in &blocks.reasoning {
        if let Some(text) = reasoning.text.as_ref().and_then(|it| it.text.as_ref()) {
            out.extend_from_slice(text.escaped().as_bytes());
        }
    }
    out.push(b'"');
    let mut list = to.list("thinking_blocks");
    for (reasoning, _) in &blocks.reasoning {
        if let Some(text) = &reasoning.text {
            write_thinking_block(&mut list, text.text.as_ref(), text.signature.as_ref());
        } else if let Some(data) = &reasoning.redacted {
            write_redacted_block(&mut list, data);
        }
    }
}

/// As it must come back in the next turn.
pub fn write_thinking_block(list: &mut List, thinking: Option<&Text>, signature: Option<&Text>) {
    let mut to = list.object();
    to.string("type", "thinking");
    match thinking {
        Some(thinking) => to.text("thinking", thinking),
        None => to.string("thinking", ""),
    };
    if let Some(signature) = signature {
        to.text("signature", signature);
    }
}

/// Thoughts that the model's maker keeps to itself; they must come back as well.
pub fn write_redacted_block(list: &mut List, data: &Text) {
    list.object().string("type", "redacted_thinking").text("data", data);
}

/// A call's own id, or one of the answer's: clients answer a call by its id.
pub fn call_id<'a>(call: &ToolUse<'a>, answer: &Text, index: usize) -> Text<'a> {
    let made = || Text::from_decoded(&format!("call_{index}_{}", answer.decoded()));
    call.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made)
}

fn write_call(to: &mut Object, call: &ToolUse, names: &Names, id: &Text) {
    to.text("id", id).string("type", "function");
    let mut function = to.object("function");
    if let Some(name) = &call.name {
        function.text("name", &names.original(name));
    }
    let arguments = match call.input {
        Some(input) => Text::of(input).unwrap_or_else(|| Text::from_decoded(input.get())),
        None => Text::from_decoded("{}"),
    };
    function.text("arguments", &arguments);
}

/// An image that the model drew, in LiteLLM's form. One without data has nothing to show.
pub fn write_image(list: &mut List, image: &Image, index: usize) {
    let bytes = image.source.as_ref().and_then(|source| source.bytes.as_ref());
    let Some(bytes) = bytes else { return };
    let format = image.format.as_ref().map_or("png", Text::escaped);
    let mut to = list.object();
    to.number("index", index as u64).string("type", "image_url");
    let mut to = to.object("image_url");
    let out = to.field("url");
    out.push(b'"');
    for piece in ["data:image/", format, ";base64,", bytes.escaped(), "\""] {
        out.extend_from_slice(piece.as_bytes());
    }
}

fn write_provider_fields(to: &mut Object, additional: Option<&RawValue>, blocks: &Blocks) {
    let reasoning: Vec<&RawValue> = blocks.reasoning.iter().map(|(_, raw)| *raw).collect();
    let lists = [
        ("reasoningContentBlocks", &reasoning),
        ("citationsContent", &blocks.citations),
        ("server_tool_use", &blocks.server_calls),
        ("tool_results", &blocks.server_results),
    ];
    if lists.iter().all(|(_, list)| list.is_empty()) && additional.is_none() {
        return;
    }
    let mut fields = to.object("provider_specific_fields");
    for (name, raws) in lists {
        if raws.is_empty() {
            continue;
        }
        let mut list = fields.list(name);
        for raw in raws {
            list.json(raw.get());
        }
    }
    fields.maybe_raw("additionalModelResponseFields", additional);
}
